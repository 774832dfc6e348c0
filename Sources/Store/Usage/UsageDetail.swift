internal import BatchFormat
internal import Postgres
internal import Reporting
internal import UsageModel

/// The table that a question about usage selects from: cubes where they answer it, otherwise the months or the days by
/// tenant with what isn't in them yet, or segments with what waits. It has rows of the question's time and tenants
/// alone.
struct UsageDetail {
    private let query: UsageQuery
    private let plan: UsagePlan
    private let overLimit: OverLimitIDs
    private let session: StoreSession

    init(_ query: UsageQuery, plan: UsagePlan, overLimit: OverLimitIDs, session: StoreSession) {
        self.query = query
        self.plan = plan
        self.overLimit = overLimit
        self.session = session
    }

    private var isByTenant: Bool { query.groupBy.contains(.tenant) }
    private var days: Range<CalendarDate> {
        session.calendar.date(atSecond: query.from)..<session.calendar.date(atSecond: query.to)
    }

    func relation(_ sql: inout SQLParameters) throws -> String {
        switch plan.source {
        case .day, .month:
            if let relation = try cells(&sql) { return relation.text(&sql) }
            return try tenantDays(&sql).text(&sql)
        case .hour, .minute, .none: return try detail().text(&sql)
        }
    }

    // MARK: Days and months

    /// `nil` where cubes don't answer the question.
    private func cells(_ sql: inout SQLParameters) throws -> DetailRelation? {
        if isByTenant || query.filters.tenants != nil { return nil }
        let seconds = query.from..<query.to
        let coverage = try session.cubeCoverage(known: query.knownAt ?? session.knownMoment())
        let found = coverage.calendar(
            zone: session.calendar.identifier, seconds: seconds, dependsOnKinds: plan.usesKind,
            reporting: session.calendar)
        guard let calendar = found else { return nil }
        let number = plan.source == .month ? calendar : CubeLayout.pieces
        let needsModels = query.groupBy.contains(.model) || query.filters.models != nil
        let known = plan.usesKind && coverage.firstLaterVersion != nil ? query.knownAt : nil
        var relation = DetailRelation(.day, calendar: session.calendar)
        relation.addCells(
            needsModels ? number : CubeLayout.withoutModels(number), in: seconds, changesAfter: known, &sql)
        return relation
    }

    private func tenantDays(_ sql: inout SQLParameters) throws -> DetailRelation {
        let subjects = try subjects()
        var relation = DetailRelation(.day, calendar: session.calendar)
        if plan.source == .month, parts.isSubset(of: TenantMonths.parts) {
            relation.addTenantMonths(days, providers: subjects.providers, tenants: subjects.tenants, &sql)
        } else {
            relation.addTenantDays(
                days, providers: subjects.providers, tenants: subjects.tenants,
                known: plan.usesKind ? query.knownAt : nil, &sql)
        }
        let kinds = try kinds(of: subjects)
        let reading = session.reading(ofDays: days, subjects, by: parts, groups: groups(kinds))
        relation.add(try session.detail.sums(of: reading), of: reading, kinds: kinds)
        return relation
    }

    // MARK: Hours and minutes

    private func detail() throws -> DetailRelation {
        let subjects = try subjects()
        let kinds = try kinds(of: subjects)
        var relation = DetailRelation(.moment, calendar: session.calendar)
        for reading in readings(of: subjects, kinds) {
            relation.add(try session.detail.sums(of: reading), of: reading, kinds: kinds)
        }
        return relation
    }

    private func readings(of subjects: DetailSubjects, _ kinds: TenantKinds?) -> [DetailReading] {
        let granularity: SegmentGranularity =
            switch plan.granularity {
            case nil: .hour
            case .provider: .minuteByProvider
            case .model: .minuteByModel
            case .tenant: .minuteByTenant
            }
        let whole = DetailReading(
            seconds: query.from..<query.to, granularity: granularity, providers: subjects.providers,
            tenants: subjects.tenants, parts: parts, groups: groups(kinds), moment: moment)
        guard plan.hasOverLimitRows(overLimit) else { return [whole] }
        // Minutes of providers don't say what of them is under names beyond a budget; those of tenants and models do.
        var tenants = whole
        tenants.granularity = .minuteByTenant
        tenants.tenants = overLimit.tenants
        tenants.parts.insert(.tenant)
        tenants.groups = nil
        var models = whole
        models.granularity = .minuteByModel
        models.parts.insert(.model)
        models.groups = nil
        return [whole] + (overLimit.tenants.isEmpty ? [] : [tenants]) + (overLimit.models.isEmpty ? [] : [models])
    }

    /// Whether minutes have to be told apart: by themselves, and by local hours that begin within hours.
    private var keepsMinutes: Bool { plan.source == .minute && [.minute, .hour].contains(query.bucket) }

    /// The moment that stands for a bucket, and for a day of it where a tenant's kind depends on the day.
    private var moment: (Int64) -> Int64 {
        let (bucket, zone, first, calendar) = (query.bucket, query.zone, query.from, session.calendar)
        let isByDay = plan.usesKind && isByTenant
        return { second in
            let start =
                switch bucket {
                case .none: first
                case .minute, .hour: second
                case .day: zone.startOfDay(zone.date(atSecond: second))
                case .month: zone.startOfMonth(at: second)
                }
            return isByDay && bucket != .minute && bucket != .hour
                ? max(start, calendar.startOfDay(calendar.date(atSecond: second))) : start
        }
    }

    // MARK: What rows are told apart by

    private func subjects() throws -> DetailSubjects {
        try session.subjects(
            providers: query.filters.providers, tenants: query.filters.tenants, visibility: query.visibility)
    }

    private func kinds(of subjects: DetailSubjects) throws -> TenantKinds? {
        guard plan.usesKind, let known = query.knownAt else { return nil }
        let last = session.calendar.date(atSecond: query.to - 1)
        return try session.tenantKinds(
            on: session.calendar.date(atSecond: query.from)..<CalendarDate(days: last.days + 1), known: known,
            of: subjects.providers)
    }

    private func groups(_ kinds: TenantKinds?) -> TenantGroups? {
        if isByTenant || (kinds == nil && overLimit.tenants.isEmpty) || isWithoutTenants { return nil }
        return TenantGroups(kinds: kinds, overLimit: Set(overLimit.tenants))
    }

    private var isWithoutTenants: Bool { plan.granularity == .provider || plan.granularity == .model }

    private var parts: SegmentKey.Parts {
        let filters = query.filters
        var parts: SegmentKey.Parts = keepsMinutes ? [.minute, .estimated] : [.estimated]
        if isByTenant { parts.insert(.tenant) }
        func add(_ part: SegmentKey.Parts, _ dimension: UsageDimension, if isNeeded: Bool) {
            if isNeeded || query.groupBy.contains(dimension) { parts.insert(part) }
        }
        // Minutes have one dimension at most.
        let hasAll = plan.granularity == nil
        add(.model, .model, if: filters.models != nil || (hasAll && !overLimit.models.isEmpty))
        add(.region, .region, if: filters.regions != nil || (hasAll && !overLimit.regions.isEmpty))
        add(.layer, .layer, if: filters.layers != nil)
        add(.workload, .workload, if: filters.workloads != nil)
        add(.modality, .modality, if: filters.modalities != nil)
        return parts
    }
}

extension UsagePlan {
    /// Whether minutes of providers are answered with those of tenants and models beyond a budget beside them.
    func hasOverLimitRows(_ overLimit: OverLimitIDs) -> Bool {
        granularity == .provider && !(overLimit.tenants.isEmpty && overLimit.models.isEmpty)
    }
}
