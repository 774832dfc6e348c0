import BatchFormat
import Testing
import UsageModel

@testable import CollectorCore
@testable import FaultSimulation

@Suite struct RememberedEventsTests {
    private static let horizon: Int64 = 1_000

    private func fingerprints(_ keys: Range<Int>, acceptedAt: Int64 = 1) -> AcceptedFingerprints {
        AcceptedFingerprints(
            acceptedAtMilliseconds: acceptedAt,
            fingerprints: keys.map { EventFingerprint(key: UInt128($0), content: UInt64($0)) })
    }

    private func remembered(maxIDs: Int = 100, _ time: VirtualTime = VirtualTime()) -> RememberedEvents {
        RememberedEvents(
            limits: RememberedEvents.Limits(horizonMilliseconds: Self.horizon, maxIDs: maxIDs),
            clock: VirtualClock(time))
    }

    @Test func `an id counts from its sync on and not at all when that failed`() {
        let events = remembered()
        events.wait(fingerprints(0..<2), position: 1)
        #expect(events.find(EventFingerprint(key: 0, content: 0)) == .new)
        #expect(events.overlap(fingerprints(1..<3)) == .waiting)
        events.noteSyncFailed()
        #expect(events.overlap(fingerprints(0..<3)) == .none)
        events.wait(fingerprints(0..<2), position: 1)
        events.noteSyncSucceeded()
        #expect(events.overlap(fingerprints(1..<3)) == .durable)
        #expect(events.find(EventFingerprint(key: 1, content: 1)) == .repeated)
        #expect(events.find(EventFingerprint(key: 1, content: 2)) == .conflicting)
        #expect(events.find(EventFingerprint(key: 2, content: 2)) == .new)
    }

    @Test(arguments: [(9, 10, 0 as UInt64), (10, 10, 0), (11, 10, 1), (25, 10, 15)])
    func `the oldest are forgotten above the limit and counted`(ids: Int, limit: Int, forgotten: UInt64) {
        let events = remembered(maxIDs: limit)
        for id in 0..<ids {
            events.wait(fingerprints(id..<id + 1), position: UInt64(id + 1))
            events.noteSyncSucceeded()
        }
        #expect(events.count == min(ids, limit))
        #expect(events.takeForgottenEarly() == forgotten)
        #expect(events.takeForgottenEarly() == 0)
        for id in 0..<ids {
            let expected: RememberedEvents.Finding = id < ids - limit ? .new : .repeated
            #expect(events.find(EventFingerprint(key: UInt128(id), content: UInt64(id))) == expected)
        }
    }

    @Test func `the first position that is needed moves with time`() {
        let time = VirtualTime()
        let events = remembered(time)
        for id in 0..<3 {
            events.wait(fingerprints(id..<id + 1), position: UInt64(10 + id))
            events.noteSyncSucceeded()
            time.milliseconds += 400
        }
        // Remembered at 0, 400 and 800; it is 1200.
        #expect(events.expire() == 11)
        time.milliseconds += 200
        #expect(events.expire() == 11)
        time.milliseconds += 1
        #expect(events.expire() == 12)
        events.forget(through: 12)
        #expect(events.expire() == nil)
        #expect(events.count == 0)
        #expect(events.takeForgottenEarly() == 1)
    }

    @Test func `what a start finds is as old as its record says, whatever the clock did since`() {
        let time = VirtualTime()
        time.milliseconds = 5_000_000
        let events = remembered(time)
        let now: Int64 = 1_767_225_600_000
        events.recover(fingerprints(0..<1, acceptedAt: now - Self.horizon - 1), position: 1, nowMilliseconds: now)
        events.recover(fingerprints(1..<2, acceptedAt: now - Self.horizon), position: 2, nowMilliseconds: now)
        events.recover(fingerprints(2..<3, acceptedAt: now + 86_400_000), position: 3, nowMilliseconds: now)
        #expect(events.count == 2)
        #expect(events.expire() == 2)
        time.milliseconds += 1
        #expect(events.expire() == 3)
        time.milliseconds += Self.horizon
        #expect(events.expire() == nil)
    }

    // MARK: Running totals

    private func total(_ key: UInt128, from base: UInt64?, to value: UInt64) -> AcceptedFingerprints {
        AcceptedFingerprints(
            acceptedAtMilliseconds: 1, totals: [AcceptedTotal(key: key, base: base, value: value)])
    }

    @Test func `a total is where its last record left it, and a record from elsewhere is read again`() {
        let events = remembered()
        #expect(events.find(total: 1, age: 0) == .new)
        events.wait(total(1, from: nil, to: 10), position: 1)
        #expect(events.overlap(total(1, from: nil, to: 12)) == .waiting)
        events.noteSyncSucceeded()
        #expect(events.find(total: 1, age: 0) == .counted(10))
        #expect(events.overlap(total(1, from: nil, to: 12)) == .durable)
        #expect(events.overlap(total(1, from: 10, to: 12)) == .none)
        events.wait(total(1, from: 10, to: 12), position: 2)
        events.noteSyncFailed()
        #expect(events.find(total: 1, age: 0) == .counted(10))
    }

    @Test func `a total that is renewed outlives the horizon of its first record, and its records go`() {
        let time = VirtualTime()
        let events = remembered(time)
        for step in 0..<5_000 {
            events.wait(
                total(1, from: step == 0 ? nil : UInt64(step), to: UInt64(step + 1)), position: UInt64(step + 1))
            events.noteSyncSucceeded()
            time.milliseconds += 1
        }
        #expect(events.count == 1)
        #expect(events.find(total: 1, age: Self.horizon * 9) == .counted(5_000))
        // Nothing but the last record is needed once the outdated ones are dropped or expired.
        #expect(events.expire().map { $0 > 3_000 } == true)
        time.milliseconds += Self.horizon + 1
        #expect(events.expire() == nil)
        #expect(events.find(total: 1, age: Self.horizon) == .new)
        #expect(events.find(total: 1, age: Self.horizon + 1) == .unknown)
        #expect(events.find(total: 1, age: nil) == .new)
        #expect(events.takeForgottenEarly() == 0)
    }

    @Test func `what was forgotten before its time makes older totals unknown`() {
        let time = VirtualTime()
        let events = remembered(maxIDs: 1, time)
        for key in 1...2 {
            events.wait(total(UInt128(key), from: nil, to: 5), position: UInt64(key))
            events.noteSyncSucceeded()
        }
        time.milliseconds += 100
        #expect(events.find(total: 1, age: 150) == .unknown)
        #expect(events.find(total: 1, age: 50) == .new)
        #expect(events.find(total: 2, age: 150) == .counted(5))
    }

    @Test func `totals come back from records of before`() throws {
        let accepted = AcceptedRows(rows: UsageRows(), eventCount: 0, fingerprints: total(7, from: 3, to: 9))
        let read = try RowsCodec.decodeFingerprints(RowsCodec.encode(accepted))
        #expect(read.fingerprints == [EventFingerprint(key: 7, content: 9)])
        let events = remembered()
        events.recover(read, position: 4, nowMilliseconds: 1)
        #expect(events.find(total: 7, age: 0) == .counted(9))
    }
}

@Suite struct FingerprintTableTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func `fingerprints are found, replaced and removed as in a dictionary`(seed: UInt64) {
        var random = SimulationRandom(seed: seed)
        var table = FingerprintTable()
        var model: [UInt128: UInt64] = [:]
        for step in 0..<20_000 {
            // Few keys, some of them alike in their halves, so that they meet.
            let key = UInt128(random.below(200)) << 64 | UInt128(random.below(3))
            if random.below(5) < 3 {
                table.insert(EventFingerprint(key: key, content: UInt64(step)))
                model[key] = UInt64(step)
            } else {
                table.remove(key)
                model[key] = nil
            }
            let other = UInt128(random.below(200)) << 64 | UInt128(random.below(3))
            #expect(table.content(of: other) == model[other])
            #expect(table.count == model.count)
        }
        #expect(Dictionary(uniqueKeysWithValues: table.fingerprints.map { ($0.key, $0.content) }) == model)
        table.removeAll()
        #expect(table.isEmpty && table.content(of: 1) == nil)
    }

    @Test func `fingerprints stay in the order in which they were inserted`() {
        var table = FingerprintTable()
        let fingerprints = (0..<1_000).map { EventFingerprint(key: UInt128($0 * 7 % 1_000), content: UInt64($0)) }
        for fingerprint in fingerprints { table.insert(fingerprint) }
        #expect(table.fingerprints == fingerprints)
    }
}
