-- Sums of tenants as segments: the rows of a provider's hour, merged from the batches at a range of ledger positions, in
-- columns and compressed (SegmentEncoder.swift has the format).

-- Names of a batch, by their place in its dictionaries, that were counted under "(over-limit)"; NULL for none. A batch that
-- is decoded later gives its rows the names that they were counted under.
ALTER TABLE ledger_position ADD COLUMN over_limit_tenants integer[];
ALTER TABLE ledger_position ADD COLUMN over_limit_models integer[];
ALTER TABLE ledger_position ADD COLUMN over_limit_regions integer[];

-- Hours of counted batches whose rows are in no segment yet: a batch's hour is here or in exactly one range.
CREATE TABLE segment_queue (
    provider_id smallint NOT NULL,
    hour timestamptz NOT NULL,
    position bigint NOT NULL CHECK (position > 0),
    collector_id integer NOT NULL,
    epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    received_at timestamptz NOT NULL,
    -- The batch's rows of the hour, and what they take of its payload.
    row_count integer NOT NULL,
    payload_bytes integer NOT NULL,
    PRIMARY KEY (provider_id, hour, position))
    WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- The ranges of ledger positions whose batches' rows of an hour are in segments. Each begins where the one before ends, and
-- the first at 0: so no position is in two of them, and none between them is left out.
CREATE TABLE segment_range (
    provider_id smallint NOT NULL,
    hour timestamptz NOT NULL,
    -- Positions above this one …
    after_position bigint NOT NULL CHECK (after_position >= 0),
    -- … up to this one.
    last_position bigint NOT NULL CHECK (last_position > after_position),
    -- Of the provider, with rows of the hour.
    batches bigint NOT NULL CHECK (batches > 0),
    requests numeric NOT NULL,
    input_tokens numeric NOT NULL,
    cached_input_tokens numeric NOT NULL,
    output_tokens numeric NOT NULL,
    reasoning_output_tokens numeric NOT NULL,
    before bigint GENERATED ALWAYS AS (nullif(after_position, 0)) STORED,
    PRIMARY KEY (provider_id, hour, last_position),
    UNIQUE (provider_id, hour, after_position),
    FOREIGN KEY (provider_id, hour, before) REFERENCES segment_range (provider_id, hour, last_position));

-- Hours with more than one range: what compaction looks for.
CREATE INDEX segment_range_further ON segment_range (hour, provider_id) WHERE after_position > 0;

-- By hour. Chunks are of 4,096 tenant ids; parts are what a chunk takes beyond the most rows of a segment.
CREATE TABLE segment_hour (
    hour timestamptz NOT NULL,
    provider_id smallint NOT NULL,
    granularity smallint NOT NULL CHECK (granularity = 1),
    chunk integer NOT NULL,
    part smallint NOT NULL,
    last_position bigint NOT NULL,
    row_count integer NOT NULL CHECK (row_count > 0),
    requests numeric NOT NULL,
    input_tokens numeric NOT NULL,
    cached_input_tokens numeric NOT NULL,
    output_tokens numeric NOT NULL,
    reasoning_output_tokens numeric NOT NULL,
    -- SHA-256 of the content before compression.
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    content bytea NOT NULL,
    PRIMARY KEY (hour, provider_id, granularity, chunk, last_position, part)) PARTITION BY RANGE (hour);
ALTER TABLE segment_hour ALTER COLUMN content SET STORAGE EXTERNAL;

-- By minute of the hour, at three granularities: 2 = tenant, 3 = model, 4 = provider.
CREATE TABLE segment_minute (
    hour timestamptz NOT NULL,
    provider_id smallint NOT NULL,
    granularity smallint NOT NULL CHECK (granularity IN (2, 3, 4)),
    chunk integer NOT NULL,
    part smallint NOT NULL,
    last_position bigint NOT NULL,
    row_count integer NOT NULL CHECK (row_count > 0),
    requests numeric NOT NULL,
    input_tokens numeric NOT NULL,
    cached_input_tokens numeric NOT NULL,
    output_tokens numeric NOT NULL,
    reasoning_output_tokens numeric NOT NULL,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    content bytea NOT NULL,
    PRIMARY KEY (hour, provider_id, granularity, chunk, last_position, part)) PARTITION BY RANGE (hour);
ALTER TABLE segment_minute ALTER COLUMN content SET STORAGE EXTERNAL;

-- Segments are kept from the hour on after which no batch has lost its payload; what lies before is in the tables of sums
-- alone.
INSERT INTO sums_floor (table_name, kept_from)
SELECT 'segment', to_timestamp((max(l.last_minute) / 60 + 1) * 3600)
  FROM ledger_position f JOIN ledger l USING (collector_id, epoch, sequence, received_at)
 WHERE l.last_minute IS NOT NULL
   AND NOT EXISTS (SELECT FROM ledger_payload p
                    WHERE p.collector_id = l.collector_id AND p.epoch = l.epoch AND p.sequence = l.sequence
                      AND p.received_at = l.received_at)
HAVING max(l.last_minute) IS NOT NULL;

-- What is counted already waits as what comes next does. Which of the hours between its first and its last minute a batch
-- has rows of is seen when it is decoded.
INSERT INTO segment_queue (provider_id, hour, position, collector_id, epoch, sequence, received_at, row_count, payload_bytes)
SELECT l.provider_id, to_timestamp(h * 3600), f.position, l.collector_id, l.epoch, l.sequence, l.received_at, l.row_count,
       l.payload_bytes
  FROM ledger_position f JOIN ledger l USING (collector_id, epoch, sequence, received_at)
 CROSS JOIN LATERAL generate_series(l.first_minute / 60, l.last_minute / 60) AS h
 WHERE to_timestamp(h * 3600) >= ALL (SELECT kept_from FROM sums_floor
                                       WHERE table_name IN ('segment', 'usage_hour'));
