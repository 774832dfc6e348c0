internal import BatchFormat

enum RecordTarget {
    /// A record that is taken is written again byte for byte, and its fingerprints are the same read alone.
    static func run(_ bytes: [UInt8]) {
        let fingerprints = try? RowsCodec.decodeFingerprints(bytes)
        guard let accepted = try? RowsCodec.decode(bytes) else { return }
        require(fingerprints == accepted.fingerprints, "the fingerprints differ when they are read alone")
        guard let again = try? RowsCodec.encode(accepted) else {
            fatalError("a record that was decoded can't be encoded")
        }
        require(again == bytes, "a record has two encodings")
    }
}
