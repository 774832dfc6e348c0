internal import CollectorCore
internal import UsageModel

/// What a collector asks of the aggregator.
struct Request {
    enum Body {
        case epoch(EpochPosition)
        case lookUp(epoch: UInt64, digests: [BatchDigest])
        case batch(sealed: [UInt8], digest: BatchDigest, epoch: UInt64, sequence: UInt64)
    }

    /// Unlike that of any other request of the simulation; its copies have the same.
    var number: Int
    var collector: Int
    /// The process that asks.
    var incarnation: Int
    var body: Body
}

enum Answer {
    case epoch(EpochAnswer)
    case lookUp(LookupAnswer)
    case batch(BatchAnswer)

    /// What a client makes of a connection that gave nothing.
    static func failed(_ body: Request.Body, _ delay: ShippingDelay) -> Answer {
        switch body {
        case .epoch: .epoch(.later(delay))
        case .lookUp: .lookUp(.later(delay))
        case .batch: .batch(.later(delay))
        }
    }
}

extension Request.Body: CustomStringConvertible {
    var description: String {
        switch self {
        case .epoch(let last): "epoch after \(last.epoch)/\(last.nextSequence)"
        case .lookUp(let epoch, let digests): "lookup of \(digests.count) in \(epoch)"
        case .batch(_, let digest, let epoch, let sequence): "batch \(digest.hex.prefix(8)) as \(epoch)/\(sequence)"
        }
    }
}

extension Answer: CustomStringConvertible {
    var description: String {
        switch self {
        case .epoch(.granted(let position, let hasRegressed)):
            "granted \(position.epoch)\(hasRegressed ? ", regressed" : "")"
        case .epoch(.later), .lookUp(.later), .batch(.later): "later"
        case .lookUp(.counted(let flags)): "known \(flags.count { $0 }) of \(flags.count)"
        case .lookUp(.refused(let refusal)): BatchOutcome(refusal).name
        case .batch(.decided(let outcome)): "\(outcome)"
        case .batch(.invalid(let reason)): "invalid: \(reason)"
        }
    }
}
