-- Cubes: sums of all tenants by provider, kind and names, from which questions about scopes are answered however many
-- tenants there are. See docs/decisions/0011-cubes.md.

-- The calendars that cubes are made for: 1 is the reporting calendar, the others are those of scopes.
CREATE TABLE cube_calendar (
    calendar_id smallint PRIMARY KEY CHECK (calendar_id > 0),
    zone text NOT NULL UNIQUE,
    -- From when on the calendar's days can be summed from pieces; NULL for ever.
    answers_from timestamptz,
    -- Usage from here on isn't in its cells yet; NULL once they are complete. That of calendar 1 goes for pieces too.
    filled_to timestamptz);

-- What is known now. Calendar 0 stands for pieces: stretches between the day starts of all calendars; a calendar's number
-- for its months. Beside each are cells that sum all models (model_id 0), under -1 - the number: what isn't told apart by
-- model reads those. start_at is when the piece or month begins. Counts may be 0, and negative where usage is taken back.
CREATE TABLE cube (
    calendar_id smallint NOT NULL,
    start_at timestamptz NOT NULL,
    provider_id smallint NOT NULL,
    kind smallint NOT NULL,
    model_id integer NOT NULL,
    region_id integer NOT NULL,
    layer smallint NOT NULL,
    workload smallint NOT NULL,
    modality smallint NOT NULL,
    is_estimated boolean NOT NULL DEFAULT false,
    requests numeric NOT NULL,
    input_tokens numeric NOT NULL,
    cached_input_tokens numeric NOT NULL,
    output_tokens numeric NOT NULL,
    reasoning_output_tokens numeric NOT NULL,
    PRIMARY KEY (calendar_id, start_at, provider_id, kind, model_id, region_id, layer, workload, modality, is_estimated))
    WITH (fillfactor = 70);

-- What each version of the registry changed, on days that had begun when it was recorded: taken from the kind before,
-- added to the kind after. What was known at a moment is what is known now without the changes recorded later.
CREATE TABLE cube_change (
    recorded_at timestamptz NOT NULL,
    calendar_id smallint NOT NULL,
    start_at timestamptz NOT NULL,
    provider_id smallint NOT NULL,
    kind smallint NOT NULL,
    model_id integer NOT NULL,
    region_id integer NOT NULL,
    layer smallint NOT NULL,
    workload smallint NOT NULL,
    modality smallint NOT NULL,
    is_estimated boolean NOT NULL DEFAULT false,
    requests numeric NOT NULL,
    input_tokens numeric NOT NULL,
    cached_input_tokens numeric NOT NULL,
    output_tokens numeric NOT NULL,
    reasoning_output_tokens numeric NOT NULL,
    PRIMARY KEY (calendar_id, start_at, recorded_at, provider_id, kind, model_id, region_id, layer, workload, modality,
        is_estimated))
    WITH (fillfactor = 70);

-- The versions of the registry: the moments at which imports were recorded, with the providers that they are about.
CREATE TABLE registry_version (
    recorded_at timestamptz NOT NULL,
    provider_id smallint NOT NULL,
    PRIMARY KEY (recorded_at, provider_id));
INSERT INTO registry_version (recorded_at, provider_id)
    SELECT recorded_at, provider_id FROM tenant_kind
    UNION SELECT superseded_at, provider_id FROM tenant_kind WHERE superseded_at IS NOT NULL;

-- The newest record, and the records since one, without reading them all.
CREATE INDEX tenant_kind_recorded ON tenant_kind (recorded_at);
CREATE INDEX tenant_kind_superseded ON tenant_kind (superseded_at) WHERE superseded_at IS NOT NULL;
CREATE INDEX fact_recorded ON fact (recorded_at);
CREATE INDEX fact_superseded ON fact (superseded_at) WHERE superseded_at IS NOT NULL;

-- The position that cubes count up to. Where it isn't the position of the sums (usage was rolled up by a program that
-- knows no cubes, or there are none yet), nothing is answered from them until they are filled again.
ALTER TABLE rollup_state ADD COLUMN cube_position bigint NOT NULL DEFAULT 0;
