internal import Scopes
internal import TextFormats
internal import UsageModel

/// A tenant with everything that its events are made from.
struct PlannedTenant {
    var provider: String
    var name: String
    var kind: TenantKind
    var eventsPerDay: Int
    /// Twenty-four weights, from midnight in the market's zone.
    var hours: [UInt64]
    /// Tokens of each day of the period; they add up to the tenant's part of its group.
    var dayTokens: [UInt64]
    /// The models, regions and workloads that the tenant uses at one time or another.
    var routes: [Route]
    /// Which of them it uses when, in order of time; every day with tokens lies in one.
    var eras: [Era]
    var random: MarketRandom

    struct Route {
        var model: MarketModel
        /// The part of an event's JSON between its time and its counts.
        var fragment: [UInt8]
    }

    /// Days of the period, counted from 0, with the routes in use.
    struct Era {
        var days: Range<Int>
        var routes: Range<Int>
    }
}

/// Lays the totals of a description out over tenants and days.
///
/// A group's tokens are divided among months, a month's among tenants, a tenant's month among its days, each time by
/// largest remainders: so the group's total is reached to the token, in every month as well.
struct MarketPlan {
    /// How often a tenant uses its first, second and third route.
    static let routeWeights: [UInt64] = [6, 3, 1]

    private let description: MarketDescription
    private let months: [Period]
    /// The first day of each month, counted from 0, and the number of days last.
    private let monthStarts: [Int]

    init(_ description: MarketDescription) {
        self.description = description
        months = description.period.months
        monthStarts = months.reduce(into: [0]) { starts, month in
            starts.append(starts[starts.count - 1] + month.dayCount)
        }
    }

    func tenants(of provider: MarketProvider) -> [PlannedTenant] {
        provider.groups.flatMap { tenants(of: $0, provider: provider.name) }
    }

    private func tenants(of group: TenantGroup, provider: String) -> [PlannedTenant] {
        let sizes = ZipfWeights.weights(count: group.names.count, exponentMilli: group.zipfMilli)
        let byMonth = group.monthTokens.map { Apportionment.largestRemainder(of: UInt128($0), weights: sizes) }
        return group.names.enumerated().map { index, name in
            var random = MarketRandom(seed: description.seed, path: "\(provider)/\(group.kind.name)/\(name)")
            let days = months.indices.flatMap { month in
                apportion(UInt64(byMonth[month][index]), dayWeights(of: months[month], &random))
            }
            var routes: [PlannedTenant.Route] = []
            let eras = group.models.map { era in
                let first = routes.count
                routes += self.routes(of: group, models: era.models, provider: provider, tenant: name, &random)
                let days = monthStarts[era.months.lowerBound]..<monthStarts[era.months.upperBound]
                return PlannedTenant.Era(days: days, routes: first..<routes.count)
            }
            return PlannedTenant(
                provider: provider, name: name, kind: group.kind, eventsPerDay: Int(group.eventsPerDay),
                hours: group.hours ?? description.rhythm.hours, dayTokens: days, routes: routes, eras: eras,
                random: random)
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

    /// Combinations of model, region and workload, drawn by weights; some may be the same.
    private func routes(
        of group: TenantGroup, models: [WeightedName], provider: String, tenant: String, _ random: inout MarketRandom
    ) -> [PlannedTenant.Route] {
        Self.routeWeights.map { _ in
            let modelName = pick(models, &random)
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
