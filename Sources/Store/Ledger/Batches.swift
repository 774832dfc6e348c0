internal import Postgres
package import UsageModel

/// Who a batch came from: the two names of a verified client certificate that are stored.
package struct CollectorKey: Sendable, Hashable {
    package var provider: String
    package var collector: String

    package init(provider: String, collector: String) {
        self.provider = provider
        self.collector = collector
    }

    package init(_ identity: CollectorIdentity) {
        self.init(provider: identity.provider, collector: identity.name)
    }
}

/// A collector's request for a new epoch.
package struct EpochRequest: Sendable {
    package var key: CollectorKey
    /// 16 random bytes made with the collector's spool.
    package var spoolID: [UInt8]
    package var softwareVersion: String
    /// The collector's own memory of its last epoch, or 0.
    package var lastEpoch: UInt64
    package var lastNextSequence: UInt64
    package var now: Timestamp

    package init(
        key: CollectorKey, spoolID: [UInt8], softwareVersion: String, lastEpoch: UInt64, lastNextSequence: UInt64,
        now: Timestamp
    ) {
        self.key = key
        self.spoolID = spoolID
        self.softwareVersion = softwareVersion
        self.lastEpoch = lastEpoch
        self.lastNextSequence = lastNextSequence
        self.now = now
    }
}

/// The epoch a collector was given; every older one of the same collector is fenced from now on.
package struct EpochGrant: Sendable, Equatable {
    package struct Previous: Sendable, Equatable {
        package var epoch: UInt64
        package var nextSequence: UInt64
    }

    package var epoch: UInt64
    /// The newest epoch before, if there was one.
    package var previous: Previous?
    /// The database knows less than the collector remembers: it was restored from an older backup.
    package var hasRegressed: Bool
}

/// A validated batch, ready to be counted.
package struct BatchCommit: Sendable {
    package var key: CollectorKey
    package var epoch: UInt64
    package var sequence: UInt64
    /// SHA-256 of `payload`, 32 bytes.
    package var digest: [UInt8]
    /// The sealed bytes as they came.
    package var payload: [UInt8]
    package var spoolID: [UInt8]
    package var spoolSequence: UInt64
    package var sealedAt: Timestamp
    package var softwareVersion: String
    package var eventCount: UInt64
    package var rowCount: Int
    package var totals: WideTokenCounts
    /// Events refused at the source, by reason.
    package var rejections: [RejectionReason: UInt64]
    /// First and last event minute, in minutes since 1970-01-01T00:00Z; `nil` for a batch without rows.
    package var minutes: ClosedRange<Int64>?
    package var receivedAt: Timestamp

    package init(
        key: CollectorKey, epoch: UInt64, sequence: UInt64, digest: [UInt8], payload: [UInt8], spoolID: [UInt8],
        spoolSequence: UInt64, sealedAt: Timestamp, softwareVersion: String, eventCount: UInt64, rowCount: Int,
        totals: WideTokenCounts, rejections: [RejectionReason: UInt64], minutes: ClosedRange<Int64>?,
        receivedAt: Timestamp
    ) {
        self.key = key
        self.epoch = epoch
        self.sequence = sequence
        self.digest = digest
        self.payload = payload
        self.spoolID = spoolID
        self.spoolSequence = spoolSequence
        self.sealedAt = sealedAt
        self.softwareVersion = softwareVersion
        self.eventCount = eventCount
        self.rowCount = rowCount
        self.totals = totals
        self.rejections = rejections
        self.minutes = minutes
        self.receivedAt = receivedAt
    }
}

/// What became of a batch. Only `counted` and `duplicate` are acknowledgements.
package enum CommitOutcome: Sendable, Equatable {
    /// Counted now. `chain` = SHA-256(chain before ‖ digest).
    case counted(nextSequence: UInt64, chain: [UInt8])
    /// Counted before, under this key or in an earlier epoch; nothing was counted again.
    case duplicate(nextSequence: UInt64, chain: [UInt8])
    /// An earlier batch is missing; nothing was counted.
    case gap(expectedSequence: UInt64)
    /// The sequence number was used for other bytes; these were set aside in `batch_quarantine`, not counted.
    case fork(expectedSequence: UInt64)
    /// Another batch of the same spool and spool sequence was counted: the collector's state went back in time, or runs twice. The
    /// bytes were set aside in `batch_quarantine`, not counted, and use up no sequence number.
    case spoolSequenceReused
    /// A newer epoch is live.
    case fenced(liveEpoch: UInt64)
    /// The database never issued this epoch.
    case unknownEpoch
}

/// What became of a lookup by digest.
package enum LookupOutcome: Sendable, Equatable {
    /// For each digest asked about, in order, whether the ledger has it.
    case known([Bool])
    case fenced(liveEpoch: UInt64)
    case unknownEpoch
}

extension Store {
    /// Raises the collector's epoch and fences its older ones, in one transaction.
    package func openEpoch(_ request: EpochRequest) async throws -> EpochGrant {
        try await pool.withTransaction(retry: .idempotent) { try StoreSession($0).openEpoch(request) }
    }

    /// Says which batches are counted already. Digests are 32 bytes each.
    package func lookupDigests(
        _ digests: [[UInt8]], of key: CollectorKey, epoch: UInt64, now: Timestamp
    ) async throws -> LookupOutcome {
        try await pool.withTransaction(retry: .idempotent) {
            try StoreSession($0).lookupDigests(digests, of: key, epoch: epoch, now: now)
        }
    }

    /// Counts a batch once: checks epoch and sequence under a lock, inserts it into the ledger and the rollup queue, and
    /// moves the high-water mark, in one short transaction. When this returns an acknowledgement it is durable.
    ///
    /// - Throws: ``PostgresError``. With ``PostgresError/isUnknownCommit`` even after retries nobody knows whether it
    ///   was counted; sending the same batch again tells.
    package func commitBatch(_ batch: BatchCommit) async throws -> CommitOutcome {
        try await ensureLedgerPartitions(for: batch.receivedAt)
        return try await pool.withTransaction(retry: .idempotent) { try StoreSession($0).commitBatch(batch) }
    }
}
