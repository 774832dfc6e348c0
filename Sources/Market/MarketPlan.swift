internal import Scopes
internal import Usage

/// A tenant with everything that its events are made from.
struct PlannedTenant {
    var provider: String
    var name: String
    var kind: TenantKind
    var eventsPerDay: Int
    /// Tokens of each day of the period; they add up to the tenant's part of its group.
    var dayTokens: [UInt64]
    /// The models, regions and workloads that the tenant uses.
    var routes: [Route]
    var routeWeights: [UInt64]
    var random: MarketRandom

    struct Route {
        var model: MarketModel
        /// The part of an event's JSON between its time and its counts.
        var fragment: [UInt8]
    }
}

/// Lays the totals of a description out over tenants and days.
///
/// A group's tokens are divided among months, a month's among tenants, a tenant's month among its days, each time by
/// largest remainders: so the group's total is reached to the token, in every month as well.
struct MarketPlan {
    private let description: MarketDescription
    private let months: [Period]

    init(_ description: MarketDescription) {
        self.description = description
        months = description.period.months
    }

    func tenants(of provider: MarketProvider) -> [PlannedTenant] {
        provider.groups.flatMap { tenants(of: $0, provider: provider.name) }
    }

    private func tenants(of group: TenantGroup, provider: String) -> [PlannedTenant] {
        let sizes = ZipfWeights.weights(count: group.names.count, exponentMilli: group.zipfMilli)
        let monthly = apportion(group.tokens, group.months)
        let byMonth = monthly.map { Apportionment.largestRemainder(of: UInt128($0), weights: sizes) }
        return group.names.enumerated().map { index, name in
            var random = MarketRandom(seed: description.seed, path: "\(provider)/\(group.kind.name)/\(name)")
            let days = months.indices.flatMap { month in
                apportion(UInt64(byMonth[month][index]), dayWeights(of: months[month], &random))
            }
            let routes = routes(of: group, provider: provider, tenant: name, &random)
            return PlannedTenant(
                provider: provider, name: name, kind: group.kind, eventsPerDay: Int(group.eventsPerDay),
                dayTokens: days, routes: routes, routeWeights: Array([6, 3, 1].prefix(routes.count)), random: random)
        }
    }

    /// Weekday weights, each tenant's days varying by a tenth up or down.
    private func dayWeights(of month: Period, _ random: inout MarketRandom) -> [UInt64] {
        month.days.map { date in
            // 1970-01-01 was a Thursday: 3 days after Monday.
            let weekday = Int((date.days % 7 + 10) % 7)
            return description.rhythm.weekdays[weekday] * (900 + random.below(201))
        }
    }

    /// Up to three combinations of model, region and workload, drawn by the group's weights.
    private func routes(
        of group: TenantGroup, provider: String, tenant: String, _ random: inout MarketRandom
    ) -> [PlannedTenant.Route] {
        (0..<3).map { _ in
            let modelName = pick(group.models, &random)
            let region = pick(group.regions, &random)
            let isBatch = random.below(100) < group.batchPercent
            guard let model = description.models.first(where: { $0.name == modelName }) else {
                preconditionFailure("a checked description names the unknown model \(modelName)")
            }
            let fragment = EventText.fragment(
                provider: provider, tenant: tenant, model: model, region: region, layer: group.layer,
                workload: isBatch ? .batch : .online)
            return PlannedTenant.Route(model: model, fragment: fragment)
        }
    }

    private func pick(_ names: [WeightedName], _ random: inout MarketRandom) -> String {
        let weights = names.map(\.weight)
        return names[random.pick(weights, sum: weights.reduce(0, +))].name
    }

    private func apportion(_ total: UInt64, _ weights: [UInt64]) -> [UInt64] {
        Apportionment.largestRemainder(of: UInt128(total), weights: weights.map { UInt128($0) }).map { UInt64($0) }
    }
}
