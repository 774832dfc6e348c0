internal import Synchronization
internal import UsageModel

/// Rows of committed batches as they were decoded for the commit, so that the rollup of the same process needn't read
/// and decode their payloads again.
///
/// It holds what a commit was confirmed of, and nothing else: rows are put in after COMMIT and taken out once they are
/// counted. What finds no room, and what waits for longer than ``keptFor`` (another instance rolls it up, or there is a
/// backlog), is decoded from its payload.
final class DecodedMemory: Sendable {
    /// What all rows may take, in MiB.
    static let maxMiB = 32
    /// How long rows wait for their rollup.
    static let keptFor = Duration.seconds(20)

    private struct Entry {
        var rows: UsageRows
        var bytes: Int
        var since: ContinuousClock.Instant
    }

    private struct State {
        var entries: [LedgerBatch.Key: Entry] = [:]
        var bytes = 0

        mutating func remove(_ key: LedgerBatch.Key) {
            if let entry = entries.removeValue(forKey: key) { bytes -= entry.bytes }
        }
    }

    private let maxBytes: Int
    private let state = Mutex(State())

    init(maxBytes: Int = maxMiB << 20) {
        self.maxBytes = maxBytes
    }

    /// What is held, in bytes.
    var bytes: Int { state.withLock { $0.bytes } }

    /// Takes the rows of a batch whose commit is confirmed, where there is room for them.
    func put(_ rows: UsageRows, of key: LedgerBatch.Key) {
        let bytes = rows.memoryBytes
        let now = ContinuousClock.now
        state.withLock { state in
            state.remove(key)
            guard state.bytes + bytes <= maxBytes else { return }
            state.entries[key] = Entry(rows: rows, bytes: bytes, since: now)
            state.bytes += bytes
        }
    }

    func rows(of key: LedgerBatch.Key) -> UsageRows? { state.withLock { $0.entries[key]?.rows } }

    /// Lets go of batches that were counted, or can't be.
    func remove(_ keys: some Sequence<LedgerBatch.Key>) {
        state.withLock { state in
            for key in keys { state.remove(key) }
        }
    }

    /// Lets go of what has waited for too long.
    func removeOld() {
        let now = ContinuousClock.now
        state.withLock { state in
            for (key, entry) in state.entries where now - entry.since > Self.keptFor { state.remove(key) }
        }
    }
}

extension UsageRows {
    /// About what the rows and names take in memory, in bytes.
    fileprivate var memoryBytes: Int {
        let names = [tenants, models, regions].joined()
        return rows.count * MemoryLayout<UsageRow>.stride
            + names.reduce(0) { $0 + MemoryLayout<String>.stride + $1.utf8.count }
    }
}
