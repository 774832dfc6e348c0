internal import BatchFormat
internal import Reporting
internal import UsageModel

/// What is asked of detail by tenant: usage by hour or minute, as segments and the batches that wait have it.
struct DetailReading {
    /// In seconds since 1970, half-open. Of hours those count that begin within it.
    var seconds: Range<Int64>
    var granularity: SegmentGranularity
    /// Only these providers; `nil` for all that may be seen.
    var providers: [Int16]?
    /// Only these tenants; `nil` for all of them.
    var tenants: [Int64]?
    /// What rows are told apart by, beside the provider and the moment. With the minute, moments are minutes.
    var parts: SegmentKey.Parts
    /// What tells rows apart that aren't by tenant; `nil` for nothing. Not with the tenant among the parts.
    var groups: TenantGroups?
    /// The moment that usage of a moment is added to, such as the start of its day. With the minute among the parts it
    /// is asked of the hour, and the minute comes on top.
    var moment: (Int64) -> Int64
    /// Which usage is read.
    var source = Source.all

    enum Source {
        /// What segments hold and what waits.
        case all
        /// What isn't in the days by tenant: ranges that weren't added to them yet, and what waits. Usage by hour
        /// counts at the moment at which its part of the hour began, where a day begins within it.
        case notInDays
        /// What waits alone.
        case waiting
    }

    /// Whether minutes of an hour's rows don't matter.
    var isByWholeHour: Bool { granularity == .hour && source != .notInDays }

    /// The hours that the time lies in, since 1970.
    var hours: Range<Int64> {
        seconds.lowerBound.flooredDivision(by: 3_600)..<(seconds.upperBound + 3_599).flooredDivision(by: 3_600)
    }

    /// The moment of a row's usage, and the one that it is added to; `nil` where it lies outside of the time.
    ///
    /// - Parameter minute: of the hour, as the row's key has it.
    func moments(hour: Int64, minute: Int) -> (own: Int64, added: Int64)? {
        let second = hour * 3_600 + (isByWholeHour ? 0 : Int64(minute) * 60)
        guard seconds.contains(second) else { return nil }
        return (second, moment(parts.contains(.minute) ? hour * 3_600 : second))
    }
}

/// Groups of tenants that rows are told apart by where they aren't by tenant.
struct TenantGroups {
    /// The number of a tenant's group on a day of the reporting calendar, which stands in the place of the tenant's id;
    /// `nil` to leave its usage out.
    let number: (_ tenant: Int64, _ day: CalendarDate) -> Int64?
    /// An id that stands for names beyond a budget.
    private let overLimitTenant: Int64

    init(number: @escaping (_ tenant: Int64, _ day: CalendarDate) -> Int64?) {
        self.number = number
        overLimitTenant = 0
    }

    /// Tenants of a kind, those apart that stand for names beyond a budget.
    ///
    /// - Parameter kinds: `nil` where they don't matter.
    init(kinds: TenantKinds?, overLimit: Set<Int64>) {
        number = { tenant, day in
            Int64(kinds?.kind(of: tenant, on: day).rawValue ?? 0)
                | (overLimit.contains(tenant) ? Self.overLimitBit : 0)
        }
        overLimitTenant = overLimit.min() ?? 0
    }

    private static let overLimitBit: Int64 = 1 << 8

    /// The kind in a number.
    static func kind(_ number: Int64) -> UInt8 { UInt8(truncatingIfNeeded: number) }

    /// An id that stands for what the number's tenants have in common: one beyond a budget, or 0.
    func tenant(_ number: Int64) -> Int64 { number & Self.overLimitBit == 0 ? 0 : overLimitTenant }
}

/// What tenants were on each day, as it was known at a moment.
struct TenantKinds {
    private struct Span {
        var kind: TenantKind
        var days: Range<Int64>
    }

    private var spans: [Int64: [Span]] = [:]

    /// - Parameter entries: those that were held at the moment.
    init(_ entries: [(tenant: Int64, kind: TenantKind, from: CalendarDate, to: CalendarDate?)]) {
        for entry in entries where entry.from.days < entry.to?.days ?? .max {
            spans[entry.tenant, default: []].append(
                Span(kind: entry.kind, days: entry.from.days..<(entry.to?.days ?? .max)))
        }
    }

    func kind(of tenant: Int64, on day: CalendarDate) -> TenantKind {
        spans[tenant]?.first { $0.days.contains(day.days) }?.kind ?? .unclassified
    }
}

/// Sums of detail by moment, provider and key.
struct DetailSums {
    struct Place: Hashable {
        /// Since 1970.
        var second: Int64
        var provider: Int16
    }

    private(set) var places: [Place: Int] = [:]
    private var tables: [SegmentSums] = []
    /// The rows that the budget was told of.
    private var heldRows = 0
    private let budget: (any RowBudget)?

    /// The most sums that one question keeps in memory: about 100 bytes each.
    static let maxRows = 1_000_000
    /// Sums are counted in so many at a time.
    private static let countedRows = 1_000

    init(budget: (any RowBudget)?) {
        self.budget = budget
    }

    var rowCount: Int { tables.reduce(0) { $0 + $1.count } }

    /// The number of a place's table.
    mutating func table(of place: Place) -> Int {
        if let table = places[place] { return table }
        places[place] = tables.count
        tables.append(SegmentSums())
        return tables.count - 1
    }

    subscript(table: Int) -> SegmentSums {
        _read { yield tables[table] }
        _modify { yield &tables[table] }
    }

    /// Counts what is kept against the limit and the budget.
    ///
    /// - Throws: ``QuestionError`` with `.badQuery` where it is too much; what the budget refuses with.
    mutating func check() throws {
        let count = rowCount
        while heldRows < count {
            try budget?.hold(rows: Self.countedRows)
            heldRows += Self.countedRows
        }
        guard count <= Self.maxRows else {
            throw QuestionError(
                .badQuery,
                "The question keeps more than \(Self.maxRows) sums of tenants in memory. Ask for a shorter range, fewer "
                    + "dimensions or fewer tenants, or for whole days or months.")
        }
    }

    /// The sums in the order of moments, providers and keys, without those that count nothing.
    func forEach(_ body: (Place, SegmentRow) throws -> Void) rethrows {
        for (place, table) in places.sorted(by: {
            ($0.key.second, $0.key.provider) < ($1.key.second, $1.key.provider)
        }) {
            for row in tables[table].sorted() { try body(place, row) }
        }
    }
}
