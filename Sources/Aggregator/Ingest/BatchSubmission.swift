package import BatchFormat
package import UsageModel

/// A sealed batch as it came, with what its sender says about it and who the sender is.
package struct BatchSubmission: Sendable {
    /// From the client certificate, never from the request.
    package var identity: CollectorIdentity
    package var epoch: UInt64
    package var sequence: UInt64
    /// The digest that the sender computed.
    package var digest: BatchDigest
    /// The sealed bytes.
    package var payload: [UInt8]

    package init(
        identity: CollectorIdentity, epoch: UInt64, sequence: UInt64, digest: BatchDigest, payload: [UInt8]
    ) {
        self.identity = identity
        self.epoch = epoch
        self.sequence = sequence
        self.digest = digest
        self.payload = payload
    }
}

/// Why a batch is not even offered to the database.
package enum BatchRefusal: Error, Sendable, Equatable {
    /// The bytes are not what was sealed: they were damaged on the way, and the same batch may be sent again.
    case digestMismatch
    /// The bytes are no valid batch and never will be.
    case invalid(BatchError)
    /// The batch says that it is of another provider than its sender's certificate.
    case wrongProvider
    /// The batch was sealed by another collector than its sender's certificate names.
    case wrongCollector
    /// Minutes of it lie too far from the aggregator's clock; they may be taken later, or by another rule.
    ///
    /// `clockOffsetSeconds`: how far the sealing collector's clock was ahead of the aggregator's now, in seconds. Of a
    /// batch that waited it is negative.
    case outsideTimeWindow(ClosedRange<Int64>, taken: ClosedRange<Int64>, clockOffsetSeconds: Int64)
    /// It has more rows than this aggregator takes.
    case tooManyRows(Int, limit: Int)
}

extension BatchRefusal {
    /// The word for it in metrics.
    var word: String {
        switch self {
        case .digestMismatch: "digest-mismatch"
        case .invalid: "invalid"
        case .wrongProvider: "wrong-provider"
        case .wrongCollector: "wrong-collector"
        case .outsideTimeWindow: "outside-time-window"
        case .tooManyRows: "too-many-rows"
        }
    }
}
