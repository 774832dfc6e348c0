import Testing

@testable import HTTPSupport

@Suite struct PendingConnectionsTests {
    private static let hour: UInt64 = 3_600_000_000_000

    private static func limits(strangers: Int, known: Int, perPeer: Int) -> PendingConnectionsState.Limits {
        var limits = PendingConnectionsState.Limits(maxConnections: 1_024)
        (limits.strangers, limits.known, limits.perPeer) = (strangers, known, perPeer)
        return limits
    }

    @Test func `the oldest that is silent goes, of its own address where that has its share`() {
        var state = PendingConnectionsState(Self.limits(strangers: 4, known: 4, perPeer: 2))
        let first = state.opened(by: "a", at: 0)
        let second = state.opened(by: "a", at: 1)
        #expect(first.evicted == nil && second.evicted == nil)
        // The third of one address takes the place of its first, although there is room.
        let third = state.opened(by: "a", at: 2)
        #expect(third.evicted == first.number && state.count == 2)
        let others = ["b", "c"].map { state.opened(by: $0, at: 3) }
        #expect(others.allSatisfy { $0.evicted == nil })
        let fifth = state.opened(by: "d", at: 4)
        #expect(fifth.evicted == second.number && state.count == 4)
        // One that ended by itself leaves room.
        state.ended(third.number)
        #expect(state.opened(by: "e", at: 5).evicted == nil)
    }

    @Test func `strangers never take the slots of addresses that brought a request lately`() {
        var state = PendingConnectionsState(Self.limits(strangers: 8, known: 2, perPeer: 8))
        let greeted = state.opened(by: "good", at: 0)
        state.brought(greeted.number, at: 0)
        #expect(state.count == 0)
        let good = state.opened(by: "good", at: 1)
        for moment in 2..<3_000 as Range<UInt64> {
            let silent = state.opened(by: "bad-\(moment % 500)", at: moment)
            #expect(silent.evicted != good.number)
        }
        #expect(state.count == 9)
        // An hour after its last request it is a stranger like the others.
        let later = state.opened(by: "good", at: Self.hour)
        #expect(later.evicted != nil && later.evicted != good.number)
    }

    /// All of them from one address, as a load balancer shows them.
    @Test func `among 3,000 silent connections of one address the new ones are let in and bring their request`() {
        var state = PendingConnectionsState(.init(maxConnections: 1_024))
        var silent: [UInt64] = []
        for moment in 0..<3_000 as Range<UInt64> {
            silent.append(state.opened(by: "one", at: moment).number)
            guard moment % 10 == 0 else { continue }
            let good = state.opened(by: "one", at: moment)
            // Sixteen more come before it has shaken hands.
            var evicted: Set<UInt64> = []
            for _ in 0..<16 { if let gone = state.opened(by: "one", at: moment).evicted { evicted.insert(gone) } }
            #expect(!evicted.contains(good.number))
            state.brought(good.number, at: moment)
        }
        #expect(state.count <= 256)
    }

    @Test func `whatever comes and goes, as many wait as were let in and didn't leave`() {
        var state = PendingConnectionsState(Self.limits(strangers: 16, known: 16, perPeer: 8))
        var waiting: Set<UInt64> = []
        var generator = SystemRandomNumberGenerator()
        for moment in 0..<20_000 as Range<UInt64> {
            if Bool.random(using: &generator) {
                let (number, evicted) = state.opened(by: "p\(UInt8.random(in: 0...7, using: &generator))", at: moment)
                if let evicted { #expect(waiting.remove(evicted) != nil) }
                waiting.insert(number)
            } else if let number = waiting.randomElement(using: &generator) {
                if Bool.random(using: &generator) { state.brought(number, at: moment) } else { state.ended(number) }
                waiting.remove(number)
            }
            #expect(state.count == waiting.count && state.count <= 32)
        }
    }
}
