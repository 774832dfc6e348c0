-- Names are interned to small integers once and never renamed or reused. Names compare by their bytes.

CREATE TABLE provider (
    provider_id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE);

CREATE TABLE tenant (
    tenant_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider_id smallint NOT NULL REFERENCES provider,
    name text COLLATE "C" NOT NULL,
    UNIQUE (provider_id, name));

CREATE TABLE model (
    model_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE);

CREATE TABLE region (
    region_id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE);

-- The zone whose days and months the sums are kept in: one row, set once.
CREATE TABLE reporting_calendar (
    is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row),
    zone text NOT NULL);

-- Who changed what: registry imports, tokens. Only ever added to.
CREATE TABLE audit_log (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL);
