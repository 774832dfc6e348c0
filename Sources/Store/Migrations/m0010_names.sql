-- Ids of names that no flood uses up, budgets for new names, and a rollup queue by provider.

-- The ends of the sequences are what a packed key of sums can hold (KeyBits in SumTable.swift): 40 bits of tenants,
-- 28 of models and of regions.
ALTER TABLE tenant ALTER COLUMN tenant_id TYPE bigint;
ALTER TABLE tenant ALTER COLUMN tenant_id SET MAXVALUE 1099511627775;
ALTER TABLE tenant_kind ALTER COLUMN tenant_id TYPE bigint;
ALTER TABLE model ALTER COLUMN model_id SET MAXVALUE 268435455;
ALTER TABLE region ALTER COLUMN region_id TYPE integer;
ALTER TABLE region ALTER COLUMN region_id SET MAXVALUE 268435455;

ALTER TABLE usage_hour ALTER COLUMN tenant_id TYPE bigint, ALTER COLUMN region_id TYPE integer;
ALTER TABLE usage_day ALTER COLUMN tenant_id TYPE bigint, ALTER COLUMN region_id TYPE integer;
ALTER TABLE usage_month ALTER COLUMN tenant_id TYPE bigint, ALTER COLUMN region_id TYPE integer;
ALTER TABLE usage_minute ALTER COLUMN subject_id TYPE bigint;

-- What stands for names beyond a budget has its id from the start: also where all ids are given out.
INSERT INTO model (name) VALUES ('(over-limit)') ON CONFLICT (name) DO NOTHING;
INSERT INTO region (name) VALUES ('(over-limit)') ON CONFLICT (name) DO NOTHING;

-- Names that collectors brought on a day (UTC) and nobody had named before. Dimensions: 1 tenant, 2 model, 3 region.
CREATE TABLE new_names (
    provider_id smallint NOT NULL REFERENCES provider,
    day date NOT NULL,
    dimension smallint NOT NULL CHECK (dimension IN (1, 2, 3)),
    collector_id integer NOT NULL REFERENCES collector,
    -- Names that got an id.
    admitted bigint NOT NULL CHECK (admitted >= 0),
    -- Names of batches beyond the budget, counted under "(over-limit)". The same name counts in each batch that brings it.
    over_limit bigint NOT NULL CHECK (over_limit >= 0),
    PRIMARY KEY (provider_id, day, dimension, collector_id));

-- Batches wait by provider, so that one provider's don't stand in the way of another's.
ALTER TABLE rollup_queue ADD COLUMN provider_id smallint;
UPDATE rollup_queue q SET provider_id = c.provider_id FROM collector c WHERE c.collector_id = q.collector_id;
ALTER TABLE rollup_queue ALTER COLUMN provider_id SET NOT NULL;
CREATE INDEX rollup_queue_provider ON rollup_queue (provider_id, queue_id);

-- A batch that the sums can't take is quarantined; its payload stays in the ledger, from where it can be queued again.
ALTER TABLE batch_quarantine DROP CONSTRAINT batch_quarantine_reason_check;
ALTER TABLE batch_quarantine ADD CONSTRAINT batch_quarantine_reason_check
    CHECK (reason IN ('fork', 'undecodable', 'spool-sequence-reused', 'rollup-failed'));

-- An epoch that was given up doesn't count for the next one's number: how an identity is given back whose epochs
-- somebody drove to their end.
ALTER TABLE collector_epoch ADD COLUMN is_retired boolean NOT NULL DEFAULT false;
