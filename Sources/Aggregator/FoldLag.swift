/// How long committed batches have been waiting to be folded, reckoned from samples of two counters.
///
/// Each sample says how many batches were committed in all at a moment; the lag is the age of the oldest sample that
/// the mark hasn't caught up with. Exact to the distance between samples, without a question to the database.
package struct FoldLag: Sendable {
    /// The most samples that are kept; older ones are thinned out, so a long lag is told less finely.
    static let maxSamples = 512

    private var samples: [(second: Int64, committed: UInt64)] = []

    package init() {}

    /// Takes a sample.
    ///
    /// - Parameters:
    ///   - mark: batches that are folded.
    ///   - waiting: batches that are committed and not folded.
    /// - Returns: the lag in seconds; 0 where nothing waits.
    package mutating func sample(second: Int64, mark: UInt64, waiting: UInt64) -> Int64 {
        samples.removeAll { $0.committed <= mark }
        guard waiting > 0 else {
            samples.removeAll()
            return 0
        }
        if samples.last?.committed != mark + waiting { samples.append((second, mark + waiting)) }
        if samples.count > Self.maxSamples {
            samples = samples.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        }
        return max(0, second - (samples.first?.second ?? second))
    }
}
