/// How long committed batches have been waiting to be rolled up, reckoned from samples of two counters.
///
/// Each sample says how many batches were committed in all at a moment; the lag is the age of the oldest sample that
/// the position hasn't caught up with. Exact to the distance between samples, without a question to the database.
package struct RollupLag: Sendable {
    /// The most samples that are kept; older ones are thinned out, so a long lag is told less finely.
    static let maxSamples = 512

    private var samples: [(second: Int64, committed: UInt64)] = []

    package init() {}

    /// Takes a sample.
    ///
    /// - Parameters:
    ///   - position: batches that are rolled up.
    ///   - waiting: batches that are committed and not rolled up.
    /// - Returns: the lag in seconds; 0 where nothing waits.
    package mutating func sample(second: Int64, position: UInt64, waiting: UInt64) -> Int64 {
        samples.removeAll { $0.committed <= position }
        guard waiting > 0 else {
            samples.removeAll()
            return 0
        }
        if samples.last?.committed != position + waiting { samples.append((second, position + waiting)) }
        if samples.count > Self.maxSamples {
            samples = samples.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        }
        return max(0, second - (samples.first?.second ?? second))
    }
}
