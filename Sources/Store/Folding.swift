internal import Postgres
package import Usage

/// How much one fold may take.
package struct FoldLimits: Sendable {
    /// The most batches of one fold.
    package var maxBatches: Int
    /// The most batch rows of one fold (at least one batch is always taken). More rows at once touch fewer sums.
    package var maxRows: Int
    /// The most payload bytes of one fold, as stored.
    package var maxPayloadBytes: Int

    package init(maxBatches: Int = 2_000, maxRows: Int = 1_000_000, maxPayloadBytes: Int = 64 << 20) {
        self.maxBatches = maxBatches
        self.maxRows = maxRows
        self.maxPayloadBytes = maxPayloadBytes
    }
}

/// What one fold did.
package struct FoldReport: Sendable, Equatable {
    package enum Status: Sendable, Equatable {
        /// Batches were folded.
        case folded
        /// There is nothing to fold.
        case idle
        /// Another instance is folding.
        case busy
    }

    package var status: Status
    package var batches = 0
    /// Rows of the batches.
    package var rows = 0
    /// Rows of sums that were inserted or updated, over all tables.
    package var sums = 0
    /// Batches whose payload could not be decoded; they are in `batch_quarantine` and don't count.
    package var setAside = 0
    /// The mark afterwards.
    package var mark: UInt64 = 0
    /// Whether the queue held more than was taken.
    package var hasMore = false

    package init(status: Status) {
        self.status = status
    }
}

/// Decodes a batch's payload. Throwing means that it can't be decoded, now or ever.
package typealias PayloadDecoder = @Sendable (_ payload: [UInt8]) throws -> UsageRows

extension Store {
    /// Folds the oldest committed batches into the sums, in one transaction. One instance folds at a time.
    ///
    /// Call it again at once while ``FoldReport/hasMore``.
    package func foldNext(_ limits: FoldLimits = FoldLimits(), decode: @escaping PayloadDecoder) async throws
        -> FoldReport
    {
        try await pool.withConnection { connection in
            try Folder(connection: connection, calendar: self.calendar, partitions: self.partitions)
                .foldNext(limits, decode: decode)
        }
    }

    /// The mark: how many batches, in the order of their leaf indices, every sum counts.
    package func mark() async throws -> UInt64 {
        try await session { try $0.mark() }
    }

    /// Waits until the sums count up to `mark`.
    ///
    /// - Throws: ``StoreError`` with `.markNotReached` after `timeout`.
    package func waitForMark(_ mark: UInt64, timeout: Duration) async throws {
        try await poll(timeout, "The sums don't count up to mark \(mark) yet.") { try $0.mark() >= mark }
    }

    /// Waits until everything that was committed before the call is folded.
    package func waitForLatest(timeout: Duration) async throws {
        guard let newest = try await session({ try $0.newestQueued() }) else { return }
        try await poll(timeout, "Batches that were committed before the question are not folded yet.") {
            try $0.oldestQueued().map { $0 > newest } ?? true
        }
    }

    /// How often a waiting question looks again.
    static let markPollInterval = Duration.milliseconds(25)

    private func poll(
        _ timeout: Duration, _ message: String, until isDone: @escaping @Sendable (StoreSession) throws -> Bool
    ) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + timeout
        while try await !session(isDone) {
            guard clock.now < deadline else { throw StoreError(.markNotReached, message) }
            try await clock.sleep(for: Self.markPollInterval)
        }
    }
}
