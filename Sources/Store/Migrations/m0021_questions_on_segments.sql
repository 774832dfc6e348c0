-- What questions need of batches that are in no segment yet, by row security that sees no other table.

-- Whose payload it is. NULL for batches from before that were in segments already: nobody asks for those again.
ALTER TABLE ledger_payload ADD COLUMN provider_id smallint;
UPDATE ledger_payload p SET provider_id = w.provider_id
  FROM (SELECT provider_id, collector_id, epoch, sequence, received_at FROM segment_queue
         UNION SELECT provider_id, collector_id, epoch, sequence, received_at FROM rollup_queue
         UNION SELECT c.provider_id, q.collector_id, q.epoch, q.sequence, q.received_at
                 FROM batch_quarantine q JOIN collector c USING (collector_id)) AS w
 WHERE w.collector_id = p.collector_id AND w.epoch = p.epoch AND w.sequence = p.sequence
   AND w.received_at = p.received_at;

-- Names of the batch that were counted under "(over-limit)", as ledger_position has them, which tells nothing of providers.
ALTER TABLE segment_queue ADD COLUMN over_limit_tenants integer[];
ALTER TABLE segment_queue ADD COLUMN over_limit_models integer[];
ALTER TABLE segment_queue ADD COLUMN over_limit_regions integer[];
UPDATE segment_queue q SET over_limit_tenants = f.over_limit_tenants, over_limit_models = f.over_limit_models,
       over_limit_regions = f.over_limit_regions
  FROM ledger_position f
 WHERE f.position = q.position
   AND (f.over_limit_tenants IS NOT NULL OR f.over_limit_models IS NOT NULL OR f.over_limit_regions IS NOT NULL);

-- Rows of a day lie together: it is found in its month without a key for each of them.
CREATE INDEX tenant_day_day ON tenant_day USING brin (day) WITH (pages_per_range = 16, autosummarize = on);
