internal import Batching

enum RecordTarget {
    /// A record that is taken is written again byte for byte, and its marks are the same read alone.
    static func run(_ bytes: [UInt8]) {
        let marks = try? RowsCodec.decodeMarks(bytes)
        guard let accepted = try? RowsCodec.decode(bytes) else { return }
        require(marks == accepted.marks, "the marks differ when they are read alone")
        guard let again = try? RowsCodec.encode(accepted) else {
            fatalError("a record that was decoded can't be encoded")
        }
        require(again == bytes, "a record has two encodings")
    }
}
