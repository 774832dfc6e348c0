-- The words of the field: a rollup instead of a fold, a ledger position instead of a leaf index and a mark, a spool's
-- sequence instead of an ordinal, granularity instead of grain.

ALTER TABLE fold_queue RENAME TO rollup_queue;

ALTER TABLE ledger_leaf RENAME TO ledger_position;
ALTER TABLE ledger_position RENAME COLUMN leaf_index TO position;

ALTER TABLE fold_state RENAME TO rollup_state;
ALTER TABLE rollup_state RENAME COLUMN mark TO position;

ALTER TABLE ledger RENAME COLUMN ordinal TO spool_sequence;
ALTER TABLE ledger_digest RENAME COLUMN ordinal TO spool_sequence;
ALTER INDEX ledger_digest_ordinal RENAME TO ledger_digest_spool_sequence;

ALTER TABLE batch_quarantine DROP CONSTRAINT batch_quarantine_reason_check;
UPDATE batch_quarantine SET reason = 'spool-sequence-reused' WHERE reason = 'ordinal-reused';
ALTER TABLE batch_quarantine
    ADD CONSTRAINT batch_quarantine_reason_check CHECK (reason IN ('fork', 'undecodable', 'spool-sequence-reused'));

ALTER TABLE usage_minute RENAME COLUMN grain TO granularity;

ALTER TABLE statement RENAME COLUMN mark TO position;
