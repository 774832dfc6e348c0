internal import TextFormats
import UsageModel

@testable import Scopes

/// The plainest evaluation of a scope: slow, and knowing nothing of segments, effective-dated maps and granularities.
struct FactOracle {
    let market: FactOracleTests.Market
    let scope: Scope
    private var result = Result()
    /// By tenant, month and price.
    private var waiting: [[String]: [Bill]] = [:]

    /// Tokens at a price with an allowance.
    private struct Bill {
        var tokens: Int128
        var price: FactRecord
        var call: FactOracleTests.Call
    }

    struct Result {
        var counted: [String: Int128] = [:]
        var unmapped: Int128 = 0
        var unpriced: Int128 = 0
    }

    init(market: FactOracleTests.Market, scope: Scope) {
        self.market = market
        self.scope = scope
    }

    func evaluate() -> Result {
        var oracle = self
        oracle.addImported()
        for call in market.calls { oracle.add(call) }
        oracle.settle()
        return oracle.result
    }

    private enum Verdict: Int { case inside, outside, unknown }

    private func verdict(_ call: FactOracleTests.Call) -> Verdict {
        var verdicts: [Verdict] = []
        if let layers = scope.filters.layers { verdicts.append(layers.contains(call.layer) ? .inside : .outside) }
        if let markets = scope.filters.markets {
            let found = market.record(.regions, [call.provider, call.region], on: call.day)?.content[0]
            verdicts.append(
                found.map { text in markets.contains { $0.rawValue == text } ? .inside : .outside } ?? .unknown)
        }
        if let origins = scope.filters.origins {
            let maker = market.record(.models, [call.model], on: call.day)?.content[1]
            let owner = market.record(.providers, [call.provider], on: call.day)?.content[0]
            if let maker, let owner {
                let origin: ModelOrigin = maker == owner ? .selfDeveloped : .resold
                verdicts.append(origins.contains(origin) ? .inside : .outside)
            } else {
                verdicts.append(.unknown)
            }
        }
        if verdicts.contains(.outside) { return .outside }
        return verdicts.contains(.unknown) ? .unknown : .inside
    }

    private func entity(_ call: FactOracleTests.Call) -> String? {
        let model = market.record(.models, [call.model], on: call.day)?.content
        return switch scope.entity {
        case .provider: call.provider
        case .model: call.model
        case .developer: model?[0]
        case .family: model?[2]
        }
    }

    private mutating func add(_ call: FactOracleTests.Call) {
        if let entity = entity(call) { result.counted[entity, default: 0] += 0 }
        let (amount, unpriced) = amount(call)
        count(amount, call)
        let isCounted = scope.filters.kinds?.contains(call.kind) ?? true
        if verdict(call) == .inside, isCounted { result.unpriced += unpriced }
    }

    private mutating func count(_ amount: Int128, _ call: FactOracleTests.Call) {
        let isCounted = scope.filters.kinds?.contains(call.kind) ?? true
        let (verdict, entity) = (verdict(call), entity(call))
        if verdict == .unknown || (verdict == .inside && entity == nil) { result.unmapped += amount }
        if verdict == .inside, isCounted, let entity { result.counted[entity, default: 0] += amount }
    }

    private func order(of bill: Bill) -> [String] {
        ["\(bill.call.kind.rawValue)", "\(verdict(bill.call).rawValue)", entity(bill.call) ?? ""]
    }

    /// What was used at prices with an allowance: free tokens are taken kind by kind, what counts first.
    private mutating func settle() {
        for bills in Array(waiting.values) {
            var free = bills.first.flatMap { Int128($0.price.content[3]) } ?? 0
            let oracle = self
            let sorted = bills.sorted { oracle.order(of: $0).lexicographicallyPrecedes(oracle.order(of: $1)) }
            for bill in sorted {
                let taken = min(free, bill.tokens)
                free -= taken
                count(cost(bill.tokens - taken, bill.price, bill.call), bill.call)
            }
        }
    }

    private mutating func amount(_ call: FactOracleTests.Call) -> (amount: Int128, unpriced: Int128) {
        switch scope.measure {
        case .tokens: return (call.counts.input + call.counts.output, 0)
        case .requests: return (call.counts.requests, 0)
        default: break
        }
        let month = Period.month(of: CalendarDate(days: call.day))
        if usesImported, market.record(.revenue, [call.provider, call.layer.name], on: call.day) != nil {
            return (0, 0)
        }
        guard call.layer == .maas else { return (0, call.counts.total) }
        func price(_ type: String) -> FactRecord? {
            market.record(.prices, [call.provider, call.model, call.workload.name, type, "", ""], on: call.day)
                ?? market.record(.prices, [call.provider, call.model, "", type, "", ""], on: call.day)
        }
        var (amount, unpriced): (Int128, Int128) = (0, 0)
        for (whole, part, type, subtype) in [
            (call.counts.input, call.counts.cachedInput, "input", "cached-input"),
            (call.counts.output, call.counts.reasoningOutput, "output", "reasoning-output"),
        ] {
            let special = part > 0 ? price(subtype) : nil
            for (tokens, found) in [
                (special == nil ? 0 : part, special), (special == nil ? whole : whole - part, price(type)),
            ]
            where tokens > 0 {
                guard let found else {
                    unpriced += tokens
                    continue
                }
                if found.content[3].isEmpty {
                    amount += cost(tokens, found, call)
                } else {
                    let key = ["\(call.tenant)", "\(month)"] + found.subject + found.content
                    waiting[key, default: []].append(Bill(tokens: tokens, price: found, call: call))
                }
            }
        }
        return (amount, unpriced)
    }

    /// In 10^-20 of a yuan.
    private func cost(_ tokens: Int128, _ price: FactRecord, _ call: FactOracleTests.Call) -> Int128 {
        guard let units = DecimalText.parse(price.content[1], decimals: 6, wholeDigits: 9) else { return 0 }
        let perMillion = Int128(price.content[2] == "1000" ? units * 1_000 : units)
        return tokens * perMillion * rate(price.content[0], call.day)
    }

    /// In 10^-8.
    private func rate(_ currency: String, _ day: Int64) -> Int128 {
        if currency == "CNY" { return 100_000_000 }
        let text = market.record(.rates, [currency, "CNY"], on: day)?.content[0] ?? ""
        return Int128(DecimalText.parse(text, decimals: 8, wholeDigits: 9) ?? 0)
    }

    private var usesImported: Bool {
        scope.entity == .provider && scope.filters.markets == nil && scope.filters.origins == nil
    }

    private mutating func addImported() {
        guard scope.measure == .revenue, usesImported else { return }
        for record in market.records where record.kind == .revenue {
            let isCounted = scope.filters.layers?.contains { $0.name == record.subject[1] } ?? true
            let units = DecimalText.parse(record.content[0], decimals: 6, wholeDigits: 15) ?? 0
            let amount = Int128(units) * 1_000_000 * rate(record.content[1], record.effectiveFrom.days)
            result.counted[record.subject[0], default: 0] += isCounted ? amount : 0
        }
    }
}
