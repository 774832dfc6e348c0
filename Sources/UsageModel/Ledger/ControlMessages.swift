/// The JSON that collector and aggregator exchange beside batches and epochs (``EpochRequest``, ``EpochGrant``); see
/// `Protocols/README.md`. Both sides encode and decode by these types; what they hold is not checked yet.
package enum ControlMessages {
    /// `POST /v1/batches/lookup`: which of these batches are counted?
    package struct LookupRequest: Codable, Sendable {
        package var epoch: UInt64
        /// In hexadecimal.
        package var digests: [String]

        package init(epoch: UInt64, digests: [BatchDigest]) {
            self.epoch = epoch
            self.digests = digests.map(\.hex)
        }

        package enum CodingKeys: String, CodingKey {
            case epoch, digests
        }
    }

    /// The answer to ``LookupRequest``: a flag per digest, in their order.
    package struct LookupResult: Codable, Sendable {
        package var counted: [Bool]

        package init(counted: [Bool]) {
            self.counted = counted
        }
    }

    /// `POST /v1/heartbeats`: the collector is there, and how it does.
    package struct Heartbeat: Codable, Sendable, Equatable {
        package var epoch: UInt64
        /// The first sequence number of the epoch that the collector hasn't seen used up.
        package var nextSequence: UInt64
        package var softwareVersion: String
        package var backlogBatches: UInt64
        package var backlogBytes: UInt64
        /// Whether the collector takes input.
        package var ready: Bool
        /// Why not: words of the collector's `/readyz`.
        package var reasons: [String]
        /// When the collector's certificate ends, in seconds since 1970-01-01T00:00Z; `nil` where that isn't known.
        package var certificateEndSeconds: Int64?

        package init(
            position: EpochPosition, softwareVersion: String, backlogBatches: UInt64, backlogBytes: UInt64,
            reasons: [String], certificateEndSeconds: Int64?
        ) {
            epoch = position.epoch
            nextSequence = position.nextSequence
            self.softwareVersion = softwareVersion
            self.backlogBatches = backlogBatches
            self.backlogBytes = backlogBytes
            ready = reasons.isEmpty
            self.reasons = reasons
            self.certificateEndSeconds = certificateEndSeconds
        }

        package enum CodingKeys: String, CodingKey {
            case epoch, ready, reasons
            case nextSequence = "next_sequence"
            case softwareVersion = "software_version"
            case backlogBatches = "backlog_batches"
            case backlogBytes = "backlog_bytes"
            case certificateEndSeconds = "certificate_end_seconds"
        }
    }

    /// The answer to a batch that is acknowledged.
    package struct BatchResult: Decodable, Sendable {
        /// The outcome's name: `counted` or `duplicate`.
        package var result: String
        /// What is nearly or wholly used up; absent where nothing is, and from aggregators that don't tell.
        package var nameBudgets: [NameBudget]?

        private enum CodingKeys: String, CodingKey {
            case result
            case nameBudgets = "name_budgets"
        }
    }

    /// The answer to a ``Heartbeat``.
    package struct HeartbeatResult: Decodable, Sendable {
        /// As in ``BatchResult``.
        package var nameBudgets: [NameBudget]?

        private enum CodingKeys: String, CodingKey {
            case nameBudgets = "name_budgets"
        }
    }

    /// A day's (UTC) budget of new names that is nearly or wholly used up, as the collector is told with each answer
    /// to a batch or a heartbeat.
    package struct NameBudget: Codable, Sendable, Hashable {
        /// `tenant`, `model` or `region`.
        package var dimension: String
        /// Whose budget it is: `provider` or `collector`.
        package var of: String
        /// Names that were new today and got an id.
        package var used: UInt64
        package var budget: UInt64
        /// Names of today's batches beyond it, counted under `(over-limit)`: once in each batch.
        package var overLimit: UInt64

        package init(dimension: String, of: String, used: UInt64, budget: UInt64, overLimit: UInt64) {
            self.dimension = dimension
            self.of = of
            self.used = used
            self.budget = budget
            self.overLimit = overLimit
        }

        /// Whether further new names are counted under `(over-limit)`.
        package var isExceeded: Bool { overLimit > 0 || used >= budget }

        private enum CodingKeys: String, CodingKey {
            case dimension, of, used, budget
            case overLimit = "over_limit"
        }
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

/// A message of the control plane that is JSON of the right shape and holds what can't be taken.
package struct InvalidControlMessage: Error, Sendable, Equatable {
    /// Which member must be what, as a sentence for the sender.
    package var message: String

    package init(_ message: String) {
        self.message = message
    }
}
