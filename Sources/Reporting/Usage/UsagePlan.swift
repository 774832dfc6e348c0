package import UsageModel

/// Which sums can answer a question: decided before any SQL is written.
package struct UsagePlan: Equatable, Sendable {
    /// Minute, hour, day or month sums; never `none`.
    package var source: UsageBucket
    /// For minute sums: which of the three granularities.
    package var granularity: MinuteGranularity?
    /// Whether rows must be joined with the registry.
    package var usesKind: Bool

    /// - Throws: ``QuestionError`` with `.badQuery` or `.notKept`, which say why and what can be asked instead.
    package init(_ query: UsageQuery, calendar: ZoneRules) throws {
        guard query.from < query.to else {
            throw QuestionError.emptyRange
        }
        guard Set(query.groupBy).count == query.groupBy.count else {
            throw QuestionError(.badQuery, "A dimension is named twice in group-by.")
        }
        guard query.top == nil || query.bucket == .none else {
            throw QuestionError(
                .badQuery,
                "The rows with the most tokens are found over the whole period. Leave out `top` or `bucket`.")
        }
        usesKind = query.groupBy.contains(.kind) || query.filters.kinds != nil
        let shape = Shape(query, calendar: calendar)
        if shape.fitsDays {
            source = shape.fitsMonths && !usesKind ? .month : .day
        } else if shape.fitsHours(usesKind: usesKind, calendar: calendar) {
            source = .hour
        } else {
            source = .minute
            granularity = try Self.minuteGranularity(query, usesKind: usesKind)
        }
    }

    /// The one granularity of minute sums that has every dimension of the question.
    private static func minuteGranularity(_ query: UsageQuery, usesKind: Bool) throws -> MinuteGranularity {
        var used = Set(query.groupBy)
        let filters = query.filters
        if filters.tenants != nil { used.insert(.tenant) }
        if filters.models != nil { used.insert(.model) }
        if filters.regions != nil { used.insert(.region) }
        if filters.layers != nil { used.insert(.layer) }
        if filters.workloads != nil { used.insert(.workload) }
        if filters.modalities != nil { used.insert(.modality) }
        if usesKind { used.insert(.kind) }
        used.remove(.provider)
        let byTenant = used.contains(.tenant) || used.contains(.kind)
        used.subtract([.tenant, .kind])
        if used.isEmpty { return byTenant ? .tenant : .provider }
        if used == [.model], !byTenant { return .model }
        let names = (used.union(byTenant ? [.tenant] : [])).map(\.rawValue).sorted().joined(separator: ", ")
        throw QuestionError(
            .notKept,
            """
            The question needs minute sums (its bucket, its bounds or its zone don't fit whole hours), and those are \
            kept by tenant, by model and by provider, not by \(names) together. Ask by whole hours in a zone whose \
            offset is whole hours, or for fewer dimensions.
            """)
    }

    /// How a question's bounds and buckets lie on days, months and hours.
    private struct Shape {
        var fitsDays: Bool
        var fitsMonths: Bool
        private var query: UsageQuery

        init(_ query: UsageQuery, calendar: ZoneRules) {
            self.query = query
            let first = calendar.date(atSecond: query.from)
            let last = calendar.date(atSecond: query.to)
            let isReporting = query.zone.identifier == calendar.identifier || query.bucket == .none
            let isOnDays = calendar.startOfDay(first) == query.from && calendar.startOfDay(last) == query.to
            let isCoarse = query.bucket == .none || query.bucket == .day || query.bucket == .month
            fitsDays = isReporting && isOnDays && isCoarse
            fitsMonths =
                fitsDays && query.bucket != .day
                && first.components.day == 1 && last.components.day == 1
        }

        func fitsHours(usesKind: Bool, calendar: ZoneRules) -> Bool {
            guard query.bucket != .minute, query.from.isMultiple(of: 3_600), query.to.isMultiple(of: 3_600) else {
                return false
            }
            // Kinds hold by days of the reporting calendar, which whole hours must be able to tell apart.
            if usesKind, !calendar.hasWholeHours(from: query.from, to: query.to) { return false }
            return query.bucket == .none || query.zone.hasWholeHours(from: query.from, to: query.to)
        }
    }
}
