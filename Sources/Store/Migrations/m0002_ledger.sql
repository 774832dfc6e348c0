-- The ledger of batches. Its unique keys hold the collector, by which it can be distributed.

CREATE TABLE collector (
    collector_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider_id smallint NOT NULL REFERENCES provider,
    name text COLLATE "C" NOT NULL,
    UNIQUE (provider_id, name));

-- The high-water mark of each (collector, epoch), for ever. The row is the lock of every ingest transaction.
CREATE TABLE collector_epoch (
    collector_id integer NOT NULL REFERENCES collector,
    epoch bigint NOT NULL CHECK (epoch > 0),
    is_live boolean NOT NULL,
    next_sequence bigint NOT NULL CHECK (next_sequence >= 0),
    -- SHA-256(chain before || digest), from 32 zero bytes.
    chain bytea NOT NULL CHECK (octet_length(chain) = 32),
    spool_id bytea NOT NULL,
    software_version text NOT NULL,
    opened_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    last_batch_at timestamptz,
    -- The newest event minute delivered, in minutes since 1970.
    newest_minute bigint,
    duplicates bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (collector_id, epoch)) WITH (fillfactor = 50);

CREATE UNIQUE INDEX collector_epoch_live ON collector_epoch (collector_id) WHERE is_live;

-- One row for each counted batch, for ever: key, digest, totals. Monthly partitions by receipt.
CREATE TABLE ledger (
    collector_id integer NOT NULL,
    epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    received_at timestamptz NOT NULL,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    spool_id bytea NOT NULL,
    ordinal bigint NOT NULL,
    sealed_at timestamptz NOT NULL,
    software_version text NOT NULL,
    payload_bytes integer NOT NULL,
    row_count integer NOT NULL CHECK (row_count >= 0),
    event_count numeric NOT NULL CHECK (event_count >= 0),
    requests numeric NOT NULL CHECK (requests >= 0),
    input_tokens numeric NOT NULL CHECK (input_tokens >= 0),
    cached_input_tokens numeric NOT NULL CHECK (cached_input_tokens >= 0),
    output_tokens numeric NOT NULL CHECK (output_tokens >= 0),
    reasoning_output_tokens numeric NOT NULL CHECK (reasoning_output_tokens >= 0),
    rejections jsonb NOT NULL,
    -- Minutes since 1970; NULL for a batch without rows.
    first_minute bigint,
    last_minute bigint,
    PRIMARY KEY (collector_id, epoch, sequence, received_at)) PARTITION BY RANGE (received_at);

-- The sealed bytes as they came, already compressed; kept for a set time and dropped by partition.
CREATE TABLE ledger_payload (
    collector_id integer NOT NULL,
    epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    received_at timestamptz NOT NULL,
    payload bytea NOT NULL,
    PRIMARY KEY (collector_id, epoch, sequence, received_at)) PARTITION BY RANGE (received_at);
ALTER TABLE ledger_payload ALTER COLUMN payload SET STORAGE EXTERNAL;

-- The digest of every counted batch, for ever: it is what says "counted already", in whatever epoch it comes again.
CREATE TABLE ledger_digest (
    collector_id integer NOT NULL,
    digest bytea NOT NULL,
    epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (collector_id, digest));

-- Batches that are committed and not folded. Short: rows come and go.
CREATE TABLE fold_queue (
    queue_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    collector_id integer NOT NULL,
    epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    received_at timestamptz NOT NULL,
    row_count integer NOT NULL,
    payload_bytes integer NOT NULL)
    WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- The order in which batches were folded, without gaps, from 1.
CREATE TABLE ledger_leaf (
    leaf_index bigint PRIMARY KEY CHECK (leaf_index > 0),
    collector_id integer NOT NULL,
    epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    received_at timestamptz NOT NULL);

-- The mark: the highest leaf index that the sums count. One row.
CREATE TABLE fold_state (
    is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row),
    mark bigint NOT NULL CHECK (mark >= 0));
INSERT INTO fold_state (mark) VALUES (0);

-- Batches that were not counted and may not be lost: forks, and payloads that could not be decoded.
CREATE TABLE batch_quarantine (
    collector_id integer NOT NULL,
    digest bytea NOT NULL,
    epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    reason text NOT NULL CHECK (reason IN ('fork', 'undecodable')),
    detail text NOT NULL,
    received_at timestamptz NOT NULL,
    payload bytea NOT NULL,
    PRIMARY KEY (collector_id, digest));
ALTER TABLE batch_quarantine ALTER COLUMN payload SET STORAGE EXTERNAL;
