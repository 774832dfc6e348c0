package import Spool
package import UsageModel

/// What shipping has the spool remember.
package enum ShippingRecord: Sendable, Equatable {
    case epoch(EpochPosition)
    case acknowledged(spoolSequence: UInt64, Acknowledgement)
    case refused(spoolSequence: UInt64, reason: String)
}

extension ShippingStateMachine.Effect {
    /// What is to be recorded, in order.
    package var records: [ShippingRecord] {
        switch self {
        case .none, .reportDelay, .reportRewind, .reportFork, .reportFenced, .reportCurrent: []
        case .recordEpoch(let claim): [.epoch(claim)]
        case .recordCounted(let spoolSequence, let epoch, let sequence):
            [.acknowledged(spoolSequence: spoolSequence, .counted(epoch: epoch, sequence: sequence))]
        case .recordConfirmed(let spoolSequences):
            spoolSequences.map { .acknowledged(spoolSequence: $0, .confirmedByDigest) }
        case .recordInvalid(let spoolSequence, let reason): [.refused(spoolSequence: spoolSequence, reason: reason)]
        }
    }
}
