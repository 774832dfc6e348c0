import Scopes
import Testing
internal import TextFormats
import UsageModel

@testable import Market

@Suite struct MarketSimulatorTests {
    static func simulator(_ change: (String) -> String = { $0 }) throws -> MarketSimulator {
        MarketSimulator(try MarketDescription.parse(change(SmallMarket.yaml), file: "small.yaml"))
    }

    static func bytes(_ simulator: MarketSimulator, provider: String? = nil) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try simulator.write(provider: provider) { bytes += $0 }
        return bytes
    }

    @Test func `the same seed gives the same bytes and another gives others`() throws {
        let first = try Self.bytes(Self.simulator())
        #expect(try Self.bytes(Self.simulator()) == first)
        let other = try Self.simulator { $0.replacing("seed: 7", with: "seed: 8") }
        #expect(try Self.bytes(other) != first)
        #expect(other.expectedTokens == (try Self.simulator()).expectedTokens)
    }

    @Test func `bytes stay the same from version to version`() throws {
        // FNV-1a over all events, noted when the format was young.
        let digest = try Self.bytes(Self.simulator()).reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3
        }
        #expect(digest == 0xAEAE_96EA_1C13_6F39)
    }

    @Test func `totals are reached to the token`() throws {
        let simulator = try Self.simulator()
        let totals = try simulator.write { _ in }
        for (key, tokens) in simulator.expectedTokens {
            #expect(totals.tokens(provider: key.provider, kind: key.kind) == tokens, "\(key)")
        }
        let external = simulator.providers.reduce(0 as UInt128) {
            $0 + totals.tokens(provider: $1, kind: .externalCustomer)
        }
        #expect(external == 1_000_000_000_007)
        #expect(totals.tokens(provider: "alpha", kind: .unclassified) == 1_234_567)
        #expect(totals.counts.count == simulator.expectedTokens.count)
        var unwritten = try simulator.events()
        unwritten.skipAll()
        #expect(unwritten.totals.events == totals.events && unwritten.totals.counts == totals.counts)
    }

    @Test func `the lines say what the totals say`() throws {
        let simulator = try Self.simulator()
        var bytes: [UInt8] = []
        let totals = try simulator.write { bytes += $0 }
        let events = try EventLine.decode(bytes)
        #expect(events.count == totals.events && bytes.count == totals.bytes)
        #expect(events.reduce(0 as UInt128) { $0 + $1.tokens } == totals.tokens)
        #expect(
            events.reduce(0 as UInt128) { $0 + UInt128($1.requests) }
                == totals.counts.values.reduce(0) { $0 + $1.requests })
        for event in events {
            #expect(event.inputTokens <= Limits.maxTokensPerField && event.outputTokens <= Limits.maxTokensPerField)
            #expect(event.requests >= 1 && event.requests <= Limits.maxRequestsPerEvent)
            #expect(event.cachedInputTokens <= event.inputTokens)
            #expect(event.reasoningOutputTokens <= event.outputTokens)
            #expect(event.model != "m-embed" || event.outputTokens == 0)
        }
        #expect(Set(events.map(\.workload)) == ["online", "batch"])
        #expect(Set(events.filter { $0.tenant.hasPrefix("affiliate") }.map(\.layer)) == ["paas"])
    }

    @Test func `events are in order of time and inside the period`() throws {
        let times = try EventLine.decode(Self.bytes(Self.simulator())).map(\.time)
        #expect(times == times.sorted())
        // Midnight in Shanghai is 16:00 of the day before in UTC.
        #expect(try #require(times.first) >= "2024-12-31T16:00:00Z")
        #expect(try #require(times.last) < "2025-03-31T16:00:00Z")
    }

    @Test func `a provider alone has the events that it has among others`() throws {
        let simulator = try Self.simulator()
        let all = try Self.bytes(simulator)
        let merged = all.split(separator: 0x0A)
        for provider in simulator.providers {
            let own = "\"provider\":\"\(provider)\""
            let among = merged.filter { String(decoding: $0, as: UTF8.self).contains(own) }
            #expect(try Self.bytes(simulator, provider: provider).split(separator: 0x0A) == among)
        }
        #expect(throws: UnknownProvider.self) { try simulator.events(of: "gamma") }
    }

    @Test func `months weigh what the description says`() throws {
        let events = try EventLine.decode(Self.bytes(Self.simulator(), provider: "beta"))
        var months: [String: UInt128] = [:]
        for event in events where event.tenant.hasPrefix("customer") {
            let second = try Self.second(of: event.time)
            let shanghai = try #require(ZoneRules(identifier: "Asia/Shanghai"))
            months[String(shanghai.date(atSecond: second).description.prefix(7)), default: 0] += event.tokens
        }
        let total = months.values.reduce(0, +)
        let parts = Apportionment.largestRemainder(of: total, weights: [1, 2, 3])
        #expect(months == ["2025-01": parts[0], "2025-02": parts[1], "2025-03": parts[2]])
        #expect(events.filter { $0.tenant.hasPrefix("affiliate") }.allSatisfy { $0.time >= "2025-02-28T16:00" })
    }

    @Test func `what exceeds the limit of a field becomes several events`() throws {
        let simulator = try Self.simulator {
            $0.replacing("external-total: 1_000_000_000_007", with: "external-total: 9_000_000_000_000_007")
        }
        let events = try EventLine.decode(Self.bytes(simulator, provider: "beta"))
        #expect(events.allSatisfy { $0.tokens <= UInt128(Limits.maxTokensPerField) })
        let expected = simulator.expectedTokens.reduce(0) { $1.key.provider == "beta" ? $0 + $1.value : $0 }
        #expect(events.reduce(0 as UInt128) { $0 + $1.tokens } == expected)
    }

    @Test func `zones with clock changes keep days whole`() throws {
        let simulator = try Self.simulator { $0.replacing("zone: Asia/Shanghai", with: "zone: Europe/Berlin") }
        let totals = try simulator.write { _ in }
        #expect(totals.tokens == simulator.expectedTokens.values.reduce(0, +))
        let last = try #require(try EventLine.decode(Self.bytes(simulator)).last)
        #expect(last.time < "2025-03-31T22:00:00Z")
    }

    @Test func `the registry names everyone but the unclassified and reads back`() throws {
        let simulator = try Self.simulator()
        let entries = try FactFile.parse(Array(simulator.registryCSV.utf8), kind: .tenants, file: "registry.csv")
        #expect(entries == simulator.registry)
        #expect(entries.count == 9 + 2 + 5 + 2)
        #expect(entries.first { $0["tenant"] == "alpha-app" }?["legal_entity"] == "Alpha Ltd")
        #expect(!entries.contains { $0["kind"] == "unclassified" || $0["tenant"].hasPrefix("unknown") })
        #expect(entries.allSatisfy { $0.effectiveFrom == CalendarDate("2025-01-01") })
    }

    @Test func `progress runs to the end`() throws {
        var events = try Self.simulator().events()
        var buffer: [UInt8] = []
        while events.next(into: &buffer, maxEvents: 100) > 0 { buffer.removeAll(keepingCapacity: true) }
        #expect(events.daysDone == events.dayCount)
        #expect(events.dayCount == 90)
    }

    private static func second(of time: String) throws -> Int64 {
        let date = try #require(CalendarDate(String(time.prefix(10))))
        let clock = time.dropFirst(11).dropLast().split(separator: ":").compactMap { Int64($0) }
        try #require(clock.count == 3)
        return date.days * 86_400 + clock[0] * 3_600 + clock[1] * 60 + clock[2]
    }
}
