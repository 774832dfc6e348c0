import TestSupport
import Testing
internal import TextFormats
import UsageModel

@testable import Scopes

@Suite struct InflectionTests {
    /// A series of equally long steps.
    static func points(_ amounts: [Int128], days: Int = 30) -> [Inflection] {
        Inflection.points(in: amounts.map { Inflection.Step(amount: $0, days: days) })
    }

    /// A geometric series whose factor is `before` up to the step at `turn` and `after` from there on, in integers.
    static func broken(
        start: Int128, steps: Int, turn: Int, before: Ratio, after: Ratio
    ) -> [Int128] {
        var amounts = [start]
        for index in 1..<steps {
            let factor = index < turn ? before : after
            amounts.append(amounts[index - 1] * Int128(factor.numerator) / Int128(factor.denominator))
        }
        return amounts
    }

    @Test func `growth that jumps is found where it jumps`() {
        let found = Self.points([100, 110, 121, 242, 484, 968])
        #expect(found.map(\.index) == [3] && found.map(\.isProvisional) == [false])
        #expect(found[0].acceleration(decimals: 2) == "1.82")
        // The last step may turn out to be an outlier.
        let last = Self.points([100, 110, 121, 242])
        #expect(last.map(\.index) == [3] && last.map(\.isProvisional) == [true])
    }

    @Test func `a take-off is a quarter more growth for more than one step`() {
        #expect(Self.points([]).isEmpty && Self.points([5]).isEmpty && Self.points([5, 500]).isEmpty)
        #expect(Self.points([0, 0, 0, 0]).isEmpty && Self.points([0, 7, 700, 70_000]).isEmpty)
        #expect(Self.points([0, 7, 7, 700, 70_000]).map(\.index) == [3])
        // One month that sticks out, and one that is missing: neither is a take-off.
        #expect(Self.points([10, 10, 30, 10, 10, 10]).isEmpty)
        #expect(Self.points([10, 10, 0, 10, 10]).isEmpty)
        #expect(Self.points([10, 10, 1, 10, 10]).isEmpty)
        // A quarter more growth is the least, and it counts.
        #expect(Self.points([64, 64, 80, 100]).map(\.index) == [2])
        #expect(Self.points([640, 640, 799, 1_000]).isEmpty)
        // Decline that eases is no growth.
        #expect(Self.points([10_000, 1_000, 900, 890]).isEmpty)
        // Growth that builds up over two steps turns where it changes most.
        #expect(Self.points([100, 100, 130, 260, 520]).map(\.index) == [3])
        let huge = Int128.max
        #expect(Self.points([huge / 9, huge / 9, huge / 3, huge]).map(\.index) == [2])
    }

    /// A February isn't slower for being short: amounts are compared per day.
    @Test func `steps of different length are compared per day`() {
        let series = [(31, 31), (28, 28), (31, 31), (30, 30), (31, 31)].map {
            Inflection.Step(amount: Int128($0.1 * 1_000), days: $0.0)
        }
        #expect(Inflection.points(in: series).isEmpty)
        let half = [
            Inflection.Step(amount: 366, days: 366), .init(amount: 181, days: 181), .init(amount: 184, days: 184),
        ]
        #expect(Inflection.points(in: half).isEmpty)
    }

    @Test func `a geometric series has no inflection, and a planted break one`() {
        withSeeds(300) { seed, random in
            let steps = Int.random(in: 5...16, using: &random)
            let turn = Int.random(in: 2..<(steps - 1), using: &random)
            // Up to 1.2 before and at least 1.6 after; amounts so large that rounding down them changes nothing.
            let before = Ratio(UInt128.random(in: 100...120, using: &random), over: 100)
            let after = Ratio(UInt128.random(in: 160...300, using: &random), over: 100)
            let start = Int128.random(in: 1_000_000_000_000...9_000_000_000_000, using: &random)
            let days = Int.random(in: 1...184, using: &random)
            let plain = Self.broken(start: start, steps: steps, turn: steps, before: before, after: after)
            #expect(Self.points(plain, days: days).isEmpty, "seed \(seed)")
            let planted = Self.broken(start: start, steps: steps, turn: turn, before: before, after: after)
            #expect(Self.points(planted, days: days).map(\.index) == [turn], "seed \(seed): \(planted)")
        }
    }

    @Test func `the unit of the amounts does not matter`() {
        withSeeds(200) { seed, random in
            let series = (0..<Int.random(in: 3...20, using: &random)).map { _ in
                Inflection.Step(
                    amount: Int128.random(in: 0...1_000, using: &random), days: Int.random(in: 28...31, using: &random)
                )
            }
            let factor = Int128.random(in: 1...(1 << 100), using: &random)
            let scaled = series.map { Inflection.Step(amount: Int128($0.amount) * factor, days: $0.days) }
            let (one, other) = (Inflection.points(in: series), Inflection.points(in: scaled))
            #expect(one.map(\.index) == other.map(\.index), "seed \(seed)")
            #expect(
                one.map { $0.acceleration(decimals: 4) } == other.map { $0.acceleration(decimals: 4) }, "seed \(seed)")
            for point in one {
                let (before, here) = (series[point.index - 1], series[point.index])
                #expect(here.amount * UInt128(before.days) > before.amount * UInt128(here.days), "seed \(seed)")
            }
        }
    }
}

@Suite struct TrendTests {
    @Test func `a trend has amounts, shares and changes`() throws {
        func table(_ month: String, _ acme: Int128, _ other: Int128) throws -> ShareTable {
            try ShareTableTests.table(
                "idc",
                [
                    ShareTableTests.row("acme", .externalCustomer, acme),
                    ShareTableTests.row("other", .externalCustomer, other),
                ], period: month)
        }
        let tables = try [table("2025-01", 310, 0), table("2025-02", 280, 280), table("2025-03", 930, 310)]
        let acme = Trend(tables, entity: "acme")
        #expect(acme.points.map(\.amount) == [310, 280, 930])
        #expect(acme.points.map(\.percent) == ["100.0", "50.0", "75.0"])
        #expect(acme.points.map { $0.change?.text { "\($0)" } } == [nil, "-30", "+650"])
        #expect(acme.points.map { $0.growth?.percent(decimals: 1) } == [nil, "-9.7", "+232.1"])
        #expect(acme.points.map { $0.inflection?.isProvisional } == [nil, nil, true])
        let all = Trend(tables, entity: nil)
        #expect(
            all.points.map(\.amount) == [310, 560, 1_240] && all.points.map(\.percent) == ["100.0", "100.0", "100.0"])
        let nobody = Trend(tables, entity: "nobody")
        #expect(nobody.points.map(\.amount) == [0, 0, 0] && nobody.points[2].percent == "0.0")
    }

    @Test(arguments: [
        ("2025-H1", Period.Step.month, ["2025-01", "2025-02", "2025-03", "2025-04", "2025-05", "2025-06"]),
        ("2025", .quarter, ["2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"]),
        ("2024-07-01/2025-07-01", .half, ["2024-H2", "2025-H1"]),
        ("2024-12-30/2025-01-02", .day, ["2024-12-30/2024-12-31", "2024-12-31/2025-01-01", "2025-01-01/2025-01-02"]),
    ])
    func `a period is divided without gaps`(period: String, step: Period.Step, names: [String]) throws {
        let steps = try #require(try Period(period).divided(by: step))
        #expect(steps.map(\.description) == names)
        #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.to == $1.from })
    }

    @Test(arguments: [
        ("2025-05", Period.Step.quarter), ("2025-Q2", .half), ("2024-05-01/2025-10-01", .half),
        ("2025-06-02/2025-07-01", .month), ("2025-05-01/2025-06-16", .month),
    ])
    func `a period that does not end with a step is not divided`(period: String, step: Period.Step) throws {
        #expect(try Period(period).divided(by: step) == nil)
    }
}

@Suite struct TrendEventsTests {
    @Test func `the events that come with it are cited and in order`() throws {
        let events = try TrendEvents.catalogue(custom: nil).events
        #expect(events.count >= 3 && events.map(\.date) == events.map(\.date).sorted())
        #expect(events.allSatisfy { $0.citation.utf8.count > 40 && $0.title.en != $0.title.zh })
        let may = try TrendEvents.catalogue(custom: nil).during(Period("2024-05"))
        #expect(may.map { "\($0.date)" } == ["2024-05-15", "2024-05-21"])
    }

    @Test func `every mistake of a file is named`() {
        let yaml = """
            events:
              - date: 2025-02-30
                title: {en: A, zh: 甲}
                citation: c
              - date: 2025-02-03
                title: {en: A}
                colour: red
            event: 1
            """
        do {
            _ = try TrendEvents.parse(yaml, file: "house.yaml")
            Issue.record("a file with mistakes was read")
        } catch {
            let lines = error.description.split(separator: "\n").map(String.init)
            #expect(lines.count == 5, "\(error)")
            #expect(
                lines.contains { $0.hasPrefix("house.yaml: line 2, events.date: '2025-02-30' is no day") }, "\(error)")
            #expect(lines.contains { $0.hasPrefix("house.yaml: line 7, events.colour: unknown key") }, "\(error)")
        }
    }
}
