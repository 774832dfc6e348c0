import Testing
import UsageModel

@Suite struct DecisionTests {
    private func decide(_ sequence: UInt64, next: UInt64, known: Bool, spoolSequenceUsed: Bool = false) -> BatchOutcome
    {
        BatchOutcome(sequence: sequence, nextSequence: next) {
            BatchHistory(isKnown: known, isSpoolSequenceUsed: spoolSequenceUsed)
        }
    }

    @Test func only_the_next_batch_with_new_bytes_is_counted() {
        for sequence in 0..<4 as Range<UInt64> {
            for known in [false, true] {
                let isCounted = decide(sequence, next: 2, known: known) == .counted
                #expect(isCounted == (sequence == 2 && !known))
            }
        }
    }

    @Test func known_bytes_are_a_duplicate_and_use_up_only_the_next_number() {
        for sequence in [1, 2] as [UInt64] {
            let outcome = decide(sequence, next: 2, known: true)
            #expect(outcome == .duplicate)
            #expect(outcome.usesUp(sequence: sequence, nextSequence: 2) == (sequence == 2))
        }
    }

    @Test func what_is_not_acknowledged_uses_up_no_number() {
        let refused: [BatchOutcome] = [
            .gap(expectedSequence: 2), .fork(expectedSequence: 2), .spoolSequenceReused, .fenced(liveEpoch: 3),
            .unknownEpoch,
        ]
        for outcome in refused {
            #expect(!outcome.isAcknowledgement && !outcome.usesUp(sequence: 2, nextSequence: 2))
        }
        #expect(BatchOutcome.counted.usesUp(sequence: 2, nextSequence: 2))
    }

    @Test func other_bytes_under_a_used_number_are_a_fork() {
        #expect(decide(1, next: 2, known: false) == .fork(expectedSequence: 2))
    }

    @Test func other_bytes_under_a_used_spool_sequence_are_set_aside_unless_they_are_known() {
        #expect(decide(2, next: 2, known: false, spoolSequenceUsed: true) == .spoolSequenceReused)
        #expect(decide(2, next: 2, known: true, spoolSequenceUsed: true) == .duplicate)
        #expect(decide(1, next: 2, known: false, spoolSequenceUsed: true) == .fork(expectedSequence: 2))
    }

    @Test func behind_a_gap_nothing_is_asked_and_nothing_counted() {
        let outcome = BatchOutcome(sequence: 3, nextSequence: 2) {
            Issue.record("the digest was looked up")
            return BatchHistory(isKnown: true, isSpoolSequenceUsed: true)
        }
        #expect(outcome == .gap(expectedSequence: 2))
    }

    private func epoch(
        _ remembered: EpochPosition, newest: EpochPosition? = nil, stored: EpochPosition? = nil
    ) -> EpochDecision {
        EpochDecision(remembered: remembered, newest: newest, stored: stored)
    }

    private let none = EpochPosition(epoch: 0, nextSequence: 0)

    @Test func an_epoch_is_above_what_either_side_has_seen() {
        let newest = EpochPosition(epoch: 7, nextSequence: 3)
        #expect(epoch(none).epoch == 1)
        #expect(epoch(none, newest: newest).epoch == 8)
        #expect(epoch(EpochPosition(epoch: 9, nextSequence: 0), newest: newest).epoch == 10)
    }

    @Test func a_database_that_holds_less_than_is_remembered_has_regressed() {
        let remembered = EpochPosition(epoch: 4, nextSequence: 10)
        #expect(epoch(remembered).hasRegressed)
        #expect(epoch(remembered, stored: EpochPosition(epoch: 4, nextSequence: 9)).hasRegressed)
        #expect(!epoch(remembered, stored: EpochPosition(epoch: 4, nextSequence: 10)).hasRegressed)
        #expect(!epoch(remembered, stored: EpochPosition(epoch: 4, nextSequence: 11)).hasRegressed)
        #expect(!epoch(none, newest: EpochPosition(epoch: 4, nextSequence: 1)).hasRegressed)
    }
}
