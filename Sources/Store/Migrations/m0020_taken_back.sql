-- Usage may be taken back, later than it was counted or elsewhere: the net sums of a batch, and of an hour, may be negative.

ALTER TABLE ledger
    DROP CONSTRAINT ledger_requests_check,
    DROP CONSTRAINT ledger_input_tokens_check,
    DROP CONSTRAINT ledger_cached_input_tokens_check,
    DROP CONSTRAINT ledger_output_tokens_check,
    DROP CONSTRAINT ledger_reasoning_output_tokens_check;

ALTER TABLE IF EXISTS usage_hour DROP CONSTRAINT IF EXISTS usage_hour_check;
ALTER TABLE IF EXISTS usage_day DROP CONSTRAINT IF EXISTS usage_day_check;
ALTER TABLE IF EXISTS usage_month DROP CONSTRAINT IF EXISTS usage_month_check;
ALTER TABLE IF EXISTS usage_minute DROP CONSTRAINT IF EXISTS usage_minute_check;
