-- Rows of the ledger say whose they are, as the sums and the queue do: row security compares them without a subquery,
-- which distributed tables don't take.

ALTER TABLE ledger ADD COLUMN provider_id smallint;
UPDATE ledger l SET provider_id = c.provider_id FROM collector c WHERE c.collector_id = l.collector_id;
ALTER TABLE ledger ALTER COLUMN provider_id SET NOT NULL;

ALTER TABLE collector_epoch ADD COLUMN provider_id smallint;
UPDATE collector_epoch e SET provider_id = c.provider_id FROM collector c WHERE c.collector_id = e.collector_id;
ALTER TABLE collector_epoch ALTER COLUMN provider_id SET NOT NULL;

ALTER TABLE batch_quarantine ADD COLUMN provider_id smallint;
UPDATE batch_quarantine b SET provider_id = c.provider_id FROM collector c WHERE c.collector_id = b.collector_id;
ALTER TABLE batch_quarantine ALTER COLUMN provider_id SET NOT NULL;
