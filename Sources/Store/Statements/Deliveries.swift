internal import Postgres
package import Reporting
package import Scopes
package import UsageModel

extension StoreSession {
    /// What was delivered of a month: by collector as the ledger has it, by provider as the sums do, and what the
    /// ledger has lost since the month began.
    ///
    /// - Parameter due: when the grace after the month ends.
    /// - Complexity: a scan of the ledger's partitions from the month before on.
    package func delivery(of span: StatementSpan, due: Timestamp) throws -> MonthDelivery {
        let since = span.seconds.lowerBound - StatementSpan.receiptSlackSeconds
        return MonthDelivery(
            collectors: try collectorDeliveries(of: span, due: due), providers: try providerDays(of: span),
            holes: try ledgerHoles(since: Timestamp(seconds: since)))
    }

    /// On which days of a month providers have usage. A day of a scope in another zone than the reporting calendar's
    /// has some where one of the calendar's days that it overlaps has.
    private func providerDays(of span: StatementSpan) throws -> [ProviderDays] {
        let starts = span.dayMinutes.map { $0 * 60 }
        let days = zip(starts, starts.dropFirst()).map { start, end in
            (calendar.date(atSecond: start).days...calendar.date(atSecond: end - 1).days).map(CalendarDate.init(days:))
        }
        guard let first = days.first?.first, let last = days.last?.last else { return [] }
        let subjects = DetailSubjects()
        let used = try usedDays(in: first..<CalendarDate(days: last.days + 1), subjects)
        let earlier = try providersWithUsage(before: span.month.from)
        var found: [Int16: Set<CalendarDate>] = [:]
        for time in used {
            found[time.provider, default: []].insert(calendar.date(atSecond: time.seconds.lowerBound))
        }
        return try connection.query(
            "SELECT provider_id, name FROM provider WHERE provider_id = ANY($1) ORDER BY name",
            [.int16Array(found.keys.sorted())]
        ).map { row in
            let provider: Int16 = try row.decode(0)
            let own = found[provider] ?? []
            let days = zip(1..., days).filter { _, day in day.contains(where: own.contains) }.map(\.0)
            return ProviderDays(
                provider: try row.decode(1), daysWithUsage: days, isNew: !earlier.contains(provider))
        }
    }

    private static func days(_ text: String) -> [Int] { text.split(separator: ",").compactMap { Int($0) } }

    /// What every collector delivered of a month, of those that it is expected of, or whose batches of it were
    /// quarantined.
    private func collectorDeliveries(of span: StatementSpan, due: Timestamp) throws -> [CollectorDelivery] {
        let received = Timestamp(seconds: span.before - StatementSpan.receiptSlackSeconds)
        let rows = try connection.query(
            Self.deliveriesSQL,
            [
                .int(span.minutes.lowerBound), .int(span.minutes.upperBound), .int64Array(span.dayMinutes),
                .int(span.firstMinuteBefore), .timestamp(received),
                .timestamp(Timestamp(seconds: span.seconds.lowerBound)), .timestamp(due),
                .timestamp(Timestamp(seconds: span.seconds.upperBound)),
            ])
        return try rows.map(Self.delivery(_:))
    }

    private static func delivery(_ row: Row) throws -> CollectorDelivery {
        CollectorDelivery(
            provider: try row.decode(0), collector: try row.decode(1), batches: try row.decode(2),
            events: try row.decode(3), refused: try row.decode(4), firstMinute: try row.decode(5),
            lastMinute: try row.decode(6), isExpected: try row.decode(7), silentDays: days(try row.decode(8)),
            isNew: try row.decode(9), lastSeen: try row.decode(10), pending: try row.decode(11),
            quarantined: try row.decode(12))
    }

    /// $1 and $2: the month's minutes; $3: the first of each of its days, and of the day after; $4: the first of the
    /// month before; $5: since when batches of either can have been received; $6 to $7: when a fork of the month's can
    /// have been received; $6 and $8: when the month begins and ends.
    ///
    /// A fork was never decoded, so that nobody knows its minutes: one that came in the month or in the grace after it
    /// counts as the month's. So does everything that could not be decoded although its envelope lies in the month.
    private static let deliveriesSQL = """
        WITH delivered AS (
            SELECT collector_id, count(*) FILTER (WHERE last_minute >= $1) AS batches,
                   sum(event_count) FILTER (WHERE last_minute >= $1) AS events,
                   sum((SELECT sum(value::numeric) FROM jsonb_each_text(rejections)))
                       FILTER (WHERE last_minute >= $1) AS refused,
                   min(greatest(first_minute, $1)) FILTER (WHERE last_minute >= $1) AS first_minute,
                   max(least(last_minute, $2 - 1)) FILTER (WHERE last_minute >= $1) AS last_minute,
                   range_agg(int8range(first_minute, last_minute, '[]')) AS spans,
                   min(first_minute) >= $1 AS is_new
              FROM ledger
             WHERE received_at >= $5 AND first_minute < $2 AND last_minute >= $4
             GROUP BY 1),
        alive AS (
            SELECT collector_id, max(last_seen_at) AS last_seen_at,
                   max(last_seen_at) >= $6 AND (min(opened_at) < $8 OR min(newest_minute) < $2) AS is_expected
              FROM collector_epoch GROUP BY 1),
        pending AS (
            SELECT q.collector_id, count(*) AS batches
              FROM rollup_queue q JOIN ledger l USING (collector_id, epoch, sequence, received_at)
             WHERE l.first_minute < $2 AND l.last_minute >= $1
             GROUP BY 1),
        aside AS (
            SELECT q.collector_id, count(*) AS batches
              FROM batch_quarantine q LEFT JOIN ledger l USING (collector_id, epoch, sequence, received_at)
             WHERE CASE q.reason WHEN 'fork' THEN q.received_at >= $6 AND q.received_at < $7
                   ELSE l.first_minute < $2 AND l.last_minute >= $1 END
             GROUP BY 1)
        SELECT p.name, c.name, coalesce(d.batches, 0), coalesce(d.events, 0), coalesce(d.refused, 0), d.first_minute,
               d.last_minute, d.collector_id IS NOT NULL OR e.is_expected,
               (SELECT coalesce(string_agg(n::text, ',' ORDER BY n), '')
                  FROM generate_series(1, cardinality($3::int8[]) - 1) n
                 WHERE d.spans IS NULL OR NOT d.spans && int8range(($3::int8[])[n], ($3::int8[])[n + 1])),
               coalesce(d.is_new, false), e.last_seen_at, coalesce(u.batches, 0), coalesce(a.batches, 0)
          FROM collector c JOIN provider p USING (provider_id) JOIN alive e USING (collector_id)
          LEFT JOIN delivered d USING (collector_id)
          LEFT JOIN pending u USING (collector_id) LEFT JOIN aside a USING (collector_id)
         WHERE e.is_expected OR coalesce(d.collector_id, u.collector_id, a.collector_id) IS NOT NULL
         ORDER BY p.name, c.name
        """

    /// The high-water mark of every epoch of every collector.
    package func highWater() throws -> [StatementHighWater] {
        try connection.query(
            """
            SELECT p.name, c.name, e.epoch, e.next_sequence, encode(e.chain, 'hex')
              FROM collector_epoch e JOIN collector c USING (collector_id)
              JOIN provider p ON p.provider_id = c.provider_id
             ORDER BY p.name, c.name, e.epoch
            """
        ).map {
            StatementHighWater(
                provider: try $0.decode(0), collector: try $0.decode(1), epoch: try $0.decode(2),
                nextSequence: try $0.decode(3), chain: try $0.decode(4))
        }
    }
}
