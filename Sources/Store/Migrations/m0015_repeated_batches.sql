-- Sequence numbers that batches used up which had been counted in an earlier epoch: the ledger has no row under them. Any
-- other number without a row is that of a batch which somebody deleted.

CREATE TABLE repeated_batch (
    collector_id integer NOT NULL,
    epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    received_at timestamptz NOT NULL,
    -- NULL for those from before this table.
    digest bytea CHECK (octet_length(digest) = 32),
    PRIMARY KEY (collector_id, epoch, sequence));

-- Nobody noted them until now. Where an epoch lacks no more numbers than batches were repeated in it, those are taken for
-- theirs; where it lacks more, none is.
WITH counted AS (
    SELECT collector_id, epoch, count(*) AS batches FROM ledger GROUP BY 1, 2),
short AS (
    SELECT e.collector_id, e.epoch, e.next_sequence, e.last_seen_at
      FROM collector_epoch e LEFT JOIN counted c USING (collector_id, epoch)
     WHERE e.next_sequence > coalesce(c.batches, 0) AND e.next_sequence - coalesce(c.batches, 0) <= e.duplicates)
INSERT INTO repeated_batch (collector_id, epoch, sequence, received_at)
SELECT s.collector_id, s.epoch, n.sequence, s.last_seen_at
  FROM short s CROSS JOIN LATERAL generate_series(0, s.next_sequence - 1) AS n (sequence)
 WHERE NOT EXISTS (
       SELECT FROM ledger l WHERE l.collector_id = s.collector_id AND l.epoch = s.epoch AND l.sequence = n.sequence);
