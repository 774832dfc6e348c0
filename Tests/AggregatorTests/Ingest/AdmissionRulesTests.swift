import Store
import Testing
import UsageModel

@testable import Aggregator

struct AdmissionRulesTests {
    private static let edge = CollectorIdentity(trustDomain: "steelyard.local", provider: "volcengine", name: "edge-1")
    /// 2025-06-15T00:00Z.
    private static let now = Timestamp(seconds: 1_749_945_600)
    private static let nowMinute: Int64 = 1_749_945_600 / 60

    private static func refusal(
        _ rules: AdmissionRules = AdmissionRules(), of identity: CollectorIdentity = edge, rows: Int = 1,
        minutes: ClosedRange<Int64>?, sealedAhead: Int64 = 0
    ) -> BatchRefusal? {
        rules.refusal(
            of: identity, rowCount: rows, minutes: minutes, sealedAt: Timestamp(seconds: now.seconds + sealedAhead),
            now: now)
    }

    @Test func `usage within the window is taken, to the minute at both ends`() {
        let first = Self.nowMinute - 401 * 1_440
        let last = Self.nowMinute + 1_440 + 5
        #expect(Self.refusal(minutes: first...last) == nil)
        #expect(Self.refusal(minutes: nil) == nil)
        #expect(
            Self.refusal(minutes: (first - 1)...last, sealedAhead: 7)
                == .outsideTimeWindow((first - 1)...last, taken: first...last, clockOffsetSeconds: 7))
        #expect(
            Self.refusal(minutes: first...(last + 1), sealedAhead: -7)
                == .outsideTimeWindow(first...(last + 1), taken: first...last, clockOffsetSeconds: -7))
    }

    @Test(arguments: [Int64.min...Int64.min, Int64.max...Int64.max, 0...Int64(UInt32.max)])
    func `minutes at the ends of the numbers are refused and trap nothing`(minutes: ClosedRange<Int64>) {
        #expect(Self.refusal(minutes: minutes) != nil)
    }

    @Test func `a declared import widens the window of its own collector only`() throws {
        let since = try #require(CalendarDate("2020-01-01"))
        let rules = AdmissionRules(
            imports: [.init(collector: CollectorKey(provider: "volcengine", collector: "edge-1"), since: since)])
        let old = since.days * 1_440
        #expect(Self.refusal(rules, minutes: old...old) == nil)
        #expect(Self.refusal(rules, minutes: (old - 1)...old) != nil)
        let other = CollectorIdentity(trustDomain: "steelyard.local", provider: "volcengine", name: "edge-2")
        #expect(Self.refusal(rules, of: other, minutes: old...old) != nil)
    }

    @Test func `a batch of more rows than are taken waits`() {
        #expect(Self.refusal(AdmissionRules(maxRows: 10), rows: 10, minutes: nil) == nil)
        #expect(Self.refusal(AdmissionRules(maxRows: 10), rows: 11, minutes: nil) == .tooManyRows(11, limit: 10))
    }
}
