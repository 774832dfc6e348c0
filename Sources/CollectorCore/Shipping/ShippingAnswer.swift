package import UsageModel

/// What came of asking for an epoch.
package enum EpochAnswer: Sendable, Equatable {
    /// `regressed`: the aggregator knows less than this spool does, so its database came from an older backup.
    case granted(epoch: UInt64, nextSequence: UInt64, regressed: Bool)
    case refused(ShippingDelay)
}

/// What came of asking which digests are already counted.
package enum LookupAnswer: Sendable, Equatable {
    /// One flag per digest, in the order asked.
    case counted([Bool])
    case fenced
    case unknownEpoch
    case refused(ShippingDelay)
}

/// What came of sending one batch.
package enum BatchAnswer: Sendable, Equatable {
    /// Counted now, or earlier under the same key: durable at the aggregator either way.
    case counted
    /// The aggregator wants another sequence number next.
    case gap(expectedSequence: UInt64)
    /// Another batch was counted under this key.
    case fork
    /// A newer process with this identity has taken over.
    case fenced
    case unknownEpoch
    /// This batch will never be taken; the reason is for the operator.
    case invalid(reason: String)
    /// Try again later. The outcome is unknown or a refusal for now: the same bytes go out under the same key.
    case refused(ShippingDelay)
}

/// Why to try again later, and when at the earliest.
package struct ShippingDelay: Sendable, Equatable {
    package enum Cause: Sendable, Equatable {
        /// 429 or 503: the aggregator asked for it.
        case busy
        /// The connection failed, timed out or was cut, or the answer made no sense: the outcome is unknown.
        case unreachable
        /// 403 or another answer that only an operator can change.
        case refused
    }

    package var cause: Cause
    /// For the log; holds no secrets.
    package var detail: String
    /// The aggregator's Retry-After.
    package var retryAfter: Duration?

    package init(_ cause: Cause, _ detail: String, retryAfter: Duration? = nil) {
        self.cause = cause
        self.detail = detail
        self.retryAfter = retryAfter
    }
}

/// A sealed batch as shipping sees it.
package struct ShippingBatch: Sendable, Equatable {
    package var spoolSequence: UInt64
    package var digest: BatchDigest

    package init(spoolSequence: UInt64, digest: BatchDigest) {
        self.spoolSequence = spoolSequence
        self.digest = digest
    }
}
