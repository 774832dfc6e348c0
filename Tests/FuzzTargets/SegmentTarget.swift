internal import BatchFormat
import UsageModel

enum SegmentTarget {
    /// Bytes are read as a segment's content, and as a sealed segment. What is taken sums up to what its rows do; what
    /// is canonical comes out of a merge byte for byte.
    static func run(_ bytes: [UInt8]) {
        if let reader = try? SegmentReader(content: bytes) { check(reader) }
        if let reader = try? SegmentReader(sealed: bytes) { check(reader) }
    }

    private static func check(_ reader: SegmentReader) {
        var sum = SignedTokenCounts()
        reader.forEach(reader.rows) { sum += $0.counts }
        require(sum == reader.totals(reader.rows), "the rows of a segment don't add up to its totals")
        guard (try? reader.checkCanonical()) != nil else { return }
        guard let merged = try? SegmentMerge.seal([reader], as: reader.header), let only = merged.first else {
            fatalError("a segment that was read can't be sealed")
        }
        require(merged.count == 1 && only.digest == reader.digest, "a segment changes when it is sealed again")
    }
}
