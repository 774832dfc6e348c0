-- Which spool sealed a counted batch, and under which number there. A collector whose state went back in time, or was copied,
-- seals other bytes under a number that it has used: they would be counted beside the first ones.

ALTER TABLE ledger_digest ADD COLUMN spool_id bytea, ADD COLUMN ordinal bigint;

UPDATE ledger_digest d
   SET spool_id = l.spool_id, ordinal = l.ordinal
  FROM ledger l
 WHERE l.collector_id = d.collector_id AND l.epoch = d.epoch AND l.sequence = d.sequence;

-- Not unique: batches from before this may stand twice.
CREATE INDEX ledger_digest_ordinal ON ledger_digest (collector_id, spool_id, ordinal);

ALTER TABLE batch_quarantine DROP CONSTRAINT batch_quarantine_reason_check;
ALTER TABLE batch_quarantine
    ADD CONSTRAINT batch_quarantine_reason_check CHECK (reason IN ('fork', 'undecodable', 'ordinal-reused'));
