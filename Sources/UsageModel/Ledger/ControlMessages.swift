/// The JSON that collector and aggregator exchange beside batches; see `Protocols/README.md`. Both sides encode and
/// decode by these types; what they hold is not checked yet.
package enum ControlMessages {
    /// `POST /v1/epochs`.
    package struct EpochRequest: Codable, Sendable {
        /// 32 hexadecimal digits.
        package var spoolID: String
        package var softwareVersion: String
        private var lastEpoch: UInt64?
        private var lastNextSequence: UInt64?

        /// The collector's own memory of its last epoch; zeros for none.
        package var remembered: EpochPosition {
            EpochPosition(epoch: lastEpoch ?? 0, nextSequence: lastNextSequence ?? 0)
        }

        package init(spoolID: SpoolID, softwareVersion: String, remembered: EpochPosition) {
            self.spoolID = spoolID.hex
            self.softwareVersion = softwareVersion
            lastEpoch = remembered.epoch
            lastNextSequence = remembered.nextSequence
        }

        private enum CodingKeys: String, CodingKey {
            case spoolID = "spool_id"
            case softwareVersion = "software_version"
            case lastEpoch = "last_epoch"
            case lastNextSequence = "last_next_sequence"
        }
    }

    /// The answer to ``EpochRequest``, as far as a collector acts on it.
    package struct EpochGrant: Decodable, Sendable {
        private var epoch: UInt64
        private var nextSequence: UInt64
        /// The aggregator knows less than the collector remembers.
        package var hasRegressed: Bool

        package var position: EpochPosition { EpochPosition(epoch: epoch, nextSequence: nextSequence) }

        private enum CodingKeys: String, CodingKey {
            case epoch
            case nextSequence = "next_sequence"
            case hasRegressed = "regressed"
        }
    }

    /// `POST /v1/batches/lookup`: which of these batches are counted?
    package struct LookupRequest: Codable, Sendable {
        package var epoch: UInt64
        /// In hexadecimal.
        package var digests: [String]

        package init(epoch: UInt64, digests: [BatchDigest]) {
            self.epoch = epoch
            self.digests = digests.map(\.hex)
        }
    }

    /// The answer to ``LookupRequest``: a flag per digest, in their order.
    package struct LookupResult: Decodable, Sendable {
        package var counted: [Bool]
    }

    /// The answer to a batch that is acknowledged.
    package struct BatchResult: Decodable, Sendable {
        /// The outcome's name: `counted` or `duplicate`.
        package var result: String
    }

    /// Problem details, as far as a collector acts on them.
    package struct ProblemDetails: Decodable, Sendable {
        package var code: String?
        package var detail: String?
        /// Why a batch is invalid.
        package var reason: String?
        package var expectedSequence: UInt64?
        package var liveEpoch: UInt64?

        private enum CodingKeys: String, CodingKey {
            case code, detail, reason
            case expectedSequence = "expected_sequence"
            case liveEpoch = "live_epoch"
        }

        /// What was decided about a batch, where the problem is a decision.
        ///
        /// - Parameter status: the HTTP status.
        package func outcome(status: Int) -> BatchOutcome? {
            switch (status, code) {
            case (409, "gap"): expectedSequence.map { .gap(expectedSequence: $0) }
            case (409, "fork"): .fork(expectedSequence: expectedSequence ?? 0)
            case (409, "fenced"), (409, "unknown-epoch"): refusal(status: status).map { BatchOutcome($0) }
            case (422, "invalid-batch"): reason == BatchOutcome.spoolSequenceReused.name ? .spoolSequenceReused : nil
            default: nil
            }
        }

        /// Why the epoch can't be worked in, where the problem says so.
        package func refusal(status: Int) -> EpochRefusal? {
            switch (status, code) {
            case (409, "fenced"): .fenced(liveEpoch: liveEpoch ?? 0)
            case (409, "unknown-epoch"): .unknownEpoch
            default: nil
            }
        }
    }
}
