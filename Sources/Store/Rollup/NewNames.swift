internal import Postgres
internal import Reporting
package import UsageModel

/// What a name names.
package enum NameDimension: Int, Sendable, CaseIterable, Hashable {
    // Raw values are stored.
    case tenant = 1
    case model = 2
    case region = 3

    /// The word for it in settings, metrics and answers.
    package var word: String {
        switch self {
        case .tenant: "tenant"
        case .model: "model"
        case .region: "region"
        }
    }
}

/// How many names that nobody had named before a provider may bring on a day (UTC of the receipt).
///
/// What comes beyond is counted exactly, under `NameRule.overLimitName`; the ledger keeps the names, and a rebuild can
/// give them to the sums later.
package struct NewNameLimits: Sendable, Equatable {
    /// Names a day of one provider.
    package var perDay: [NameDimension: Int]
    /// What one collector may use of its provider's budget, in percent.
    package var collectorPercent: Int

    package init(tenants: Int = 1_000_000, models: Int = 10_000, regions: Int = 1_000, collectorPercent: Int = 10) {
        perDay = [.tenant: tenants, .model: models, .region: regions]
        self.collectorPercent = collectorPercent
    }

    package func ofProvider(_ dimension: NameDimension) -> Int { perDay[dimension] ?? 0 }

    package func ofCollector(_ dimension: NameDimension) -> Int {
        max(1, ofProvider(dimension) * collectorPercent / 100)
    }
}

/// New names that were brought within a day.
package struct NewNameUse: Sendable, Equatable {
    package var provider: String
    /// `nil` for all collectors of the provider together.
    package var collector: String?
    package var dimension: NameDimension
    package var admitted: Int
    package var overLimit: Int

    /// Whether so much of the budget is used that people should be told.
    package func isNear(_ limits: NewNameLimits) -> Bool {
        overLimit > 0 || admitted * 100 >= budget(limits) * Self.nearPercent
    }

    /// How many names the provider, or the collector, may bring on the day.
    package func budget(_ limits: NewNameLimits) -> Int {
        collector == nil ? limits.ofProvider(dimension) : limits.ofCollector(dimension)
    }

    /// From how much of a budget on its use is told, in percent.
    package static let nearPercent = 80
}

/// Which names a rollup gives ids to.
enum NamingRule {
    /// New ones within their budgets.
    case within(NewNameLimits)
    /// Those of batches that were counted before: what has an id, unless it was counted without.
    case known
    /// Any.
    case all

    var namesAll: Bool {
        if case .all = self { true } else { false }
    }
}

/// Turns the names of batches into ids.
struct BatchNaming {
    let connection: Connection
    let rule: NamingRule
    /// Saves looking for names that were found before.
    var memory: NameMemory?

    /// The ids behind each batch's dictionaries, in the order of the batches.
    func names(of batches: [DecodedBatches.Good]) throws -> [BatchNames] {
        try memory?.check(on: connection)
        let models = try ids(.model, batches, namedBy: \.models)
        let regions = try ids(.region, batches, namedBy: \.regions)
        var tenants = [NameIDs](repeating: NameIDs(), count: batches.count)
        for (provider, indices) in Dictionary(grouping: batches.indices, by: { batches[$0].batch.provider }) {
            let own = try ids(.tenant, indices.map { batches[$0] }, namedBy: \.tenants, provider: provider)
            for (index, ids) in zip(indices, own) { tenants[index] = ids }
        }
        return batches.indices.map { index in
            BatchNames(
                provider: batches[index].batch.provider, tenants: tenants[index].ids,
                models: models[index].ids.map { Int32(truncatingIfNeeded: $0) },
                regions: regions[index].ids.map { Int32(truncatingIfNeeded: $0) },
                overLimit: OverLimitNames(
                    places: [
                        .tenant: tenants[index].overLimit, .model: models[index].overLimit,
                        .region: regions[index].overLimit,
                    ]))
        }
    }

    /// The ids behind one dictionary of a batch.
    private struct NameIDs {
        var ids: [Int64] = []
        /// The places of names that have none of their own.
        var overLimit: [Int32] = []
    }

    private func ids(
        _ dimension: NameDimension, _ batches: [DecodedBatches.Good], namedBy dictionary: KeyPath<UsageRows, [String]>,
        provider: Int16? = nil
    ) throws -> [NameIDs] {
        // What was counted without a name is looked at name by name.
        var found = batches.map { batch in
            batch.overLimit.isEmpty
                ? memory?.ids(of: batch.rows[keyPath: dictionary], dimension, provider: provider) : nil
        }.map { ids in ids.map { NameIDs(ids: $0) } }
        let missing = found.indices.filter { found[$0] == nil }
        let looked = try lookUp(dimension, missing.map { batches[$0] }, namedBy: dictionary, provider: provider)
        for (index, ids) in zip(missing, looked) { found[index] = ids }
        return found.compactMap(\.self)
    }

    private func lookUp(
        _ dimension: NameDimension, _ batches: [DecodedBatches.Good], namedBy dictionary: KeyPath<UsageRows, [String]>,
        provider: Int16?
    ) throws -> [NameIDs] {
        let interner = Interner(connection: connection)
        // In the spelling that names are kept in, whatever a collector sealed.
        let dictionaries = batches.map { $0.rows[keyPath: dictionary].map(NameRule.kept) }
        let distinct = Self.distinct(dictionaries)
        var ids = try distinct.isEmpty ? [:] : interner.find(dimension, distinct, provider: provider)
        let missing = distinct.filter { ids[NameBytes($0)] == nil }
        if !missing.isEmpty {
            var budget = NameBudget(dimension: dimension, rule: rule, connection: connection)
            for (batch, names) in zip(batches, dictionaries) {
                try budget.admit(names.filter { ids[NameBytes($0)] == nil }, of: batch.batch)
            }
            let made = try budget.intern(with: interner, provider: provider)
            if !made.isEmpty {
                ids.merge(try interner.find(dimension, made, provider: provider)) { known, _ in known }
            }
        }
        var overLimit: Int64?
        return try zip(batches, dictionaries).map { batch, names in
            let counted = isKnown ? Set(batch.overLimit.places[dimension] ?? []) : []
            var own = NameIDs()
            own.ids.reserveCapacity(names.count)
            for (place, name) in names.enumerated() {
                if let id = ids[NameBytes(name)], !counted.contains(Int32(place)) {
                    own.ids.append(id)
                    continue
                }
                let id = try overLimit ?? interner.make(dimension, NameRule.overLimitName, provider: provider)
                overLimit = id
                own.ids.append(id)
                own.overLimit.append(Int32(place))
            }
            if own.overLimit.isEmpty {
                memory?.remember(
                    zip(batch.rows[keyPath: dictionary], own.ids).lazy.map { (name: $0, id: $1) }, dimension,
                    provider: provider)
            }
            return own
        }
    }

    /// Whether names are given as they were counted.
    private var isKnown: Bool {
        if case .known = rule { true } else { false }
    }

    private static func distinct(_ dictionaries: [[String]]) -> [String] {
        var seen: Set<NameBytes> = []
        return dictionaries.flatMap { $0.filter { seen.insert(NameBytes($0)).inserted } }
    }
}

/// New names of one dimension, admitted batch by batch.
private struct NameBudget {
    private struct Use {
        var admitted = 0
        var overLimit = 0
    }

    private struct Owner: Hashable {
        var provider: Int16
        var collector: Int32
        /// Days since 1970, UTC.
        var day: Int64
    }

    private struct ProviderDay: Hashable {
        var provider: Int16
        var day: Int64
    }

    let dimension: NameDimension
    let rule: NamingRule
    let connection: Connection
    private var admitted: Set<NameBytes> = []
    /// What stood in the database when the provider's day was first asked for, by collector.
    private var before: [ProviderDay: [Int32: Int]] = [:]
    private var now: [Owner: Use] = [:]

    init(dimension: NameDimension, rule: NamingRule, connection: Connection) {
        self.dimension = dimension
        self.rule = rule
        self.connection = connection
    }

    /// - Parameter names: of the batch, without an id.
    mutating func admit(_ names: [String], of batch: LedgerBatch) throws {
        if names.isEmpty { return }
        switch rule {
        case .known: return
        case .all: admitted.formUnion(names.map(NameBytes.init))
        case .within(let limits):
            let day = batch.receivedAt.seconds.flooredDivision(by: CivilTime.secondsPerDay)
            let owner = Owner(provider: batch.provider, collector: batch.collector, day: day)
            var left = try remaining(of: owner, limits)
            var use = now[owner] ?? Use()
            for name in names.map(NameBytes.init) where !admitted.contains(name) {
                guard left > 0 else {
                    use.overLimit += 1
                    continue
                }
                left -= 1
                use.admitted += 1
                admitted.insert(name)
            }
            now[owner] = use
        }
    }

    private mutating func remaining(of owner: Owner, _ limits: NewNameLimits) throws -> Int {
        let day = ProviderDay(provider: owner.provider, day: owner.day)
        let before = try self.before[day] ?? load(day)
        self.before[day] = before
        let own = before[owner.collector, default: 0] + (now[owner]?.admitted ?? 0)
        let fresh = now.filter { $0.key.provider == owner.provider && $0.key.day == owner.day }
        let all = before.values.reduce(0, +) + fresh.values.reduce(0) { $0 + $1.admitted }
        return max(0, min(limits.ofProvider(dimension) - all, limits.ofCollector(dimension) - own))
    }

    private func load(_ day: ProviderDay) throws -> [Int32: Int] {
        let rows = try connection.query(
            "SELECT collector_id, admitted FROM new_names WHERE provider_id = $1 AND day = $2 AND dimension = $3",
            [.int(Int64(day.provider)), .date(days: day.day), .int(dimension.rawValue)])
        var found: [Int32: Int] = [:]
        for row in rows { found[try row.decode(0)] = try row.decode(1) }
        return found
    }

    /// Gives ids to the admitted names and notes what was used, in one transaction: a rollup that fails afterwards
    /// doesn't use the budget a second time, since the names are known then.
    ///
    /// - Returns: the names that got an id.
    func intern(with interner: Interner, provider: Int16?) throws -> [String] {
        guard !admitted.isEmpty || !now.isEmpty else { return [] }
        // In order, so that two that make the same names wait for each other instead of deadlocking.
        let names = admitted.sorted().map { String(decoding: $0.bytes, as: UTF8.self) }
        do {
            try note(now) { if !names.isEmpty { try interner.insert(dimension, names, provider: provider) } }
            return names
        } catch let error as PostgresError where error.code == .sequenceLimitExceeded {
            // All ids are given out: as beyond a budget.
            try note(now.mapValues { Use(admitted: 0, overLimit: $0.admitted + $0.overLimit) }) {}
            return []
        }
    }

    private func note(_ uses: [Owner: Use], _ insertNames: () throws -> Void) throws {
        try connection.transaction { connection in
            try insertNames()
            let owners = uses.filter { $0.value.admitted > 0 || $0.value.overLimit > 0 }
                .sorted {
                    ($0.key.provider, $0.key.collector, $0.key.day) < ($1.key.provider, $1.key.collector, $1.key.day)
                }
            for (owner, use) in owners {
                try connection.query(
                    """
                    INSERT INTO new_names (provider_id, day, dimension, collector_id, admitted, over_limit)
                    VALUES ($1, $2, $3, $4, $5, $6)
                    ON CONFLICT (provider_id, day, dimension, collector_id) DO UPDATE
                       SET admitted = new_names.admitted + excluded.admitted,
                           over_limit = new_names.over_limit + excluded.over_limit
                    """,
                    [
                        .int(Int64(owner.provider)), .date(days: owner.day), .int(dimension.rawValue),
                        .int(Int64(owner.collector)), .int(use.admitted), .int(use.overLimit),
                    ])
            }
        }
    }
}

extension StoreSession {
    /// New names of a day (UTC), by provider and dimension, and by collector as well.
    package func newNames(on day: CalendarDate) throws -> [NewNameUse] {
        try connection.query(
            """
            SELECT p.name, c.name, n.dimension, sum(n.admitted)::bigint, sum(n.over_limit)::bigint
              FROM new_names n JOIN provider p USING (provider_id) JOIN collector c USING (collector_id)
             WHERE n.day = $1
             GROUP BY GROUPING SETS ((p.name, n.dimension), (p.name, n.dimension, c.name))
             ORDER BY 1, 3, 2 NULLS FIRST
            """, [.date(days: day.days)]
        ).compactMap { row in
            guard let dimension = NameDimension(rawValue: try row.decode(2)) else { return nil }
            return NewNameUse(
                provider: try row.decode(0), collector: try row.decode(1), dimension: dimension,
                admitted: try row.decode(3), overLimit: try row.decode(4))
        }
    }
}
