import Testing

@testable import HTTPSupport

@Suite struct BodyPaceTests {
    @Test func `lets a body that keeps its rate pass until its deadline`() {
        var pace = BodyPace(maxWindows: 3, minBytesPerWindow: 10, maxBytes: 100)
        #expect(pace.received(10) == .keepGoing)
        #expect(pace.windowPassed() == .keepGoing)
        #expect(pace.received(9) == .keepGoing)
        #expect(pace.windowPassed() == .tooSlow)
        var steady = BodyPace(maxWindows: 3, minBytesPerWindow: 10, maxBytes: 100)
        for _ in 0..<2 {
            #expect(steady.received(10) == .keepGoing)
            #expect(steady.windowPassed() == .keepGoing)
        }
        #expect(steady.received(10) == .keepGoing)
        #expect(steady.windowPassed() == .tooLate)
    }

    @Test func `has no use for one byte more than the limit and ends far beyond it`() {
        var pace = BodyPace(maxWindows: 3, minBytesPerWindow: 10, maxBytes: 100)
        #expect(pace.received(100) == .keepGoing)
        #expect(pace.received(1) == .surplus)
        #expect(pace.received(64 << 20) == .tooLarge)
    }
}
