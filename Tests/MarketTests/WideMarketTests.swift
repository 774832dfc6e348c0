import Scopes
import Testing
internal import TextFormats
import UsageModel

@testable import Market

/// What a description of 2024 and 2025 needs: totals by span, several groups of a kind, models that follow one another,
/// a provider's daily averages, and facts.
@Suite struct WideMarketTests {
    static let yaml = """
        id: wide
        version: 1
        title: {en: Wide, zh: 宽}
        seed: 3
        period: 2024-11-01/2025-03-01
        zone: Asia/Shanghai
        rhythm:
          months: [1, 2, 3, 4]
          weekdays: [1, 1, 1, 1, 1, 1, 1]
          hours: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
        models:
          old: {modality: text, output: 10, cached: 0, reasoning: 0, tokens-per-request: 1000, varies: 0}
          new:
            {modality: text, output: 20, cached: 0, reasoning: 0, tokens-per-request: 1000, varies: 0,
             developer: alpha-lab, group: alpha-group, family: alphas, weights: open, tier: flagship}
        providers:
          alpha:
            company: Alpha Ltd
            group: alpha-group
            markets: {north: cn-mainland, abroad: overseas}
            models: {2024-11-01/2025-01-01: {old: 1}, 2025-01-01/2025-03-01: {new: 1}}
            regions: {north: 1}
            hours: [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
            tenants:
              external-customer:
                - {count: 2, events-per-day: 1, tokens: {2024-11-01/2025-01-01: 3_000_000, 2025-01-01/2025-03-01: 7_000_001}}
                - {prefix: abroad, count: 1, events-per-day: 1, regions: {abroad: 1}, tokens: {2025-02: 5_000}}
              own-business: {names: [app], events-per-day: 1, rest-of-daily: [100_000, 100_000, 200_000, 400_000]}
              affiliate: {count: 1, events-per-day: 1, layer: paas, multiple: "0.01"}
            revenue:
              currency: CNY
              maas: {2024-11-01/2025-01-01: "100.01"}
              customisation: {2025-02: "7"}
            tenders: {currency: CNY, 2025-01-01/2025-03-01: {number: 8, amount: "70.5"}}
            private-deployments: {new: {2025-02: 12}}
          beta:
            company: Beta Ltd
            revenue: {currency: USD, iaas: {2025-02: "12.5"}}
        prices:
          - {provider: alpha, model: new, currency: CNY, per: 1_000, from: 2025-01-01, to: 2025-02-01,
             input: "0.0008", output: "0.002", workload: batch, free-tokens: 500, reason: list}
        rates:
          - {from: USD, to: CNY, source: bank, months: {2024-11-01/2025-01-01: "7.1", 2025-02: "7.25"}}
        reference-totals:
          - {name: whole, period: 2025-Q1, scope: idc, value: 12_000, unit: tokens, precision: 1_000, source: us,
             as-of: 2025-04-01}

        """

    static func simulator() throws -> MarketSimulator {
        MarketSimulator(try MarketDescription.parse(yaml, file: "wide.yaml"))
    }

    @Test func `spans are divided by the weights of their months`() throws {
        let alpha = try #require(try Self.simulator().description.providers.first)
        let external = alpha.groups.filter { $0.kind == .externalCustomer }
        #expect(external.map(\.monthTokens) == [[1_000_000, 2_000_000, 3_000_000, 4_000_001], [0, 0, 0, 5_000]])
        #expect(external.map(\.names) == [["customer-0001", "customer-0002"], ["abroad-0001"]])
        // A hundredth of all external tokens of the provider: 10,005,001.
        let affiliate = try #require(alpha.groups.first { $0.kind == .affiliate })
        #expect(affiliate.tokens == 100_050)
    }

    @Test func `one group uses what the others leave of the days`() throws {
        let ledger = try SimulatedLedger(Self.simulator())
        let months = ledger.tokens(by: \.month) { $0.provider == "alpha" }
        // Days of the month times tokens a day.
        let expected: [String: UInt128] = [
            "2024-11": 3_000_000, "2024-12": 3_100_000, "2025-01": 6_200_000, "2025-02": 11_200_000,
        ]
        #expect(months == expected)
        #expect(ledger.rows.keys.contains { $0.kind == "own-business" && $0.month == "2025-02" })
    }

    @Test func `models follow one another and their output is exact where it does not vary`() throws {
        let ledger = try SimulatedLedger(Self.simulator())
        for (key, tokens) in ledger.rows where tokens > 0 {
            #expect(key.model == (key.month < "2025" ? "old" : "new"))
            let percent: UInt128 = key.model == "old" ? 10 : 20
            let output = ledger.output[key] ?? 0
            // Less than a token is lost in each of at most 31 days of three tenants.
            #expect(output * 100 <= tokens * percent && (output + 93) * 100 > tokens * percent)
        }
    }

    @Test func `nothing is called in hours that weigh nothing`() throws {
        var bytes: [UInt8] = []
        try Self.simulator().write { bytes += $0 }
        let hours = try Set(EventLine.decode(bytes).compactMap { Int($0.time.dropFirst(11).prefix(2)) })
        // From eight in the morning to midnight in Shanghai.
        #expect(hours.isSubset(of: Set(0...15)) && hours.count > 8)
    }

    /// The lines of each kind's file, without the header; `#` stands for where the description's own facts come from.
    static let factsLines: [(kind: String, lines: String)] = [
        ("providers", "alpha,alpha-group,2024-11-01,,#"),
        ("models", "new,alpha-lab,alpha-group,alphas,open,flagship,2024-11-01,,#"),
        ("regions", "alpha,north,cn-mainland,2024-11-01,,# alpha,abroad,overseas,2024-11-01,,#"),
        (
            "revenue",
            "alpha,2024-11,maas,33.34,CNY,# alpha,2024-12,maas,66.67,CNY,# alpha,2025-02,customisation,7.00,CNY,# "
                + "beta,2025-02,iaas,12.50,USD,#"
        ),
        ("tenders", "alpha,2025-01,3,30.21,CNY,# alpha,2025-02,5,40.29,CNY,#"),
        ("private-deployments", "alpha,new,2025-02,12,#"),
        ("reference-totals", "whole,2025-Q1,idc,12000,tokens,1000,us,2025-04-01"),
        (
            "prices",
            "alpha,new,batch,input,,,CNY,0.0008,1000,500,2025-01-01,2025-02-01,list "
                + "alpha,new,batch,output,,,CNY,0.002,1000,500,2025-01-01,2025-02-01,list"
        ),
        ("rates", "2024-11,USD,CNY,7.1,bank 2024-12,USD,CNY,7.1,bank 2025-02,USD,CNY,7.25,bank"),
    ]

    @Test func `every kind of facts is written out`() throws {
        let files = try Self.simulator().factsFiles
        #expect(files.map(\.kind) == Self.factsLines.map(\.kind))
        for (file, expected) in zip(files, Self.factsLines.map(\.lines)) {
            let lines = file.csv.split(separator: "\r\n").dropFirst().joined(separator: " ")
            #expect(lines.replacing("simulated market wide", with: "#") == expected, "\(file.kind)")
        }
    }

    @Test func `a provider that serves nobody has no events`() throws {
        let simulator = try Self.simulator()
        #expect(simulator.providers == ["alpha"])
        #expect(throws: UnknownProvider.self) { try simulator.events(of: "beta") }
    }

    /// What is replaced, by what, and the line, key and part of the message that must come out.
    static let broken: [(String, String, Int, String, String)] = [
        ("2025-02: 5_000}", "2025-03: 5_000}", 27, "tenants.external-customer[1].tokens.2025-03", "whole months of"),
        ("2025-02: 5_000}", "2025-02-30: 5_000}", 27, "tenants.external-customer[1].tokens.2025-02-30", "not a period"),
        (
            "{2025-02: 5_000}", "{2025-02: 5_000, 2025-01-01/2025-03-01: 1}", 27,
            "tenants.external-customer[1].tokens.2025-01-01/2025-03-01", "another key as well"
        ),
        (
            "tokens: {2025-02: 5_000}", "rest-of-daily: [1, 1, 1, 1]", 27,
            "tenants.external-customer[1].rest-of-daily", "isn't for external customers"
        ),
        ("    regions: {north: 1}\n", "", 25, "tenants.external-customer[0].regions", "neither the provider nor"),
        ("prefix: abroad,", "prefix: customer,", 25, "tenants.external-customer", "in another group as well"),
        (
            "rest-of-daily: [100_000,", "rest-of-daily: [10_000,", 28, "tenants.own-business",
            "the other groups alone use"
        ),
        ("[100_000, 100_000, 200_000, 400_000]", "[100_000]", 28, "tenants.own-business.rest-of-daily", "list of 4"),
        ("rest-of-daily", "tokens: 5, rest-of-daily", 28, "tenants.own-business.tokens", "doesn't go with"),
        (
            "{new: 1}}\n    regions", "{new: 1}, 2024-11: {old: 1}}\n    regions", 21, "models.2024-11",
            "another key as well"
        ),
        (
            "{2024-11-01/2025-01-01: {old: 1}, ", "{", 26, "tenants.external-customer[0].models",
            "says nothing of 2024-11"
        ),
        ("north: cn-mainland", "north: mars", 20, "markets.north", "use one of cn-mainland, overseas"),
        ("\"100.01\"", "\"100.015\"", 32, "revenue.maas.2024-11-01/2025-01-01", "no amount"),
        ("customisation: {2025-02", "consulting: {2025-02", 33, "revenue.consulting", "unknown key"),
        ("number: 8", "number: -8", 34, "tenders.2025-01-01/2025-03-01.number", "whole number"),
        ("2025-01-01/2025-03-01: {number: 8, amount: \"70.5\"}", "2025-01: ", 34, "tenders.2025-01", "is missing"),
        ("private-deployments: {new", "private-deployments: {newer", 35, "private-deployments.newer", "not among"),
        ("developer: alpha-lab, ", "", 14, "models.new.developer", "is missing"),
        ("weights: open", "weights: ajar", 15, "models.new.weights", "use one of open, closed"),
        ("model: new, currency", "model: knew, currency", 40, "prices[0].model", "not among"),
        ("per: 1_000,", "per: 2_000,", 40, "prices[0].per", "1_000 or 1_000_000"),
        ("to: 2025-02-01,", "to: 2025-01-01,", 40, "prices[0].to", "must come after"),
        ("input: \"0.0008\", output: \"0.002\", ", "", 40, "prices[0].input", "give a price of"),
        ("currency: CNY, per", "currency: Yuan, per", 40, "prices[0].currency", "no currency"),
        ("2025-02: \"7.25\"", "2025-02: \"7,25\"", 43, "rates[0].months.2025-02", "no decimal"),
        ("as-of: 2025-04-01", "as-of: 2025-04-31", 46, "reference-totals[0].as-of", "no day"),
    ]

    @Test(arguments: broken.indices)
    func `a mistake is named by line and key`(index: Int) throws {
        let (good, bad, line, field, part) = Self.broken[index]
        try #require(Self.yaml.contains(good))
        let text = Self.yaml.replacing(good, with: bad, maxReplacements: 1)
        let error = try #require(throws: FileProblems.self) { try MarketDescription.parse(text, file: "wide.yaml") }
        let match = error.problems.first { ($0.field ?? "").hasSuffix(field) && $0.message.contains(part) }
        #expect(match != nil, "\(error)")
        #expect(match?.line == line, "\(error)")
    }
}
