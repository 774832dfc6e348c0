import BatchFormat
import Testing
import UsageModel

@testable import FaultSimulation

@Suite struct OracleTests {
    private let spoolID: SpoolID = {
        var random = SimulationRandom(seed: 1)
        return SpoolID(using: &random)
    }()

    /// - Parameter flags: other ones than the events have.
    private func sealed(
        _ events: Oracle.Events, spoolSequence: UInt64 = 1, times: UInt64 = 1, flags: UsageFlags? = nil
    ) throws -> [UInt8] {
        let requests = UInt64(events.places.count) * times
        let counts = TokenCounts(
            requests: requests, input: events.tokens * times, cachedInput: 0, output: 0, reasoningOutput: 0)
        let row = UsageRow(
            minute: events.key.minute, tenant: 0, model: 0, region: 0, layer: .maas, workload: .online,
            modality: .text, flags: flags ?? events.key.flags, counts: counts)
        let header = BatchHeader(
            provider: CollectorNode.provider, collector: "edge-0", spoolID: spoolID, spoolSequence: spoolSequence,
            sealedAtMilliseconds: 1, softwareVersion: "test", eventCount: requests)
        let rows = UsageRows(tenants: [events.key.tenant], models: ["m"], regions: ["r"], rows: [row])
        return try BatchEncoder().seal(header, rows).bytes
    }

    private func invariant(_ body: () throws -> Void) -> Violation.Invariant? {
        do {
            try body()
            return nil
        } catch {
            return (error as? Violation)?.invariant
        }
    }

    @Test func `events counted once hold`() throws {
        var oracle = Oracle()
        let events = oracle.emit(0, count: 3, minute: 7)
        oracle.settle(events, .acknowledged)
        try oracle.count(0, try sealed(events), epoch: 1, sequence: 0)
        try oracle.checkDrained()
    }

    @Test func `an event that is counted without its flag is noticed`() throws {
        var oracle = Oracle()
        let events = oracle.emit(0, count: 1, minute: 7, flags: .takenBack)
        #expect(invariant { try oracle.count(0, try sealed(events, flags: []), epoch: 1, sequence: 0) } == .exact)
        try oracle.count(0, try sealed(events, spoolSequence: 2), epoch: 1, sequence: 1)
    }

    @Test func `a batch that counts of an export what no version of it said is noticed`() throws {
        var oracle = Oracle()
        let key = ExportBook.Key(tenant: "\(ExportBook.prefix)0-1", minute: 7)
        func batch(_ place: Int, flags: UsageFlags = []) throws -> [UInt8] {
            let events = Oracle.Events(
                key: Oracle.Key(tenant: key.tenant, minute: key.minute, flags: flags), places: place..<place + 1)
            return try sealed(events, spoolSequence: UInt64(place + 1) * (flags.isEmpty ? 1 : 100))
        }
        oracle.exports.note(0, [key: 1])
        oracle.exports.note(0, [key: 4])
        try oracle.count(0, try batch(0), epoch: 1, sequence: 0)
        // Both versions at once: the first wasn't taken back.
        #expect(invariant { try oracle.count(0, try batch(1), epoch: 1, sequence: 1) } == .exact)
        try oracle.count(0, try batch(0, flags: .takenBack), epoch: 1, sequence: 2)
        try oracle.checkDrained()
        oracle.exports.note(0, [key: 5])
        #expect(invariant { try oracle.checkDrained() } == .exact)
    }

    @Test func `an acknowledged event that is missing is noticed`() throws {
        var oracle = Oracle()
        let events = oracle.emit(0, count: 1, minute: 7)
        try oracle.checkDrained()
        oracle.settle(events, .acknowledged)
        #expect(invariant { try oracle.checkDrained() } == .exact)
    }

    @Test func `an event that is counted twice is noticed at once`() throws {
        var oracle = Oracle()
        let events = oracle.emit(0, count: 1, minute: 7)
        #expect(invariant { try oracle.count(0, try sealed(events, times: 2), epoch: 1, sequence: 0) } == .once)
    }

    @Test func `a batch under a used key and a batch that comes again are noticed`() throws {
        var oracle = Oracle()
        let first = oracle.emit(0, count: 1, minute: 7)
        let second = oracle.emit(0, count: 1, minute: 8)
        let bytes = try sealed(first)
        try oracle.count(0, bytes, epoch: 1, sequence: 0)
        #expect(invariant { try oracle.count(0, try sealed(second), epoch: 1, sequence: 0) } == .once)
        #expect(invariant { try oracle.count(0, bytes, epoch: 1, sequence: 1) } == .once)
    }

    @Test func `a refused event that is counted and one that nobody sent are noticed`() throws {
        var oracle = Oracle()
        let events = oracle.emit(0, count: 1, minute: 7)
        oracle.settle(events, .refused)
        #expect(invariant { try oracle.count(0, try sealed(events), epoch: 1, sequence: 0) } == .accounted)
        let invented = Oracle.Events(key: Oracle.Key(tenant: "nobody", minute: 1), places: 0..<1)
        #expect(invariant { try oracle.count(0, try sealed(invented), epoch: 1, sequence: 1) } == .exact)
    }

    @Test func `rejections that are not reported are noticed`() throws {
        var oracle = Oracle()
        oracle.reject(0, may: 1)
        try oracle.checkDrained()
        oracle.settleRejected(0, 1)
        #expect(invariant { try oracle.checkDrained() } == .accounted)
    }
}
