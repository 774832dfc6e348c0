-- Closed months. A statement is proposed by one person and approved, or withdrawn, by the decision beside it; both tables
-- are only ever added to.

-- The person who holds a token: what tells proposer and approver apart. Tokens from before name nobody.
ALTER TABLE api_token ADD COLUMN holder text;

CREATE TABLE statement (
    statement_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope_id text COLLATE "C" NOT NULL,
    scope_version integer NOT NULL,
    scope_sha256 text NOT NULL,
    -- The first day of the month, in the scope's calendar.
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    -- From 1: a proposal that was withdrawn is followed by the next. Of two proposals at once one finds its number taken.
    attempt integer NOT NULL CHECK (attempt > 0),
    -- The canonical form, UTF-8, and its SHA-256.
    content bytea NOT NULL,
    digest bytea NOT NULL CHECK (digest = sha256(content)),
    mark bigint NOT NULL CHECK (mark >= 0),
    known_at timestamptz NOT NULL,
    override_reason text,
    proposed_at timestamptz NOT NULL,
    proposed_by text NOT NULL CHECK (proposed_by <> ''),
    proposed_token text COLLATE "C" NOT NULL,
    UNIQUE (scope_id, month, attempt),
    UNIQUE (statement_id, scope_id, month, proposed_by));

-- One for each statement at most. Names of persons compare without regard to case.
CREATE TABLE statement_decision (
    statement_id bigint PRIMARY KEY,
    scope_id text COLLATE "C" NOT NULL,
    month date NOT NULL,
    proposed_by text NOT NULL,
    decision text NOT NULL CHECK (decision IN ('approved', 'withdrawn')),
    reason text,
    decided_at timestamptz NOT NULL,
    decided_by text NOT NULL CHECK (decided_by <> ''),
    decided_token text COLLATE "C" NOT NULL,
    FOREIGN KEY (statement_id, scope_id, month, proposed_by)
        REFERENCES statement (statement_id, scope_id, month, proposed_by),
    CHECK (decision = 'withdrawn' OR lower(decided_by) <> lower(proposed_by)));

-- A month is closed once under a scope, whatever the scope's version.
CREATE UNIQUE INDEX statement_closed ON statement_decision (scope_id, month) WHERE decision = 'approved';

-- What was recorded by the newest of these moments is in a statement: what is recorded later gets a later moment.
CREATE INDEX statement_known_at ON statement (known_at);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what table % holds is never changed and never deleted', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER statement_never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON statement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER statement_decision_never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON statement_decision
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
