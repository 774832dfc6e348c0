import Reporting
import Testing
import UsageModel

@Suite struct KindHistoryTests {
    private static func date(_ text: String) throws -> CalendarDate { try #require(CalendarDate(text)) }

    private static func entry(
        _ kind: TenantKind, _ from: String, _ to: String? = nil, recorded: Int64, superseded: Int64? = nil
    ) throws -> KindHistory.Entry {
        KindHistory.Entry(
            kind: kind, from: try date(from), to: try to.map(date), recordedAt: Timestamp(seconds: recorded),
            supersededAt: superseded.map { Timestamp(seconds: $0) })
    }

    /// Recorded as a customer, then split: an affiliate from the 10th on; at last retracted before the 5th.
    private static func entries(after start: Int64) throws -> [KindHistory.Entry] {
        [
            try entry(.externalCustomer, "2025-06-01", recorded: start + 1, superseded: start + 2),
            try entry(.externalCustomer, "2025-06-01", "2025-06-10", recorded: start + 2, superseded: start + 3),
            try entry(.affiliate, "2025-06-10", recorded: start + 2),
            try entry(.externalCustomer, "2025-06-05", "2025-06-10", recorded: start + 3),
        ]
    }

    private static let layout = CubeLayout([CubeCalendar(id: 1, zone: .utc)])

    private static func postings(_ entries: [KindHistory.Entry], _ day: String) throws -> [CubePosting] {
        var history = KindHistory()
        history.set(entries, of: 7)
        let piece = layout.piece(at: try date(day).days * 86_400)
        return history.postings(of: history.history(of: 7), in: piece)
    }

    private static func change(_ second: Int64, _ before: TenantKind, _ after: TenantKind) -> [CubePosting] {
        [
            CubePosting(version: Timestamp(seconds: second), kind: before, isTaken: true),
            CubePosting(version: Timestamp(seconds: second), kind: after),
        ]
    }

    @Test func `usage counts now under the newest kind, and moves in each version that changed it`() throws {
        let start = try Self.date("2025-07-01").days * 86_400
        let entries = try Self.entries(after: start)
        #expect(
            try Self.postings(entries, "2025-06-12")
                == [CubePosting(kind: .affiliate)] + Self.change(start + 1, .unclassified, .externalCustomer)
                + Self.change(start + 2, .externalCustomer, .affiliate))
        // The second version recorded the same again, the third nothing.
        #expect(
            try Self.postings(entries, "2025-06-02")
                == [CubePosting(kind: .unclassified)] + Self.change(start + 1, .unclassified, .externalCustomer)
                + Self.change(start + 3, .externalCustomer, .unclassified))
        #expect(
            try Self.postings(entries, "2025-06-07")
                == [CubePosting(kind: .externalCustomer)] + Self.change(start + 1, .unclassified, .externalCustomer))
        #expect(try Self.postings(entries, "2025-05-31") == [CubePosting(kind: .unclassified)])
    }

    @Test func `versions before a day began are no changes of it`() throws {
        let entries = try Self.entries(after: try Self.date("2025-06-12").days * 86_400 - 1)
        // Recorded at, one and two seconds after midnight of the 12th.
        #expect(
            try Self.postings(entries, "2025-06-12")
                == [CubePosting(kind: .affiliate)]
                + Self.change(try Self.date("2025-06-12").days * 86_400 + 1, .externalCustomer, .affiliate))
        #expect(try Self.postings(entries, "2025-06-13") == [CubePosting(kind: .affiliate)])
    }

    @Test func `a version's changes are the days on which the kind is another`() throws {
        let entries = try Self.entries(after: 0)
        func changes(_ second: Int64) -> [KindChange] {
            KindChange.changes(in: entries, by: Timestamp(seconds: second))
        }
        #expect(
            changes(1) == [
                KindChange(
                    from: try Self.date("2025-06-01"), to: nil, before: .unclassified, after: .externalCustomer)
            ])
        #expect(
            changes(2) == [
                KindChange(from: try Self.date("2025-06-10"), to: nil, before: .externalCustomer, after: .affiliate)
            ])
        #expect(
            changes(3) == [
                KindChange(
                    from: try Self.date("2025-06-01"), to: try Self.date("2025-06-05"), before: .externalCustomer,
                    after: .unclassified)
            ])
        #expect(changes(4).isEmpty)
    }

    @Test func `tenants with one history share it`() throws {
        var history = KindHistory()
        let entries = try Self.entries(after: 0)
        for tenant in 1...3 as ClosedRange<Int64> { history.set(entries, of: tenant) }
        #expect(Set((1...3).map { history.history(of: $0) }).count == 1)
        #expect(history.history(of: 1) != history.history(of: 9))
    }
}
