package import Scopes
package import UsageModel

/// Cells that belong together, with names for their numbers.
package struct CubeRow: Sendable, Hashable {
    package var provider: String
    package var tenantKind: TenantKind
    /// The model, or `nil` where no plan of the reading needs it; likewise what follows.
    package var model: String?
    package var region: String?
    package var layer: Layer?
    package var workload: Workload?
    /// The position of the segment among those of the reading.
    package var segment: Int
    /// Bit *n* says whether the usage meets all of ``CubeReading/conditions`` *n*.
    package var passes: Int64
    /// Whether the counts are somebody's estimate.
    package var isEstimated: Bool
    package var counts: SignedTokenCounts

    package init(
        provider: String, tenantKind: TenantKind, model: String?, region: String?, layer: Layer?, workload: Workload?,
        segment: Int, passes: Int64, isEstimated: Bool = false, counts: SignedTokenCounts
    ) {
        self.provider = provider
        self.tenantKind = tenantKind
        self.model = model
        self.region = region
        self.layer = layer
        self.workload = workload
        self.segment = segment
        self.passes = passes
        self.isEstimated = isEstimated
        self.counts = counts
    }
}

/// One reading of cubes for any number of plans in one calendar: scopes beside each other, months one after the other.
///
/// Whole months are read as such and the rest in pieces, cut where any of the plans is cut; what each scope lets
/// through is a bit of the rows.
package struct CubeReading: Sendable {
    /// Cells to be read: months of a calendar, or pieces.
    package struct Stretch: Sendable, Hashable {
        /// The calendar's number, or ``CubeLayout/pieces``; where no model is told apart, that of the cells without.
        package var calendar: Int16
        /// In seconds since 1970, half-open.
        package var seconds: Range<Int64>
    }

    /// One plan's part of the reading.
    private struct Part: Sendable {
        var plan: SumPlan
        /// Which of ``conditions`` are its scope's.
        var bit: Int
        /// The plan's segment that each segment of the reading lies in; `nil` where it lies in none.
        var segments: [Int?]
    }

    /// The most different conditions of one reading: the bits of a `bigint` without its sign.
    package static let maxConditions = 62

    /// In order of time, without overlaps.
    package let stretches: [Stretch]
    /// Where each segment begins, in order, in seconds since 1970.
    package let starts: [Int64]
    /// What scopes ask of rows, each once: all of the conditions of a list.
    package let conditions: [[ScopeFilter.Condition]]
    /// What any of the plans tells apart.
    package let granularity: SumGranularity
    /// The providers that any of the scopes includes; `nil` for all.
    package let providers: Set<String>?
    private let parts: [Part]

    /// - Parameters:
    ///   - plans: at least one, in the zone of the calendar, of at most ``maxConditions`` different conditions.
    ///   - calendar: the number of their calendar.
    init(_ plans: [SumPlan], calendar: Int16) {
        precondition(!plans.isEmpty, "no plan to read cubes for")
        let zone = plans[0].zone
        precondition(plans.allSatisfy { $0.zone == zone }, "plans of several zones in one reading")
        let cuts = Set(plans.flatMap { $0.startSeconds + [$0.seconds.upperBound] }).sorted()
        var parts: [Part] = []
        var conditions: [[ScopeFilter.Condition]] = []
        for plan in plans {
            let asked = plan.conditions
            let bit = conditions.firstIndex(of: asked) ?? conditions.count
            if bit == conditions.count { conditions.append(asked) }
            let starts = plan.startSeconds
            let segments = cuts.map { cut -> Int? in
                guard plan.seconds.contains(cut) else { return nil }
                return starts.lastIndex { $0 <= cut }
            }
            parts.append(Part(plan: plan, bit: bit, segments: segments))
        }
        precondition(conditions.count <= Self.maxConditions, "\(conditions.count) conditions in one reading")
        var stretches: [Stretch] = []
        for (index, cut) in cuts.enumerated().dropLast() where parts.contains(where: { $0.segments[index] != nil }) {
            Self.append(cut..<cuts[index + 1], of: calendar, zone, to: &stretches)
        }
        self.stretches =
            plans.contains(where: \.needsModels)
            ? stretches
            : stretches.map { Stretch(calendar: CubeLayout.withoutModels($0.calendar), seconds: $0.seconds) }
        starts = cuts
        self.conditions = conditions
        self.parts = parts
        granularity = plans.dropFirst().reduce(into: plans[0].granularity) { all, plan in
            all.byModel = all.byModel || plan.granularity.byModel
            all.byRegion = all.byRegion || plan.granularity.byRegion
            all.byLayer = all.byLayer || plan.granularity.byLayer
            all.byWorkload = all.byWorkload || plan.granularity.byWorkload
        }
        let included = plans.map(\.scope.filters.providers)
        providers = included.contains(nil) ? nil : included.reduce(into: Set()) { $0.formUnion($1 ?? []) }
    }

    /// The fewest cells that add up to a segment: whole months, and pieces before and after.
    private static func append(
        _ seconds: Range<Int64>, of calendar: Int16, _ zone: ZoneRules, to stretches: inout [Stretch]
    ) {
        var second = seconds.lowerBound
        while second < seconds.upperBound {
            let end = zone.startOfNextMonth(at: second)
            let isWhole = zone.startOfMonth(at: second) == second && end <= seconds.upperBound
            let next = min(end, seconds.upperBound)
            let number = isWhole ? calendar : CubeLayout.pieces
            if let last = stretches.last, last.calendar == number, last.seconds.upperBound == second {
                stretches[stretches.count - 1].seconds = last.seconds.lowerBound..<next
            } else {
                stretches.append(Stretch(calendar: number, seconds: second..<next))
            }
            second = next
        }
    }

    /// The rows of each plan, in the order of the plans.
    package func rows(from rows: [CubeRow]) -> [[FilteredSumRow]] {
        // A part may be one month of many.
        var bySegment = [[CubeRow]](repeating: [], count: starts.count)
        for row in rows { bySegment[row.segment].append(row) }
        return parts.map { part in
            let filters = part.plan.scope.filters
            let granularity = part.plan.granularity
            var sums: [FilteredSumRow: SignedTokenCounts] = [:]
            let own = part.segments.enumerated().flatMap { place, segment in
                segment.map { segment in bySegment[place].map { (row: $0, segment: segment) } } ?? []
            }
            for (row, segment) in own where filters.includes(provider: row.provider) {
                let key = FilteredSumRow(
                    provider: row.provider, tenantKind: row.tenantKind, model: granularity.byModel ? row.model : nil,
                    region: granularity.byRegion ? row.region : nil, layer: granularity.byLayer ? row.layer : nil,
                    workload: granularity.byWorkload ? row.workload : nil, segment: segment,
                    passesFilters: row.passes >> part.bit & 1 == 1, isEstimated: row.isEstimated,
                    counts: SignedTokenCounts())
                sums[key, default: SignedTokenCounts()] += row.counts
            }
            return sums.map { key, counts in
                var row = key
                row.counts = counts
                return row
            }
        }
    }
}

extension CubeReading {
    /// The readings that some plans need: one for each calendar and whether models matter, or a few where they ask too
    /// many different things.
    ///
    /// - Parameter plans: with the numbers of their calendars.
    /// - Returns: readings, each with the positions of its plans in `plans`.
    static func readings(
        of plans: [(plan: SumPlan, calendar: Int16)]
    ) -> [(reading: CubeReading, positions: [Int])] {
        struct Kind: Hashable {
            var calendar: Int16
            var needsModels: Bool
        }
        let kinds = Dictionary(grouping: plans.indices) {
            Kind(calendar: plans[$0].calendar, needsModels: plans[$0].plan.needsModels)
        }
        return kinds.values.sorted { $0[0] < $1[0] }.flatMap { portions(of: $0, plans) }.map { positions in
            (CubeReading(positions.map { plans[$0].plan }, calendar: plans[positions[0]].calendar), positions)
        }
    }

    private static func portions(of positions: [Int], _ plans: [(plan: SumPlan, calendar: Int16)]) -> [[Int]] {
        var portions: [[Int]] = [[]]
        var conditions: Set<[ScopeFilter.Condition]> = []
        for position in positions {
            let asked = plans[position].plan.conditions
            if !conditions.contains(asked), conditions.count == maxConditions {
                portions.append([])
                conditions = []
            }
            conditions.insert(asked)
            portions[portions.count - 1].append(position)
        }
        return portions
    }
}

extension SumPlan {
    /// Whether its sums are told apart by model, or chosen by it.
    fileprivate var needsModels: Bool {
        granularity.byModel
            || conditions.contains {
                guard case .names(.model, _) = $0 else { return false }
                return true
            }
    }

    /// What the scope's filters ask of sums.
    fileprivate var conditions: [ScopeFilter.Condition] {
        ScopeFilter.all.compactMap { $0.condition(scope.filters) }
    }
}
