-- Sums by tenant are segments, days by tenant, and what waits in payloads of the ledger: the tables of sums go.

LOCK TABLE usage_hour, usage_minute, usage_day, usage_month, segment_queue IN ACCESS EXCLUSIVE MODE;

DO $$
DECLARE
    months text;
BEGIN
    IF EXISTS (SELECT FROM sums_floor WHERE table_name IN ('segment', 'tenant_day')) THEN
        RAISE EXCEPTION 'usage of before there were segments is not all in them yet, and the tables of sums would go'
            USING HINT = 'Run steelyard-aggregator migrate: it takes what is missing, and goes on where it was.';
    END IF;
    -- Days are kept for ever, and months are their sums.
    SELECT string_agg(DISTINCT to_char(month, 'YYYY-MM'), ', ') INTO months
      FROM (SELECT month, provider_id, sum(requests) AS a, sum(input_tokens) AS b, sum(cached_input_tokens) AS c,
                   sum(output_tokens) AS d, sum(reasoning_output_tokens) AS e
              FROM usage_month GROUP BY 1, 2) m
      FULL JOIN (SELECT date_trunc('month', day)::date AS month, provider_id, sum(requests) AS v, sum(input_tokens) AS w,
                        sum(cached_input_tokens) AS x, sum(output_tokens) AS y, sum(reasoning_output_tokens) AS z
                   FROM usage_day GROUP BY 1, 2) n USING (month, provider_id)
     WHERE (a, b, c, d, e) IS DISTINCT FROM (v, w, x, y, z);
    IF months IS NOT NULL THEN
        RAISE EXCEPTION 'usage_month is not the sum of usage_day in %', months
            USING HINT = 'Only days are kept. Run rebuild --apply of the release before for these months; where payloads are '
                         'gone, write the difference down and delete the months from usage_month.';
    END IF;
END $$;

-- What a program of before rolled up while this one was migrating is queued for segments like everything else.
INSERT INTO segment_queue (provider_id, hour, position, collector_id, epoch, sequence, received_at, row_count, payload_bytes)
SELECT l.provider_id, to_timestamp(h * 3600), f.position, l.collector_id, l.epoch, l.sequence, l.received_at, l.row_count,
       l.payload_bytes
  FROM ledger_position f JOIN ledger l USING (collector_id, epoch, sequence, received_at)
  JOIN ledger_payload p USING (collector_id, epoch, sequence, received_at)
 CROSS JOIN LATERAL generate_series(l.first_minute / 60, l.last_minute / 60) AS h
 WHERE to_timestamp(h * 3600) >= ALL (SELECT kept_from FROM sums_floor WHERE table_name = 'usage_hour')
   AND NOT EXISTS (SELECT FROM segment_range r
                    WHERE r.provider_id = l.provider_id AND r.hour = to_timestamp(h * 3600) AND r.last_position >= f.position)
ON CONFLICT (provider_id, hour, position) DO NOTHING;

DROP TABLE usage_hour, usage_minute, usage_day, usage_month;

UPDATE sums_floor SET table_name = 'segment_' || substr(table_name, 7) WHERE table_name IN ('usage_hour', 'usage_minute');
