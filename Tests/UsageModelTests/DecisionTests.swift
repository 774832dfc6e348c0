import Testing
import UsageModel

@Suite struct DecisionTests {
    private func decide(_ sequence: UInt64, next: UInt64, known: Bool, spoolSequenceUsed: Bool = false) -> BatchOutcome
    {
        BatchOutcome(sequence: sequence, nextSequence: next) {
            BatchHistory(isKnown: known, isSpoolSequenceUsed: spoolSequenceUsed)
        }
    }

    @Test func `only the next batch with new bytes is counted`() {
        for sequence in 0..<4 as Range<UInt64> {
            for known in [false, true] {
                let isCounted = decide(sequence, next: 2, known: known) == .counted
                #expect(isCounted == (sequence == 2 && !known))
            }
        }
    }

    @Test func `known bytes are a duplicate and use up only the next number`() {
        for sequence in [1, 2] as [UInt64] {
            let outcome = decide(sequence, next: 2, known: true)
            #expect(outcome == .duplicate)
            #expect(outcome.usesUp(sequence: sequence, nextSequence: 2) == (sequence == 2))
        }
    }

    @Test func `what is not acknowledged uses up no number`() {
        let refused: [BatchOutcome] = [
            .gap(expectedSequence: 2), .fork(expectedSequence: 2), .spoolSequenceReused, .fenced(liveEpoch: 3),
            .unknownEpoch,
        ]
        for outcome in refused {
            #expect(!outcome.isAcknowledgement && !outcome.usesUp(sequence: 2, nextSequence: 2))
        }
        #expect(BatchOutcome.counted.usesUp(sequence: 2, nextSequence: 2))
    }

    @Test func `other bytes under a used number are a fork`() {
        #expect(decide(1, next: 2, known: false) == .fork(expectedSequence: 2))
    }

    @Test func `other bytes under a used spool sequence are quarantined unless they are known`() {
        #expect(decide(2, next: 2, known: false, spoolSequenceUsed: true) == .spoolSequenceReused)
        #expect(decide(2, next: 2, known: true, spoolSequenceUsed: true) == .duplicate)
        #expect(decide(1, next: 2, known: false, spoolSequenceUsed: true) == .fork(expectedSequence: 2))
    }

    @Test func `behind a gap, nothing is asked and nothing counted`() {
        let outcome = BatchOutcome(sequence: 3, nextSequence: 2) {
            Issue.record("the digest was looked up")
            return BatchHistory(isKnown: true, isSpoolSequenceUsed: true)
        }
        #expect(outcome == .gap(expectedSequence: 2))
    }

    private func epoch(
        _ remembered: EpochPosition, newest: EpochPosition? = nil, stored: EpochPosition? = nil
    ) throws -> EpochDecision {
        try EpochDecision(remembered: remembered, newest: newest, stored: stored)
    }

    @Test(arguments: [EpochDecision.maxLead + 1, UInt64(Int64.max) - 1, UInt64(Int64.max)])
    func `an epoch far beyond any that was issued is refused instead of using up the numbers`(epoch: UInt64) {
        #expect(throws: EpochOutOfReach(newest: 0, remembered: epoch)) {
            try EpochDecision(
                remembered: EpochPosition(epoch: epoch, nextSequence: 0), newest: nil, stored: nil)
        }
        let newest = EpochPosition(epoch: UInt64(Int64.max), nextSequence: 0)
        #expect(throws: EpochOutOfReach(newest: newest.epoch, remembered: 0)) {
            try EpochDecision(remembered: EpochPosition(), newest: newest, stored: nil)
        }
    }

    @Test func `a retired epoch doesn't count for the number of the next one`() throws {
        let retired = EpochPosition(epoch: UInt64(Int64.max) - 1, nextSequence: 3)
        let decision = try EpochDecision(
            remembered: retired, newest: EpochPosition(epoch: 4, nextSequence: 9), stored: retired, isRetired: true)
        #expect(decision.epoch == 5)
        #expect(!decision.hasRegressed)
    }

    private let none = EpochPosition(epoch: 0, nextSequence: 0)

    @Test func `an epoch is above what either side has seen`() throws {
        let newest = EpochPosition(epoch: 7, nextSequence: 3)
        #expect(try epoch(none).epoch == 1)
        #expect(try epoch(none, newest: newest).epoch == 8)
        #expect(try epoch(EpochPosition(epoch: 9, nextSequence: 0), newest: newest).epoch == 10)
    }

    @Test func `a database that holds less than is remembered has regressed`() throws {
        let remembered = EpochPosition(epoch: 4, nextSequence: 10)
        #expect(try epoch(remembered).hasRegressed)
        #expect(try epoch(remembered, stored: EpochPosition(epoch: 4, nextSequence: 9)).hasRegressed)
        #expect(try !epoch(remembered, stored: EpochPosition(epoch: 4, nextSequence: 10)).hasRegressed)
        #expect(try !epoch(remembered, stored: EpochPosition(epoch: 4, nextSequence: 11)).hasRegressed)
        #expect(try !epoch(none, newest: EpochPosition(epoch: 4, nextSequence: 1)).hasRegressed)
    }
}
