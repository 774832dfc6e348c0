internal import HTTPSupport
internal import Postgres
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

/// `GET /v1/usage` as the caller asked it, decoded and validated.
struct UsageQuestion {
    var query: UsageQuery
    /// The span as the caller named it.
    var name: String

    static let parameters = [
        "period", "from", "to", "zone", "bucket", "group-by", "provider", "tenant", "model", "region", "layer",
        "workload", "modality", "kind", "as-known-at", "wait-for", "top", "limit",
    ]

    init(_ parameters: QueryParameters, calendar: ZoneRules, caller: TokenRecord) throws(Problem) {
        let zone = try Self.zone(parameters, calendar: calendar)
        let span = try Self.span(parameters, zone: zone)
        let buckets = UsageBucket.allCases.filter { $0 != .none }.map(\.rawValue)
        let bucket = try parameters.value("bucket", allowed: buckets) { $0 == "none" ? nil : UsageBucket(rawValue: $0) }
        let top = try parameters.integer("top", in: 1...Int64(APILimits.maxTopRows))
        if top != nil, bucket != nil {
            throw .badParameter(
                "top", detail: "finds the rows with the most tokens of the whole period: leave out bucket")
        }
        let limit = try parameters.integer("limit", in: 1...Int64(APILimits.maxUsageRows))
        name = span.name
        query = UsageQuery(
            from: span.from, to: span.to, zone: zone, bucket: bucket ?? .none,
            groupBy: try parameters.list(
                "group-by", allowed: UsageDimension.allCases.map(\.rawValue), parse: UsageDimension.init(rawValue:)),
            filters: try Self.filters(parameters, caller: caller), visibility: caller.visibility,
            knownAt: try parameters.knownAt(), top: top.map(Int.init),
            maxRows: limit.map(Int.init) ?? APILimits.defaultUsageRows)
    }

    private static func zone(_ parameters: QueryParameters, calendar: ZoneRules) throws(Problem) -> ZoneRules {
        guard let text = parameters["zone"], text != calendar.identifier else { return calendar }
        guard let zone = ZoneRules(identifier: text) else {
            throw .badParameter(
                "zone", detail: "is no zone that this system knows; give an IANA name such as Asia/Shanghai or UTC")
        }
        return zone
    }

    /// The seconds of `period`, or of `from` and `to`, which may be dates of the zone or times.
    private static func span(
        _ parameters: QueryParameters, zone: ZoneRules
    ) throws(Problem) -> (from: Int64, to: Int64, name: String) {
        if parameters["period"] == nil, let from = parameters["from"], let to = parameters["to"],
            from.utf8.count > 10 || to.utf8.count > 10
        {
            let (first, last) = (try second(from, of: "from", in: zone), try second(to, of: "to", in: zone))
            guard first < last else { throw .badParameter("to", detail: "must come after from") }
            return (first, last, "\(from)/\(to)")
        }
        let period = try parameters.period()
        let seconds = period.seconds(in: zone)
        return (seconds.lowerBound, seconds.upperBound, period.description)
    }

    private static func second(_ text: String, of name: String, in zone: ZoneRules) throws(Problem) -> Int64 {
        if let date = CalendarDate(text) { return zone.startOfDay(date) }
        // Usage is kept by minute: a bound within one would count all of it or none.
        guard let time = RFC3339.parse(text), time.microseconds % 60_000_000 == 0 else {
            throw .badParameter(
                name, detail: "must be a date (2025-06-01) or a time on a whole minute (2025-06-01T08:00:00+08:00)")
        }
        return time.seconds
    }

    private static func filters(
        _ parameters: QueryParameters, caller: TokenRecord
    ) throws(Problem) -> UsageFilters {
        func names(_ name: String) throws(Problem) -> [String]? {
            let list = try parameters.list(name)
            return list.isEmpty ? nil : list
        }
        func values<Value>(_ name: String, _ all: [(String, Value)]) throws(Problem) -> [Value]? {
            let list = try parameters.list(name, allowed: all.map(\.0)) { text in all.first { $0.0 == text }?.1 }
            return list.isEmpty ? nil : list
        }
        let providers = try names("provider")
        try caller.checkProviders(providers)
        return UsageFilters(
            providers: providers, tenants: try names("tenant"), models: try names("model"),
            regions: try names("region"), layers: try values("layer", Layer.allCases.map { ($0.name, $0) }),
            workloads: try values("workload", Workload.allCases.map { ($0.name, $0) }),
            modalities: try values("modality", Modality.allCases.map { ($0.name, $0) }),
            kinds: try values("kind", TenantKind.allCases.map { ($0.name, $0) }))
    }
}

extension TokenRecord {
    /// Refuses a filter on providers that the token may not see: an empty answer would look like a figure.
    func checkProviders(_ asked: [String]?) throws(Problem) {
        guard let provider, let asked, asked != [provider] else { return }
        throw .forbidden("The token is bound to the provider \(provider) and sees no other.", code: "bound-token")
    }
}
