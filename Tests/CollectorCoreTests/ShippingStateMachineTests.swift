import CollectorCore
import Spool
import Testing
import UsageModel

private func batch(_ spoolSequence: UInt64) -> SpooledBatch {
    guard let digest = BatchDigest(bytes: [UInt8](repeating: UInt8(truncatingIfNeeded: spoolSequence), count: 32))
    else {
        preconditionFailure("32 bytes make a digest")
    }
    return SpooledBatch(spoolSequence: spoolSequence, digest: digest, byteCount: 0, appendedAtMilliseconds: 0)
}

private func connected(_ spoolSequences: [UInt64], epoch: UInt64 = 7) -> ShippingStateMachine {
    var machine = ShippingStateMachine(unshipped: [], last: .init(epoch: epoch - 1, nextSequence: 3))
    _ = machine.epochAnswered(.granted(.init(epoch: epoch), hasRegressed: false))
    for spoolSequence in spoolSequences { machine.sealed(batch(spoolSequence)) }
    return machine
}

private let busy = ShippingDelay(.busy, "503", retryAfter: .seconds(2))
private let cut = ShippingDelay(.unreachable, "cut")

@Suite struct ShippingStateMachineTests {
    @Test func `a start asks for an epoch and looks up what may have been counted`() {
        var machine = ShippingStateMachine(
            unshipped: [batch(4), batch(5), batch(6)], last: .init(epoch: 2, nextSequence: 9))
        #expect(machine.next() == .requestEpoch(last: .init(epoch: 2, nextSequence: 9)))
        #expect(
            machine.epochAnswered(.granted(.init(epoch: 3), hasRegressed: false))
                == .recordEpoch(.init(epoch: 3)))
        #expect(machine.next() == .lookUp(epoch: 3, batches: [batch(4), batch(5), batch(6)]))
        #expect(machine.lookupAnswered(.counted([true, false, true])) == .recordConfirmed(spoolSequences: [4, 6]))
        #expect(machine.next() == .send(batch(5), epoch: 3, sequence: 0))
    }

    @Test func `batches go out in order with rising sequence numbers`() {
        var machine = connected([1, 2, 3])
        for sequence in 0..<3 as Range<UInt64> {
            #expect(machine.next() == .send(batch(sequence + 1), epoch: 7, sequence: sequence))
            #expect(
                machine.batchAnswered(.decided(.counted))
                    == .recordCounted(spoolSequence: sequence + 1, epoch: 7, sequence: sequence))
        }
        #expect(machine.next() == .idle)
        machine.sealed(batch(4))
        #expect(machine.next() == .send(batch(4), epoch: 7, sequence: 3))
    }

    @Test func `an unknown outcome is followed by the same batch under the same key`() {
        var machine = connected([1, 2])
        #expect(machine.batchAnswered(.later(cut)) == .reportDelay(cut, attempt: 1))
        #expect(machine.next() == .wait(floor: .zero, ceiling: .milliseconds(200)))
        machine.waited()
        #expect(machine.next() == .send(batch(1), epoch: 7, sequence: 0))
    }

    @Test func `delays double up to the cap and obey Retry-After`() {
        var machine = connected([1])
        var ceilings: [Duration] = []
        for _ in 0..<12 {
            _ = machine.batchAnswered(.later(cut))
            guard case .wait(_, let ceiling) = machine.next() else { return #expect(Bool(false), "no wait") }
            ceilings.append(ceiling)
            machine.waited()
        }
        #expect(ceilings.prefix(3) == [.milliseconds(200), .milliseconds(400), .milliseconds(800)])
        #expect(ceilings.last == .seconds(30))
        _ = machine.batchAnswered(.decided(.counted))
        machine.sealed(batch(2))
        _ = machine.batchAnswered(.later(busy))
        #expect(machine.next() == .wait(floor: .seconds(2), ceiling: .seconds(2)))
    }

    @Test func `a mistaken Retry-After can't stop shipping for days`() {
        var machine = connected([1])
        _ = machine.batchAnswered(.later(ShippingDelay(.busy, "", retryAfter: .seconds(1_000_000))))
        #expect(machine.next() == .wait(floor: .seconds(300), ceiling: .seconds(300)))
    }

    @Test func `a gap rewinds to the expected sequence`() {
        var machine = connected([1, 2, 3, 4])
        for _ in 0..<3 { _ = machine.batchAnswered(.decided(.counted)) }
        #expect(machine.batchAnswered(.decided(.gap(expectedSequence: 1))) == .reportRewind(from: 3, to: 1))
        #expect(machine.next() == .send(batch(2), epoch: 7, sequence: 1))
        for spoolSequence in [2, 3, 4] as [UInt64] {
            #expect(machine.next() == .send(batch(spoolSequence), epoch: 7, sequence: spoolSequence - 1))
            _ = machine.batchAnswered(.decided(.counted))
        }
        #expect(machine.next() == .idle)
    }

    @Test func `a gap ahead of us needs a new epoch`() {
        var machine = connected([1])
        #expect(machine.batchAnswered(.decided(.gap(expectedSequence: 5))) == .reportRewind(from: 0, to: 5))
        machine.waited()
        #expect(machine.next() == .requestEpoch(last: .init(epoch: 7, nextSequence: 0)))
    }

    @Test func `a heartbeat goes out when it is due, without usage and between batches`() {
        var machine = connected([1, 2])
        _ = machine.batchAnswered(.decided(.counted))
        machine.heartbeatDue()
        #expect(machine.next() == .heartbeat(.init(epoch: 7, nextSequence: 1)))
        #expect(machine.heartbeatAnswered(.current) == .reportCurrent)
        #expect(machine.next() == .send(batch(2), epoch: 7, sequence: 1))
        _ = machine.batchAnswered(.decided(.counted))
        #expect(machine.next() == .idle)
        machine.heartbeatDue()
        #expect(machine.next() == .heartbeat(.init(epoch: 7, nextSequence: 2)))
    }

    @Test func `a heartbeat finds a database that has gone back within the epoch`() {
        var machine = connected([1, 2, 3])
        for _ in 0..<3 { _ = machine.batchAnswered(.decided(.counted)) }
        machine.heartbeatDue()
        #expect(machine.heartbeatAnswered(.behind(expectedSequence: 1)) == .reportRewind(from: 3, to: 1))
        #expect(machine.next() == .send(batch(2), epoch: 7, sequence: 1))
    }

    @Test func `a heartbeat finds a database that has forgotten the epoch`() {
        var machine = connected([1])
        _ = machine.batchAnswered(.decided(.counted))
        machine.heartbeatDue()
        _ = machine.heartbeatAnswered(.refused(.unknownEpoch))
        machine.waited()
        #expect(machine.next() == .requestEpoch(last: .init(epoch: 7, nextSequence: 1)))
        _ = machine.epochAnswered(.granted(.init(epoch: 8), hasRegressed: true))
        #expect(machine.next() == .listArchive)
    }

    @Test func `a heartbeat finds a fence`() {
        var machine = connected([])
        machine.heartbeatDue()
        #expect(machine.heartbeatAnswered(.refused(.fenced(liveEpoch: 8))) == .reportFenced)
        #expect(machine.next() == .stop)
    }

    @Test func `a heartbeat without an answer is repeated after a wait`() {
        var machine = connected([])
        machine.heartbeatDue()
        #expect(machine.heartbeatAnswered(.later(cut)) == .reportDelay(cut, attempt: 1))
        #expect(machine.next() == .wait(floor: .zero, ceiling: .milliseconds(200)))
        machine.waited()
        #expect(machine.next() == .heartbeat(.init(epoch: 7, nextSequence: 0)))
        machine.skipHeartbeat()
        #expect(machine.next() == .idle)
    }

    @Test func `an aggregator without heartbeats is shipped to all the same`() {
        var machine = connected([1])
        machine.heartbeatDue()
        #expect(machine.heartbeatAnswered(.unsupported) == .none)
        #expect(machine.next() == .send(batch(1), epoch: 7, sequence: 0))
    }

    @Test func `a refused batch uses no sequence number`() {
        var machine = connected([1, 2])
        #expect(
            machine.batchAnswered(.invalid(reason: "bad-column"))
                == .recordInvalid(spoolSequence: 1, reason: "bad-column"))
        #expect(machine.next() == .send(batch(2), epoch: 7, sequence: 0))
    }

    @Test func `a fence is final`() {
        var machine = connected([1])
        #expect(machine.batchAnswered(.decided(.fenced(liveEpoch: 8))) == .reportFenced)
        #expect(machine.next() == .stop)
        machine.sealed(batch(2))
        #expect(machine.next() == .stop)
        #expect(machine.isFenced)
    }

    @Test func `an unknown epoch leads to a new one after a delay`() {
        var machine = connected([1])
        _ = machine.batchAnswered(.decided(.unknownEpoch))
        guard case .wait = machine.next() else { return #expect(Bool(false), "no wait") }
        machine.waited()
        #expect(machine.next() == .requestEpoch(last: .init(epoch: 7, nextSequence: 0)))
        _ = machine.epochAnswered(.granted(.init(epoch: 8), hasRegressed: false))
        #expect(machine.next() == .lookUp(epoch: 8, batches: [batch(1)]))
    }

    @Test func `a fork is reported and leads to a new epoch`() {
        var machine = connected([1])
        #expect(
            machine.batchAnswered(.decided(.fork(expectedSequence: 1))) == .reportFork(spoolSequence: 1, sequence: 0))
        machine.waited()
        #expect(machine.next() == .requestEpoch(last: .init(epoch: 7, nextSequence: 0)))
    }

    @Test func `a regressed aggregator is asked about the archive too`() {
        var machine = ShippingStateMachine(unshipped: [batch(9)], last: .init(epoch: 5, nextSequence: 3))
        _ = machine.epochAnswered(.granted(.init(epoch: 6), hasRegressed: true))
        #expect(machine.next() == .listArchive)
        machine.archiveListed([batch(7), batch(8)])
        #expect(machine.next() == .lookUp(epoch: 6, batches: [batch(7), batch(8), batch(9)]))
        _ = machine.lookupAnswered(.counted([true, false, false]))
        #expect(machine.next() == .send(batch(8), epoch: 6, sequence: 0))
    }

    @Test func `until everything is supplied again a start is told of the regression too`() {
        var machine = ShippingStateMachine(unshipped: [], last: .init(epoch: 5, nextSequence: 3))
        let beyond = EpochPosition(epoch: 6, nextSequence: UInt64(Int64.max))
        #expect(machine.epochAnswered(.granted(.init(epoch: 6), hasRegressed: true)) == .recordEpoch(beyond))
        machine.archiveListed([batch(7), batch(8)])
        machine.sealed(batch(9))
        _ = machine.lookupAnswered(.counted([false, false]))
        _ = machine.batchAnswered(.decided(.counted))
        #expect(machine.next() == .send(batch(8), epoch: 6, sequence: 1))
        _ = machine.batchAnswered(.decided(.counted))
        machine.waited()
        #expect(machine.next() == .requestEpoch(last: .init(epoch: 6, nextSequence: 2)))
        let granted = machine.epochAnswered(.granted(.init(epoch: 7), hasRegressed: false))
        #expect(granted == .recordEpoch(.init(epoch: 7)))
        #expect(machine.next() == .lookUp(epoch: 7, batches: [batch(9)]))
    }

    @Test func `an epoch that could not be recorded is not used`() {
        var machine = ShippingStateMachine(unshipped: [batch(1)], last: .init(epoch: 2, nextSequence: 1))
        let effect = machine.epochAnswered(.granted(.init(epoch: 3), hasRegressed: false))
        for record in effect.records { _ = machine.unrecorded(record, detail: "the disk failed") }
        guard case .wait = machine.next() else { return #expect(Bool(false), "no wait") }
        machine.waited()
        #expect(machine.next() == .requestEpoch(last: .init(epoch: 3, nextSequence: 0)))
    }

    @Test func `an epoch request without answer may fence its own process once`() {
        var machine = ShippingStateMachine(unshipped: [batch(1)], last: .init())
        _ = machine.epochAnswered(.later(cut))
        machine.waited()
        _ = machine.epochAnswered(.granted(.init(epoch: 1), hasRegressed: false))
        guard case .reportDelay = machine.lookupAnswered(.refused(.fenced(liveEpoch: 2))) else {
            return #expect(Bool(false), "no delay")
        }
        machine.waited()
        #expect(machine.next() == .requestEpoch(last: .init(epoch: 1, nextSequence: 0)))
        _ = machine.epochAnswered(.granted(.init(epoch: 3), hasRegressed: false))
        #expect(machine.lookupAnswered(.refused(.fenced(liveEpoch: 2))) == .reportFenced)
    }

    @Test func `a batch that can't be read for now keeps its place`() {
        var machine = connected([1, 2])
        _ = machine.readFailed(detail: "EIO")
        machine.waited()
        #expect(machine.next() == .send(batch(1), epoch: 7, sequence: 0))
        machine.dropUnreadable(1)
        #expect(machine.next() == .send(batch(2), epoch: 7, sequence: 0))
    }

    @Test func `long backlogs are looked up in pieces`() {
        let many = (1...UInt64(ShippingStateMachine.maxDigestsPerLookup + 5)).map(batch)
        var machine = ShippingStateMachine(unshipped: many, last: .init())
        _ = machine.epochAnswered(.granted(.init(epoch: 1), hasRegressed: false))
        let full = ShippingStateMachine.maxDigestsPerLookup
        _ = machine.lookupAnswered(.counted([Bool](repeating: true, count: full)))
        guard case .lookUp(_, let rest) = machine.next() else { return #expect(Bool(false), "no second lookup") }
        #expect(rest.count == 5)
        _ = machine.lookupAnswered(.counted([Bool](repeating: false, count: 5)))
        #expect(machine.next() == .send(many[full], epoch: 1, sequence: 0))
    }

    @Test func `a lookup of the wrong length confirms nothing`() {
        var machine = ShippingStateMachine(unshipped: [batch(1), batch(2)], last: .init())
        _ = machine.epochAnswered(.granted(.init(epoch: 1), hasRegressed: false))
        _ = machine.lookupAnswered(.counted([true]))
        machine.waited()
        #expect(machine.next() == .lookUp(epoch: 1, batches: [batch(1), batch(2)]))
    }

    @Test func `a batch that was in the first list is not queued again`() {
        var machine = ShippingStateMachine(unshipped: [batch(1)], last: .init())
        machine.sealed(batch(1))
        #expect(machine.queuedCount == 1)
    }
}
