-- Facts beside tokens, of every kind alike: what a record is about, on which days it holds, what it says, and when it was
-- recorded. Texts are in the one spelling that imports give them. Nothing is ever deleted.

CREATE TABLE fact (
    fact_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('providers', 'models', 'regions', 'revenue', 'tenders',
        'private-deployments', 'reference-totals', 'prices', 'rates')),
    -- The key columns of the kind's file, in their order.
    subject text[] COLLATE "C" NOT NULL,
    -- Dates of the reporting calendar; effective_to is the first day that no longer counts, NULL for no end. A fact of a
    -- month or a period holds on its days.
    effective_from date NOT NULL,
    effective_to date,
    -- The value columns and the reason or source, in their order.
    content text[] COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    superseded_at timestamptz,
    CHECK (effective_to IS NULL OR effective_to > effective_from),
    CHECK (superseded_at IS NULL OR superseded_at > recorded_at));

CREATE INDEX fact_kind ON fact (kind, effective_from);
-- No two records that are held may start on the same day; that they don't overlap is kept by the import, under a lock.
CREATE UNIQUE INDEX fact_held ON fact (kind, subject, effective_from) WHERE superseded_at IS NULL;
