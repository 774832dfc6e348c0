-- What each collector said of itself last, every 30 seconds whether it has usage or not.
CREATE TABLE collector_heartbeat (
    collector_id integer PRIMARY KEY REFERENCES collector,
    provider_id smallint NOT NULL,
    seen_at timestamptz NOT NULL,
    software_version text NOT NULL,
    -- Sealed batches that aren't shipped, and their bytes.
    backlog_batches bigint NOT NULL CHECK (backlog_batches >= 0),
    backlog_bytes bigint NOT NULL CHECK (backlog_bytes >= 0),
    -- Why it takes no input, separated by commas; empty where it does.
    reasons text NOT NULL,
    -- When its certificate ends; NULL where it doesn't know.
    certificate_end_at timestamptz) WITH (fillfactor = 50);
