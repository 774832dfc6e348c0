-- The sums that folding keeps. Their unique keys hold the tenant (the subject, for minutes), by which they can be
-- distributed. Time comes first in the keys: folds touch recent times, and questions are about spans of time.

-- By hour (UTC). Monthly partitions.
CREATE TABLE usage_hour (
    hour timestamptz NOT NULL,
    provider_id smallint NOT NULL,
    tenant_id integer NOT NULL,
    model_id integer NOT NULL,
    region_id smallint NOT NULL,
    layer smallint NOT NULL,
    workload smallint NOT NULL,
    modality smallint NOT NULL,
    requests numeric NOT NULL,
    input_tokens numeric NOT NULL,
    cached_input_tokens numeric NOT NULL,
    output_tokens numeric NOT NULL,
    reasoning_output_tokens numeric NOT NULL,
    CHECK (requests >= 0 AND input_tokens >= 0 AND cached_input_tokens >= 0 AND output_tokens >= 0
        AND reasoning_output_tokens >= 0),
    PRIMARY KEY (hour, tenant_id, model_id, region_id, layer, workload, modality)) PARTITION BY RANGE (hour);

-- By day of the reporting calendar, for ever. Monthly partitions.
CREATE TABLE usage_day (
    day date NOT NULL,
    provider_id smallint NOT NULL,
    tenant_id integer NOT NULL,
    model_id integer NOT NULL,
    region_id smallint NOT NULL,
    layer smallint NOT NULL,
    workload smallint NOT NULL,
    modality smallint NOT NULL,
    requests numeric NOT NULL,
    input_tokens numeric NOT NULL,
    cached_input_tokens numeric NOT NULL,
    output_tokens numeric NOT NULL,
    reasoning_output_tokens numeric NOT NULL,
    CHECK (requests >= 0 AND input_tokens >= 0 AND cached_input_tokens >= 0 AND output_tokens >= 0
        AND reasoning_output_tokens >= 0),
    PRIMARY KEY (day, tenant_id, model_id, region_id, layer, workload, modality)) PARTITION BY RANGE (day);

-- By month of the reporting calendar (its first day), for ever.
CREATE TABLE usage_month (
    month date NOT NULL,
    provider_id smallint NOT NULL,
    tenant_id integer NOT NULL,
    model_id integer NOT NULL,
    region_id smallint NOT NULL,
    layer smallint NOT NULL,
    workload smallint NOT NULL,
    modality smallint NOT NULL,
    requests numeric NOT NULL,
    input_tokens numeric NOT NULL,
    cached_input_tokens numeric NOT NULL,
    output_tokens numeric NOT NULL,
    reasoning_output_tokens numeric NOT NULL,
    CHECK (requests >= 0 AND input_tokens >= 0 AND cached_input_tokens >= 0 AND output_tokens >= 0
        AND reasoning_output_tokens >= 0),
    PRIMARY KEY (month, tenant_id, model_id, region_id, layer, workload, modality)) WITH (fillfactor = 70);

-- By minute (UTC), at three grains side by side: 1 = provider (subject 0), 2 = model, 3 = tenant. Monthly partitions.
CREATE TABLE usage_minute (
    minute timestamptz NOT NULL,
    provider_id smallint NOT NULL,
    grain smallint NOT NULL CHECK (grain IN (1, 2, 3)),
    subject_id integer NOT NULL,
    requests numeric NOT NULL,
    input_tokens numeric NOT NULL,
    cached_input_tokens numeric NOT NULL,
    output_tokens numeric NOT NULL,
    reasoning_output_tokens numeric NOT NULL,
    CHECK (requests >= 0 AND input_tokens >= 0 AND cached_input_tokens >= 0 AND output_tokens >= 0
        AND reasoning_output_tokens >= 0),
    PRIMARY KEY (minute, provider_id, grain, subject_id)) PARTITION BY RANGE (minute);

-- From when on a table's sums are kept: before it, retention has dropped them and nothing is folded or answered.
CREATE TABLE sums_floor (
    table_name text PRIMARY KEY,
    kept_from timestamptz NOT NULL);
