-- Days of the reporting calendar by tenant and model as plain rows, for SQL clients and for questions about one tenant:
-- written from segments once a day has closed, and only ever added to. What comes late is further rows, so that a day's sum
-- is that of all its rows.

CREATE TABLE tenant_day (
    day date NOT NULL,
    provider_id smallint NOT NULL,
    tenant_id bigint NOT NULL,
    model_id integer NOT NULL,
    region_id integer NOT NULL,
    layer smallint NOT NULL,
    workload smallint NOT NULL,
    modality smallint NOT NULL,
    is_estimated boolean NOT NULL,
    -- Signed: what is taken back is counted with a minus.
    requests numeric NOT NULL,
    input_tokens numeric NOT NULL,
    cached_input_tokens numeric NOT NULL,
    output_tokens numeric NOT NULL,
    reasoning_output_tokens numeric NOT NULL) PARTITION BY RANGE (day);

CREATE INDEX tenant_day_tenant ON tenant_day (tenant_id, day);

-- Whether the usage of a range is in the days.
ALTER TABLE segment_range ADD COLUMN is_in_days boolean NOT NULL DEFAULT false;
CREATE INDEX segment_range_days ON segment_range (hour, provider_id) WHERE NOT is_in_days;

-- Days from before are complete from here on: what the tables of sums have beyond their rows is added from the newest day back.
INSERT INTO sums_floor (table_name, kept_from)
SELECT 'tenant_day', (max(day) + 2)::timestamp AT TIME ZONE 'UTC' FROM usage_day HAVING max(day) IS NOT NULL;
