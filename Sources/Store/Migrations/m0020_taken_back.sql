-- Usage may be taken back, later than it was counted or elsewhere: the net sums of a batch may be negative.

ALTER TABLE ledger
    DROP CONSTRAINT ledger_requests_check,
    DROP CONSTRAINT ledger_input_tokens_check,
    DROP CONSTRAINT ledger_cached_input_tokens_check,
    DROP CONSTRAINT ledger_output_tokens_check,
    DROP CONSTRAINT ledger_reasoning_output_tokens_check;
