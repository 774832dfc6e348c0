-- What each tenant is to its provider: by effective date, and by when it was recorded. Nothing is ever deleted.

CREATE TABLE tenant_kind (
    entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id integer NOT NULL REFERENCES tenant,
    provider_id smallint NOT NULL REFERENCES provider,
    kind smallint NOT NULL CHECK (kind BETWEEN 0 AND 5),
    legal_entity text NOT NULL,
    -- Dates of the reporting calendar; effective_to is the first day that no longer counts, NULL for no end.
    effective_from date NOT NULL,
    effective_to date,
    reason text NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamptz,
    CHECK (effective_to IS NULL OR effective_to > effective_from),
    CHECK (superseded_at IS NULL OR superseded_at > recorded_at));

CREATE INDEX tenant_kind_tenant ON tenant_kind (tenant_id, effective_from);
-- No two entries that are held may start on the same day; that they don't overlap is kept by the import, under a lock.
CREATE UNIQUE INDEX tenant_kind_held ON tenant_kind (tenant_id, effective_from) WHERE superseded_at IS NULL;
