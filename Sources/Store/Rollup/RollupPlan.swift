package import UsageModel

/// Which batches a rollup takes, so that one provider's don't stand in the way of another's.
///
/// Rollups run in two lanes, side by side. The light lane takes the providers that have little waiting, the heavy lane
/// the others: a flood fills the heavy lane and leaves the light one alone. Within a rollup providers take turns, by
/// the rows that each was given so far.
package enum RollupLane: String, Sendable, CaseIterable {
    /// Providers with at most ``RollupLimits/lightRows`` waiting.
    case light
    /// Providers with more.
    case heavy
    /// Every provider; for one rollup at a time.
    case every
}

/// What waits of one provider, from the oldest batch on.
struct ProviderQueue {
    var provider: Int16
    var batches: [QueuedBatch]
    /// Whether more waits than ``batches``.
    var isTruncated: Bool

    var rows: Int { batches.reduce(0) { $0 + $1.batch.rows } }
}

/// A batch that waits to be rolled up.
struct QueuedBatch {
    /// Its number in the queue: the order in which batches were committed.
    var queueID: Int64
    var batch: LedgerBatch
}

/// The batch of a provider that has waited longest.
package struct WaitingBatch: Sendable, Equatable {
    package var provider: Int16
    /// Its number in the queue.
    package var number: Int64
    package var receivedAt: Timestamp

    package init(provider: Int16, number: Int64, receivedAt: Timestamp) {
        self.provider = provider
        self.number = number
        self.receivedAt = receivedAt
    }
}

struct RollupPlan {
    /// In the order in which they were committed.
    private(set) var batches: [QueuedBatch] = []
    /// Whether more waits for the lane than was taken.
    private(set) var hasMore = false

    /// - Parameters:
    ///   - queues: of the providers that may be taken now.
    ///   - limits: at least one batch is always taken, whatever its size.
    init(of queues: [ProviderQueue], within limits: RollupLimits) {
        var taken = [Int](repeating: 0, count: queues.count)
        var takenRows = [Int](repeating: 0, count: queues.count)
        var open = Set(queues.indices.filter { !queues[$0].batches.isEmpty })
        // Alone a provider may fill a rollup, where much at once touches fewer cells; together they wait for each
        // other.
        let maxRows = open.count > 1 ? min(limits.maxRows, limits.contestedRows) : limits.maxRows
        var (rows, bytes) = (0, 0)
        while let turn = open.min(by: { (takenRows[$0], $0) < (takenRows[$1], $1) }) {
            let next = queues[turn].batches[taken[turn]]
            let fits =
                batches.count < limits.maxBatches && rows + next.batch.rows <= maxRows
                && bytes + next.batch.payloadBytes <= limits.maxPayloadBytes
            guard fits || batches.isEmpty else {
                // Its own next batch comes first, so nothing else of this provider; a smaller one of another may fit.
                open.remove(turn)
                hasMore = true
                continue
            }
            batches.append(next)
            rows += next.batch.rows
            bytes += next.batch.payloadBytes
            taken[turn] += 1
            takenRows[turn] += next.batch.rows
            if taken[turn] == queues[turn].batches.count { open.remove(turn) }
        }
        if queues.contains(where: \.isTruncated) { hasMore = true }
        batches.sort { $0.queueID < $1.queueID }
    }
}
