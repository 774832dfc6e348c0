internal import Postgres
internal import Reporting
internal import UsageModel

/// The statements of ``StoreSession/coverage(_:)`` about the ledger: fixed text, every value a parameter.
enum CoverageSQL {
    /// `$1` and `$2`: the time; `$3`: the provider or `*`; `$4` and `$5`: the time in minutes; `$6`: the earliest
    /// receipt.
    static func bounds(_ query: CoverageQuery) -> [Parameter] {
        let lead = CoverageQuery.maxLeadDays * 86_400
        return [
            .timestamp(Timestamp(seconds: query.from * 60)), .timestamp(Timestamp(seconds: query.to * 60)),
            .text(query.shown), .int(query.from), .int(query.to),
            .timestamp(Timestamp(seconds: query.from * 60 - lead)),
        ]
    }

    private static let isShown = "($3 = '*' OR p.name = $3)"

    /// Whether a batch is of the time.
    private static let isOfTheTime = """
        l.received_at >= $6 AND ((l.first_minute < $5 AND l.last_minute >= $4)
            OR (l.first_minute IS NULL AND l.received_at >= $1 AND l.received_at < $2))
        """

    /// Columns: collector's id, provider, name, last seen, batches, first and last receipt, events, pending batches.
    static let batches = """
        SELECT c.collector_id, p.name, c.name, e.last_seen_at, coalesce(b.batches, 0), b.first, b.last,
               coalesce(b.events, 0), coalesce(b.pending, 0)
          FROM collector c JOIN provider p USING (provider_id)
          JOIN collector_epoch e ON e.collector_id = c.collector_id AND e.is_live
          LEFT JOIN (SELECT l.collector_id, count(*) AS batches, min(l.received_at) AS first, max(l.received_at) AS last,
                            sum(l.event_count) AS events, count(q.queue_id) AS pending
                       FROM ledger l
                       LEFT JOIN rollup_queue q ON q.collector_id = l.collector_id AND q.epoch = l.epoch
                            AND q.sequence = l.sequence
                      WHERE \(isOfTheTime) GROUP BY 1) b ON b.collector_id = c.collector_id
         WHERE \(isShown)
        """

    /// Columns: collector's id, reason, records.
    static let rejections = """
        SELECT c.collector_id, r.key, sum(r.value::numeric)
          FROM ledger l JOIN collector c USING (collector_id) JOIN provider p ON p.provider_id = c.provider_id,
               jsonb_each_text(l.rejections) r
         WHERE \(isOfTheTime) AND \(isShown)
         GROUP BY 1, 2
        """

    /// Columns: collector's id, reason, batches. Only `$1` to `$3`: what was quarantined may not even say its minutes.
    static let quarantined = """
        SELECT c.collector_id, b.reason, count(*)
          FROM batch_quarantine b JOIN collector c USING (collector_id) JOIN provider p ON p.provider_id = c.provider_id
         WHERE b.received_at >= $1 AND b.received_at < $2 AND \(isShown)
         GROUP BY 1, 2
        """

    /// Columns: collector's id, first minute, the minute after the last. `$7`: how far apart spans must be.
    static let batchSpans = """
        WITH spans AS (
            SELECT c.collector_id, l.first_minute AS low, l.last_minute + 1 AS high,
                   max(l.last_minute + 1) OVER (
                       PARTITION BY c.collector_id ORDER BY l.first_minute, l.last_minute
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
              FROM ledger l JOIN collector c USING (collector_id) JOIN provider p ON p.provider_id = c.provider_id
             WHERE \(isOfTheTime) AND l.first_minute IS NOT NULL AND \(isShown)),
        islands AS (
            SELECT collector_id, low, high,
                   count(*) FILTER (WHERE before IS NULL OR low - before > $7) OVER (
                       PARTITION BY collector_id ORDER BY low, high
                       ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS island
              FROM spans)
        SELECT collector_id, min(low), max(high) FROM islands GROUP BY collector_id, island ORDER BY 1, 2
        """
}
