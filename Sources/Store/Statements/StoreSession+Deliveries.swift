internal import Postgres
internal import Scopes
internal import Usage

/// What the ledger says that a collector delivered of a month.
struct CollectorDelivery {
    var provider: String
    var collector: String
    var batches: UInt64
    var events: UInt128
    var refused: UInt128
    /// The first and last minute of the month that its batches reach over, since 1970-01-01T00:00Z.
    var firstMinute: Int64?
    var lastMinute: Int64?
    /// Whether a batch reaches into the month or the month before.
    var isExpected: Bool
    /// Whether a batch reaches into the month's last day.
    var hasLastDay: Bool
    var lastSeen: Timestamp
    var unfolded: UInt64
    var quarantined: UInt64

    var name: String { "\(provider)/\(collector)" }

    var frozen: StatementCoverage {
        StatementCoverage(
            provider: provider, collector: collector, batches: batches, events: events, refused: refused,
            firstMinute: firstMinute.map(Self.text), lastMinute: lastMinute.map(Self.text),
            lastSeen: lastSeen.exactText, unfolded: unfolded, quarantined: quarantined)
    }

    private static func text(_ minute: Int64) -> String { CivilTime.clockText(second: minute * 60) + "Z" }
}

extension StoreSession {
    /// What every collector delivered of a month, of those that did so in it or in the month before, or whose batches of it
    /// were set aside; only of the providers that the scope looks at.
    ///
    /// - Complexity: a scan of the ledger's partitions from the month before on.
    func coverage(of span: StatementSpan, rules: StatementRules) throws -> [CollectorDelivery] {
        let received = Timestamp(seconds: span.before - StatementSpan.receiptSlackSeconds)
        let rows = try connection.query(
            Self.coverageSQL,
            [
                .int(span.minutes.lowerBound), .int(span.minutes.upperBound), .int(span.firstMinuteOfLastDay),
                .int(span.firstMinuteBefore), .timestamp(received),
                .timestamp(Timestamp(seconds: span.seconds.lowerBound)), .timestamp(span.due(rules)),
            ])
        return try rows.map(Self.delivery(_:)).filter { span.scope.filters.looks(at: $0.provider) }
    }

    private static func delivery(_ row: Row) throws -> CollectorDelivery {
        CollectorDelivery(
            provider: try row.decode(0), collector: try row.decode(1), batches: try row.decode(2),
            events: try row.decode(3), refused: try row.decode(4), firstMinute: try row.decode(5),
            lastMinute: try row.decode(6), isExpected: try row.decode(7), hasLastDay: try row.decode(8),
            lastSeen: try row.decode(9), unfolded: try row.decode(10), quarantined: try row.decode(11))
    }

    /// $1 and $2: the month's minutes; $3: the first of its last day; $4: the first of the month before; $5: since when
    /// batches of either can have been received; $6 to $7: when a fork of the month's can have been received.
    ///
    /// A fork was never decoded, so that nobody knows its minutes: one that came in the month or in the grace after it
    /// counts as the month's. So does everything that could not be decoded although its envelope lies in the month.
    private static let coverageSQL = """
        WITH delivered AS (
            SELECT collector_id, count(*) FILTER (WHERE last_minute >= $1) AS batches,
                   sum(event_count) FILTER (WHERE last_minute >= $1) AS events,
                   sum((SELECT sum(value::numeric) FROM jsonb_each_text(rejections)))
                       FILTER (WHERE last_minute >= $1) AS refused,
                   min(greatest(first_minute, $1)) FILTER (WHERE last_minute >= $1) AS first_minute,
                   max(least(last_minute, $2 - 1)) FILTER (WHERE last_minute >= $1) AS last_minute,
                   bool_or(last_minute >= $3) AS has_last_day
              FROM ledger
             WHERE received_at >= $5 AND first_minute < $2 AND last_minute >= $4
             GROUP BY 1),
        unfolded AS (
            SELECT q.collector_id, count(*) AS batches
              FROM fold_queue q JOIN ledger l USING (collector_id, epoch, sequence, received_at)
             WHERE l.first_minute < $2 AND l.last_minute >= $1
             GROUP BY 1),
        aside AS (
            SELECT q.collector_id, count(*) AS batches
              FROM batch_quarantine q LEFT JOIN ledger l USING (collector_id, epoch, sequence, received_at)
             WHERE CASE q.reason WHEN 'fork' THEN q.received_at >= $6 AND q.received_at < $7
                   ELSE l.first_minute < $2 AND l.last_minute >= $1 END
             GROUP BY 1)
        SELECT p.name, c.name, coalesce(d.batches, 0), coalesce(d.events, 0), coalesce(d.refused, 0), d.first_minute,
               d.last_minute, d.collector_id IS NOT NULL, coalesce(d.has_last_day, false),
               (SELECT max(last_seen_at) FROM collector_epoch e WHERE e.collector_id = c.collector_id),
               coalesce(u.batches, 0), coalesce(a.batches, 0)
          FROM collector c JOIN provider p USING (provider_id) LEFT JOIN delivered d USING (collector_id)
          LEFT JOIN unfolded u USING (collector_id) LEFT JOIN aside a USING (collector_id)
         WHERE coalesce(d.collector_id, u.collector_id, a.collector_id) IS NOT NULL
         ORDER BY p.name, c.name
        """

    /// The high-water mark of every epoch of every collector.
    func highWater() throws -> [StatementHighWater] {
        try connection.query(
            """
            SELECT p.name, c.name, e.epoch, e.next_sequence, encode(e.chain, 'hex')
              FROM collector_epoch e JOIN collector c USING (collector_id) JOIN provider p USING (provider_id)
             ORDER BY p.name, c.name, e.epoch
            """
        ).map {
            StatementHighWater(
                provider: try $0.decode(0), collector: try $0.decode(1), epoch: try $0.decode(2),
                nextSequence: try $0.decode(3), chain: try $0.decode(4))
        }
    }
}
