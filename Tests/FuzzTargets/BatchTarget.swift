internal import BatchFormat
internal import UsageModel

enum BatchTarget {
    /// A message that is taken is written again byte for byte: there is one encoding of a batch.
    static func run(message: [UInt8]) {
        guard let (header, rows) = try? BatchDecoder.decode(message: message) else { return }
        guard let again = try? BatchEncoder.message(header, rows) else {
            fatalError("a batch that was decoded can't be encoded")
        }
        require(again == message, "a batch has two encodings")
    }

    /// A sealed batch that is taken comes out the same when it is sealed and opened again.
    static func run(frame: [UInt8]) {
        guard let (header, rows) = try? BatchDecoder().decode(frame) else { return }
        guard let sealed = try? BatchEncoder().seal(header, rows), let again = try? BatchDecoder().decode(sealed.bytes)
        else { fatalError("a batch that was decoded can't be sealed") }
        require(again.header == header && again.rows == rows, "a batch changes when it is sealed again")
    }
}
