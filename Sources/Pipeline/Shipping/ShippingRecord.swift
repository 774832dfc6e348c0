package import Spool

/// What shipping has the spool remember.
package enum ShippingRecord: Sendable, Equatable {
    case epoch(EpochMark)
    case settled(ordinal: UInt64, Acknowledgement)
    case refused(ordinal: UInt64, reason: String)
}

extension ShippingStateMachine.Effect {
    /// What is to be recorded, in order.
    package var records: [ShippingRecord] {
        switch self {
        case .none, .reportDelay, .reportRewind, .reportFork, .reportFenced: []
        case .recordEpoch(let claim): [.epoch(EpochMark(epoch: claim.epoch, nextSequence: claim.nextSequence))]
        case .recordCounted(let ordinal, let epoch, let sequence):
            [.settled(ordinal: ordinal, .counted(epoch: epoch, sequence: sequence))]
        case .recordConfirmed(let ordinals): ordinals.map { .settled(ordinal: $0, .confirmedByDigest) }
        case .recordInvalid(let ordinal, let reason): [.refused(ordinal: ordinal, reason: reason)]
        }
    }
}
