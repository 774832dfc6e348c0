package import Store

/// Whether the rollup of a provider stands still while batches of it wait, reckoned from samples of what waits longest:
/// other providers' batches go on, and with them the position.
package struct RollupStall: Sendable {
    /// How long a provider's first waiting batch may stay the same before it is told, in seconds.
    package static let toleratedSeconds: Int64 = 60

    private struct Head {
        var number: Int64
        /// When it was first seen in front.
        var since: Int64
    }

    private var heads: [Int16: Head] = [:]

    package init() {}

    /// Takes a sample.
    ///
    /// - Parameter waiting: each provider's first waiting batch.
    /// - Returns: for how many seconds nothing of a provider has moved, of the one that has waited longest; 0 up to
    ///   ``toleratedSeconds``.
    package mutating func sample(second: Int64, waiting: [WaitingBatch]) -> Int64 {
        var heads: [Int16: Head] = [:]
        for batch in waiting {
            let known = self.heads[batch.provider]
            heads[batch.provider] =
                known?.number == batch.number ? known : Head(number: batch.number, since: second)
        }
        self.heads = heads
        let longest = heads.values.map { second - $0.since }.max() ?? 0
        return longest >= Self.toleratedSeconds ? longest : 0
    }
}
