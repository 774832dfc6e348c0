import TestSupport
import Testing
import UsageModel

@testable import Scopes

@Suite struct PeriodTests {
    @Test(arguments: [
        ("2025-06", "2025-06-01", "2025-07-01", Period.Granularity.month),
        ("2025-12", "2025-12-01", "2026-01-01", .month),
        ("2024-02", "2024-02-01", "2024-03-01", .month),
        ("2025-Q2", "2025-04-01", "2025-07-01", .quarter),
        ("2025-Q4", "2025-10-01", "2026-01-01", .quarter),
        ("2025-H1", "2025-01-01", "2025-07-01", .half),
        ("2025-H2", "2025-07-01", "2026-01-01", .half),
        ("2025", "2025-01-01", "2026-01-01", .year),
        ("2025-06-01/2025-06-16", "2025-06-01", "2025-06-16", .dates),
    ])
    func `parses each form`(text: String, from: String, to: String, granularity: Period.Granularity) throws {
        let period = try Period(text)
        #expect(period.from.description == from)
        #expect(period.to.description == to)
        #expect(period.granularity == granularity)
        #expect(period.description == text)
    }

    @Test(arguments: [
        ("", PeriodError.Code.unreadable), ("2025-", .unreadable), ("25-06", .unreadable), ("2025-6", .unreadable),
        ("2025-13", .noSuchMonth), ("2025-00", .noSuchMonth), ("2025-Q5", .noSuchQuarter), ("2025-Q0", .noSuchQuarter),
        ("2025-H3", .noSuchHalf), ("2025-H", .unreadable), ("2025-Q12", .unreadable), ("0000", .unreadable),
        ("last month", .unreadable), ("2025-06-01", .singleDate), ("2025-02-30/2025-03-01", .noSuchDate),
        ("2025-06-01/", .noSuchDate), ("2025-06-02/2025-06-02", .emptyRange), ("2025-06-02/2025-06-01", .emptyRange),
        ("２０２５", .unreadable),
    ])
    func `refuses what is no period`(text: String, code: PeriodError.Code) {
        let error = #expect(throws: PeriodError.self) { try Period(text) }
        #expect(error?.code == code)
    }

    @Test func `the error says what is accepted`() throws {
        let error = try #require(throws: PeriodError.self) { try Period("June") }
        for form in ["2025-06", "2025-Q2", "2025-H1", "2025-06-01/2025-06-16"] {
            #expect(error.description.contains(form))
        }
    }

    @Test func `two dates that span a month are that month`() throws {
        #expect(try Period("2025-06-01/2025-07-01") == Period("2025-06"))
        #expect(try Period("2025-01-01/2026-01-01") == Period("2025"))
        #expect(try Period(from: "2025-02-01", to: "2025-05-01").granularity == .dates)
    }

    @Test(arguments: [
        ("2025-01", "2024-12"), ("2025-06", "2025-05"), ("2025-Q1", "2024-Q4"), ("2025-H1", "2024-H2"),
        ("2025", "2024"), ("2025-06-11/2025-06-16", "2025-06-06/2025-06-11"),
    ])
    func `previous is the same granularity before`(text: String, previous: String) throws {
        #expect(try Period(text).previous.description == previous)
    }

    @Test func `a period is the union of its months`() throws {
        try withSeeds { seed, random in
            let year = Int.random(in: 1990...2090, using: &random)
            let forms = [
                "\(year)", "\(year)-H\(Int.random(in: 1...2, using: &random))",
                "\(year)-Q\(Int.random(in: 1...4, using: &random))",
            ]
            for form in forms {
                let period = try Period(form)
                #expect(period.months.first?.from == period.from, "seed \(seed), \(form)")
                #expect(period.months.last?.to == period.to, "seed \(seed), \(form)")
                #expect(period.months.map(\.dayCount).reduce(0, +) == period.dayCount, "seed \(seed), \(form)")
                for (left, right) in zip(period.months, period.months.dropFirst()) {
                    #expect(left.to == right.from && right.previous == left, "seed \(seed), \(form)")
                }
            }
        }
    }

    @Test func `seconds follow the zone`() throws {
        let shanghai = try #require(ZoneRules(identifier: "Asia/Shanghai"))
        let seconds = try Period("2025-06").seconds(in: shanghai)
        #expect(seconds.lowerBound == 1_748_707_200)  // 2025-05-31T16:00:00Z
        #expect(seconds.upperBound == 1_751_299_200)  // 2025-06-30T16:00:00Z
        let berlin = try #require(ZoneRules(identifier: "Europe/Berlin"))
        let march = try Period("2025-03").seconds(in: berlin)
        #expect(march.count == 31 * 86_400 - 3_600)
    }
}
