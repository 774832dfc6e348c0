import BatchFormat
import Testing
import UsageModel

@testable import FaultSimulation

@Suite struct OracleTests {
    private let spoolID: SpoolID = {
        var random = SimulationRandom(seed: 1)
        return SpoolID(using: &random)
    }()

    private func sealed(_ events: Oracle.Events, spoolSequence: UInt64 = 1, times: UInt64 = 1) throws -> [UInt8] {
        let requests = UInt64(events.places.count) * times
        let counts = TokenCounts(
            requests: requests, input: events.tokens * times, cachedInput: 0, output: 0, reasoningOutput: 0)
        let row = UsageRow(
            minute: events.key.minute, tenant: 0, model: 0, region: 0, layer: .maas, workload: .online,
            modality: .text, counts: counts)
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

    @Test func events_counted_once_hold() throws {
        var oracle = Oracle()
        let events = oracle.emit(0, count: 3, minute: 7)
        oracle.settle(events, .acknowledged)
        try oracle.count(0, try sealed(events), epoch: 1, sequence: 0)
        try oracle.checkDrained()
    }

    @Test func an_acknowledged_event_that_is_missing_is_noticed() throws {
        var oracle = Oracle()
        let events = oracle.emit(0, count: 1, minute: 7)
        try oracle.checkDrained()
        oracle.settle(events, .acknowledged)
        #expect(invariant { try oracle.checkDrained() } == .exact)
    }

    @Test func an_event_that_is_counted_twice_is_noticed_at_once() throws {
        var oracle = Oracle()
        let events = oracle.emit(0, count: 1, minute: 7)
        #expect(invariant { try oracle.count(0, try sealed(events, times: 2), epoch: 1, sequence: 0) } == .once)
    }

    @Test func a_batch_under_a_used_key_and_a_batch_that_comes_again_are_noticed() throws {
        var oracle = Oracle()
        let first = oracle.emit(0, count: 1, minute: 7)
        let second = oracle.emit(0, count: 1, minute: 8)
        let bytes = try sealed(first)
        try oracle.count(0, bytes, epoch: 1, sequence: 0)
        #expect(invariant { try oracle.count(0, try sealed(second), epoch: 1, sequence: 0) } == .once)
        #expect(invariant { try oracle.count(0, bytes, epoch: 1, sequence: 1) } == .once)
    }

    @Test func a_refused_event_that_is_counted_and_one_that_nobody_sent_are_noticed() throws {
        var oracle = Oracle()
        let events = oracle.emit(0, count: 1, minute: 7)
        oracle.settle(events, .refused)
        #expect(invariant { try oracle.count(0, try sealed(events), epoch: 1, sequence: 0) } == .accounted)
        let invented = Oracle.Events(key: Oracle.Key(tenant: "nobody", minute: 1), places: 0..<1)
        #expect(invariant { try oracle.count(0, try sealed(invented), epoch: 1, sequence: 1) } == .exact)
    }

    @Test func rejections_that_are_not_reported_are_noticed() throws {
        var oracle = Oracle()
        oracle.reject(0, may: 1)
        try oracle.checkDrained()
        oracle.settleRejected(0, 1)
        #expect(invariant { try oracle.checkDrained() } == .accounted)
    }
}
