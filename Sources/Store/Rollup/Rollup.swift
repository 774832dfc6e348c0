internal import Postgres
package import UsageModel

/// How much one rollup may take.
package struct RollupLimits: Sendable {
    /// The most batches of one rollup.
    package var maxBatches: Int
    /// The most batch rows of one rollup (at least one batch is always taken): what it has in memory at once, of about
    /// 70 bytes each.
    package var maxRows: Int
    /// The most payload bytes of one rollup, as stored.
    package var maxPayloadBytes: Int
    /// The most batch rows of one rollup that takes batches of several providers, which wait for each other then.
    package var contestedRows = 131_072
    /// The most batch rows that may wait of a provider for it to be taken in the light lane: about a second's work.
    package var lightRows = 20_000
    package var newNames = NewNameLimits()

    /// Batches of a provider that are looked at in any case, however many providers wait.
    static let minBatchesOfProvider = 16

    package init(maxBatches: Int = 2_000, maxRows: Int = 262_144, maxPayloadBytes: Int = 64 << 20) {
        self.maxBatches = maxBatches
        self.maxRows = maxRows
        self.maxPayloadBytes = maxPayloadBytes
    }
}

/// What one rollup did.
package struct RollupReport: Sendable, Equatable {
    package enum Status: Sendable, Equatable {
        /// Batches were rolled up.
        case rolledUp
        /// There is nothing to roll up.
        case idle
        /// Another instance rolls up.
        case busy
    }

    package var status: Status
    package var batches = 0
    /// Rows of the batches.
    package var rows = 0
    /// Cells of cubes that were inserted or updated.
    package var cells = 0
    /// Batches that the sums can't take; they are in `batch_quarantine` and don't count.
    package var quarantined: [QuarantineNote] = []
    /// The position afterwards.
    package var position: UInt64 = 0
    /// Whether the queue held more than was taken.
    package var hasMore = false

    package init(status: Status) {
        self.status = status
    }
}

/// A batch that can't be counted or merged, for the log.
package struct QuarantineNote: Sendable, Equatable {
    /// The word for the reason.
    package var reason: String
    package var detail: String
    package var collector: Int32
    package var epoch: Int64
    package var sequence: Int64

    init(_ bad: DecodedBatches.Bad) {
        self.init(bad.batch, reason: bad.reason.rawValue, detail: bad.detail)
    }

    init(_ batch: LedgerBatch, reason: String, detail: String) {
        self.reason = reason
        self.detail = detail
        collector = batch.collector
        epoch = batch.epoch
        sequence = batch.sequence
    }
}

/// Decodes a batch's payload. Throwing means that it can't be decoded, now or ever.
package typealias PayloadDecoder = @Sendable (_ payload: [UInt8]) throws -> UsageRows

extension Store {
    /// Rolls up the oldest committed batches of a lane's providers. One instance at a time does so.
    ///
    /// Call it again at once while ``RollupReport/hasMore``.
    package func rollUpNext(
        _ limits: RollupLimits = RollupLimits(), lane: RollupLane = .every, decode: @escaping PayloadDecoder
    ) async throws -> RollupReport {
        try await pool.withConnection { connection in
            let job = RollupJob(
                connection: connection, calendar: self.calendar, partitions: self.partitions, cubes: self.cubeMemory,
                decode: decode, memory: self.rollupMemory)
            return try job.rollUpNext(lane: lane, within: limits)
        }
    }

    /// Waits until the sums count up to `position`.
    ///
    /// - Throws: ``StoreError`` with `.positionNotReached` after `timeout`.
    package func waitForPosition(_ position: UInt64, timeout: Duration) async throws {
        try await PositionWait.position(position, timeout: timeout) { try await session($0) }
    }

    /// Waits until everything that was committed before the call is rolled up.
    package func waitForLatest(timeout: Duration) async throws {
        try await PositionWait.latest(timeout: timeout) { try await session($0) }
    }
}

/// Waiting for the rollup, over connections that are given back between two looks.
enum PositionWait {
    /// How often a waiting question looks again.
    static let pollInterval = Duration.milliseconds(25)

    typealias Ask<Value: Sendable> = (@escaping @Sendable (StoreSession) throws -> Value) async throws -> Value

    static func position(_ position: UInt64, timeout: Duration, ask: Ask<Bool>) async throws {
        try await poll(timeout, "The sums don't count up to position \(position) yet.") {
            try await ask { try $0.position() >= position }
        }
    }

    static func latest(timeout: Duration, ask: Ask<Int64?>) async throws {
        guard let newest = try await ask({ try $0.newestQueued() }) else { return }
        try await poll(timeout, "Batches that were committed before the question are not rolled up yet.") {
            try await ask { try $0.oldestQueued() }.map { $0 > newest } ?? true
        }
    }

    private static func poll(_ timeout: Duration, _ message: String, until isDone: () async throws -> Bool) async throws
    {
        let clock = ContinuousClock()
        let deadline = clock.now + timeout
        while try await !isDone() {
            guard clock.now < deadline else { throw StoreError(.positionNotReached, message) }
            try await clock.sleep(for: pollInterval)
        }
    }
}
