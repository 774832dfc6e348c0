package import UsageModel

/// What came of asking for an epoch.
package enum EpochAnswer: Sendable, Equatable {
    /// `hasRegressed`: the aggregator knows less than this spool does, so its database came from an older backup.
    case granted(EpochPosition, hasRegressed: Bool)
    case later(ShippingDelay)
}

/// What came of asking which digests are already counted.
package enum LookupAnswer: Sendable, Equatable {
    /// One flag per digest, in the order asked.
    case counted([Bool])
    case refused(EpochRefusal)
    case later(ShippingDelay)
}

/// What came of sending one batch.
package enum BatchAnswer: Sendable, Equatable {
    /// The aggregator decided about it, durably where it is an acknowledgement.
    case decided(BatchOutcome)
    /// This batch will never be taken; the reason is for the operator.
    case invalid(reason: String)
    /// The outcome is unknown, or a refusal for now: the same bytes go out under the same key.
    case later(ShippingDelay)
}

/// What came of a heartbeat.
package enum HeartbeatAnswer: Sendable, Equatable {
    /// The aggregator holds everything of the epoch that this process saw acknowledged.
    case current
    /// It has forgotten batches of the epoch: its database came from an older backup.
    case behind(expectedSequence: UInt64)
    case refused(EpochRefusal)
    /// The aggregator is of a version without heartbeats.
    case unsupported
    case later(ShippingDelay)
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
