import Foundation
import Scopes
import ScopesTestSupport
import TestSupport
import Testing
import UsageModel

@testable import Market

@Suite struct ChinaMarketTests {
    /// Simulated once for all tests of the suite.
    static let simulated = Result {
        let simulator = MarketSimulator(try MarketDescription.builtIn("china-2025-h1"))
        var events = try simulator.events()
        events.skipAll()
        return (simulator: simulator, totals: events.totals)
    }

    static func shareTable(_ scope: String) throws -> ShareTable {
        let totals = try simulated.get().totals
        let rows = totals.counts.map { key, counts in
            ScopeSumRow(provider: key.provider, tenantKind: key.kind, counts: SignedTokenCounts(counts))
        }
        return try ShareTable(
            scope: ScopeCatalogue.builtIn().scope(scope), period: Period("2025-H1"), sums: rows)
    }

    @Test func `every total is reached to the token`() throws {
        let (simulator, totals) = try Self.simulated.get()
        #expect(simulator.providers == ["volcengine", "aliyun", "baidu-cloud", "other-clouds"])
        for (key, tokens) in simulator.expectedTokens {
            #expect(totals.tokens(provider: key.provider, kind: key.kind) == tokens, "\(key)")
        }
        #expect(totals.tokens == simulator.expectedTokens.values.reduce(0, +))
    }

    @Test(.enabled(if: PublishedFigures.isPresent)) func `the published shares come out under IDC`() throws {
        let facts = try PublishedFigures.read()
        let table = try Self.shareTable("idc")
        #expect(table.denominator == (try facts.total("idc", "2025-H1")))
        let shares = try facts.shares("idc", "2025-H1")
        var published = shares.shares.mapValues(PublishedFigures.printed)
        published["other-clouds"] = PublishedFigures.printed(try #require(shares.others))
        let figures = Dictionary(uniqueKeysWithValues: zip(table.rows.map(\.entity), table.percentages()))
        #expect(figures == published)
        for row in table.rows {
            // Not just to the published decimal: the simulated shares are exact.
            #expect(row.share.percent(decimals: 6) == published[row.entity].map { $0 + "00000" })
        }
    }

    @Test func `with own business counted, the shares are others`() throws {
        let idc = try Self.shareTable("idc")
        let all = try Self.shareTable("all-traffic")
        for (external, everything) in zip(idc.rows, all.rows) {
            let before = try #require(external.share.percent(decimals: 1))
            #expect(all[external.entity]?.share.percent(decimals: 1) != before)
            #expect(everything.numerator > external.numerator)
        }
        #expect(all.total.ownBusiness > 5 * all.total.external)
    }

    @Test func `there is an unclassified tail that no share counts`() throws {
        let table = try Self.shareTable("idc")
        for row in table.rows {
            #expect(row.unclassified > 0 && row.unclassified * 20 < row.external)
            #expect(row.numerator == row.external)
            #expect(row.otherKinds > 0)
        }
    }

    @Test func `it is small enough for a quick start`() throws {
        let totals = try Self.simulated.get().totals
        #expect((100_000...200_000).contains(totals.events), "\(totals.events) events")
    }

    @Test func `Volcengine serves about what Doubao published for May`() throws {
        // 16.4 trillion a day, all traffic: met within a twentieth, from the months of the two large groups.
        let description = try MarketDescription.builtIn("china-2025-h1")
        let provider = try #require(description.providers.first { $0.name == "volcengine" })
        let may = provider.groups.reduce(0 as UInt128) { $0 + UInt128($1.monthTokens[4]) }
        let perDay = TokenText.perDay(may, days: 31)
        #expect(perDay > 15_600_000_000_000 && perDay < 17_200_000_000_000, "\(perDay)")
    }

    @Test func `months grow throughout the half year`() throws {
        let description = try MarketDescription.builtIn("china-2025-h1")
        for group in description.providers.flatMap(\.groups) {
            #expect(group.monthTokens.count == 6)
            #expect(zip(group.monthTokens, group.monthTokens.dropFirst()).allSatisfy { $0 < $1 })
        }
    }
}
