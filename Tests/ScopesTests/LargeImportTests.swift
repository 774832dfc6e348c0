import TestSupport
import Testing
import TextFormats
import UsageModel

@testable import Scopes

/// What people import may be long: nothing is compared pair by pair. The limits are far above what a machine needs, and
/// far below what pairs would take.
@Suite(.timeLimit(.minutes(5)))
struct LargeImportTests {
    private static let count = 50_000
    private static let start = CalendarDate(days: 10_000)

    private static func price(
        _ range: Range<Int>? = nil, from: Int, to: Int?, price: String = "1", model: String = "m"
    ) -> FactRecord {
        FactRecord(
            kind: .prices,
            subject: [
                "p", model, "", "input", range.map { "\($0.lowerBound)" } ?? "", range.map { "\($0.upperBound)" } ?? "",
            ],
            effectiveFrom: CalendarDate(days: start.days + Int64(from)),
            effectiveTo: to.map { CalendarDate(days: start.days + Int64($0)) },
            content: ["CNY", price, "1000", "", "r"])
    }

    @Test func `a file of 50,000 prices of one model is read, whether they follow on each other or stand side by side`()
        throws
    {
        let days = (0..<Self.count).map { Self.price(from: $0, to: $0 + 1) }
        #expect(try FactFile.parse(Array(FactFile.emit(days, kind: .prices).utf8), kind: .prices, file: "days") == days)
        let tiers = (1...Self.count).map { Self.price(10 * $0..<10 * $0 + 10, from: 0, to: nil) }
        let text = FactFile.emit(tiers, kind: .prices)
        #expect(try FactFile.parse(Array(text.utf8), kind: .prices, file: "tiers") == tiers)
    }

    @Test func `a file of 50,000 prices that all exclude each other tells each mistake once`() throws {
        let tiers = (1...Self.count).map { Self.price($0..<Self.count + 1 + $0, from: 0, to: nil) }
        let text = FactFile.emit(tiers, kind: .prices)
        let error = #expect(throws: FileProblems.self) {
            try FactFile.parse(Array(text.utf8), kind: .prices, file: "tiers")
        }
        #expect(error?.problems.count == Self.count - 1)
    }

    @Test func `50,000 records take the place of one that held all the time, and are found unchanged afterwards`()
        throws
    {
        let old = FactRevision.Current(id: 1, record: Self.price(from: 0, to: nil, price: "9"))
        let records = (0..<Self.count).map { Self.price(from: 2 * $0 + 1, to: 2 * $0 + 2) }
        let revision = try FactRevision(.prices, of: [old], by: records)
        #expect(revision.superseded == [1] && revision.recorded.count == Self.count)
        #expect(revision.split.count == Self.count + 1)
        let current = (revision.recorded + revision.split).enumerated().map {
            FactRevision.Current(id: Int64($0.offset), record: $0.element)
        }
        let again = try FactRevision(.prices, of: current, by: records)
        #expect(again.unchanged == Self.count && again.recorded.isEmpty && again.superseded.isEmpty)
        var book = EffectiveDatedMap<Int>()
        for item in current.sorted(by: { $0.record.effectiveFrom < $1.record.effectiveFrom }) {
            book.add(item.record, Int(item.id))
        }
        for index in 0..<Self.count {
            let day = CalendarDate(days: Self.start.days + Int64(2 * index + 1))
            #expect(book[records[index].subject, day] == index)
        }
    }

    @Test func `a conflict is found where comparing every pair finds one, and only there`() throws {
        let exclusion = try #require(FactKind.prices.definition.exclusion)
        withSeeds(300) { seed, random in
            let records = (0..<Int.random(in: 2...12, using: &random)).map { _ in
                let low = Int.random(in: 1...20, using: &random)
                let from = Int.random(in: 0...20, using: &random)
                return Self.price(
                    low..<low + Int.random(in: 1...4, using: &random), from: from,
                    to: Bool.random(using: &random) ? from + Int.random(in: 1...5, using: &random) : nil)
            }
            func excludes(_ one: FactRecord, _ other: FactRecord) -> Bool {
                one.key != other.key && one.overlapsInTime(other)
                    && exclusion.range(one).overlaps(exclusion.range(other))
            }
            let found = exclusion.conflicts(among: records)
            for (one, other) in found { #expect(excludes(records[one], records[other]), "seed \(seed)") }
            let isAnyExcluded = records.indices.contains { one in
                records.indices.contains { $0 > one && excludes(records[one], records[$0]) }
            }
            #expect(found.isEmpty == !isAnyExcluded, "seed \(seed)")
            #expect(Set(found.map(\.1)).count == found.count, "seed \(seed)")
        }
    }
}
