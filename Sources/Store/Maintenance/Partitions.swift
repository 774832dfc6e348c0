internal import Postgres
internal import Synchronization
internal import UsageModel

/// A calendar month in UTC: what partitions are made of.
struct Month: Hashable, Comparable {
    /// Months since the year 0.
    var index: Int

    init(index: Int) {
        self.index = index
    }

    init(second: Int64) {
        self.init(day: second.flooredDivision(by: CivilTime.secondsPerDay))
    }

    /// The month of a day, in days since 1970-01-01.
    init(day: Int64) {
        let (year, month, _) = CivilTime.date(days: day)
        index = year * 12 + month - 1
    }

    var next: Month { Month(index: index + 1) }

    var firstDay: CalendarDate {
        CalendarDate(days: CivilTime.days(year: index / 12, month: index % 12 + 1, day: 1))
    }

    var firstSecond: Int64 { firstDay.days * 86_400 }

    /// `2025_06`, for names of partitions.
    var suffix: String { "\(firstDay)".prefix(7).split(separator: "-").joined(separator: "_") }

    static func < (left: Month, right: Month) -> Bool { left.index < right.index }
}

/// The tables that are partitioned by month.
enum PartitionedTable: String, CaseIterable {
    case ledger
    case ledgerPayload = "ledger_payload"
    case segmentHour = "segment_hour"
    case segmentMinute = "segment_minute"
    case tenantDay = "tenant_day"
}

struct Partition: Hashable {
    var table: PartitionedTable
    var month: Month

    var name: String { "\(table.rawValue)_\(month.suffix)" }
}

/// Makes partitions before they are needed and remembers which there are.
final class PartitionCache: Sendable {
    /// Makes instances take turns.
    static let lockKey: Int64 = 0x7374_6565_6C70_6172

    private let known = Mutex<Set<Partition>>([])

    func has(_ wanted: Set<Partition>) -> Bool {
        known.withLock { wanted.isSubset(of: $0) }
    }

    /// In order of their names.
    private func missing(_ wanted: Set<Partition>) -> [Partition] {
        known.withLock { wanted.subtracting($0) }.sorted { $0.name < $1.name }
    }

    /// Looks for each again before it is used.
    func forgetAll() {
        known.withLock { $0.removeAll() }
    }

    func forget(_ names: [String]) {
        known.withLock { known in known = known.filter { !names.contains($0.name) } }
    }

    /// Makes what is missing, each partition in a short transaction of its own. Must not run inside a transaction.
    func ensure(_ wanted: Set<Partition>, on connection: Connection) throws {
        for partition in missing(wanted) {
            try Self.make(partition, on: connection)
            known.withLock { _ = $0.insert(partition) }
        }
    }

    /// A table is made beside its parent and then attached, which doesn't stop readers and writers of the parent as
    /// `CREATE TABLE … PARTITION OF` would.
    private static func make(_ partition: Partition, on connection: Connection) throws {
        try connection.transaction { connection in
            try connection.query("SELECT pg_advisory_xact_lock($1)", [.int(lockKey)])
            let exists: Bool = try connection.query(
                "SELECT to_regclass($1) IS NOT NULL", [.text(partition.name)]
            ).one().decode(0)
            if exists { return }
            let parent = partition.table.rawValue
            let month = partition.month
            try connection.execute(
                """
                CREATE TABLE \(partition.name) (LIKE \(parent) INCLUDING ALL);
                ALTER TABLE \(parent) ATTACH PARTITION \(partition.name)
                    FOR VALUES FROM ('\(month.firstDay)') TO ('\(month.next.firstDay)');
                """)
        }
    }
}
