internal import HTTPSupport
internal import NIOCore

/// The one message of a unary call as gRPC frames it: a head of five bytes, then as many as the head says.
///
/// What the head says is checked before anything of the message is kept. A compressed message stays as it came: gRPC's
/// own decoder would decompress all of it at once, whatever comes of it.
struct GRPCMessageFrame {
    /// Bytes before the message: whether it is compressed, and its length in big-endian order.
    static let headBytes = 5
    /// A message of no bytes.
    static let empty = ByteBuffer(repeating: 0, count: headBytes)

    /// The most bytes of the message, as it comes.
    private let limit: Int
    private var head: [UInt8] = []
    private var isWhole: Bool { head.count == Self.headBytes && frame.readableBytes == Self.headBytes + length }
    private var length = 0
    /// The head of a message that isn't compressed, and what has come of the message.
    private var frame = ByteBuffer()
    private(set) var isCompressed = false

    init(limit: Int) {
        self.limit = limit
    }

    /// What it holds in memory, about, in bytes.
    var heldBytes: Int { frame.readableBytes }

    /// Takes the next bytes of the call.
    ///
    /// - Throws: ``Problem`` for a message that is too large, more than one, and what is no message at all.
    mutating func add(_ bytes: ByteBuffer) throws(Problem) {
        var bytes = bytes
        while head.count < Self.headBytes, let byte = bytes.readInteger(as: UInt8.self) {
            head.append(byte)
            if head.count == Self.headBytes { try readHead() }
        }
        guard bytes.readableBytes > 0 else { return }
        guard frame.readableBytes + bytes.readableBytes <= Self.headBytes + length else { throw .notOneMessage }
        frame.writeBuffer(&bytes)
    }

    /// Gives the frame away as that of a message that isn't compressed, whatever its bytes are.
    mutating func finish() throws(Problem) -> ByteBuffer {
        guard isWhole else { throw head.isEmpty ? .notOneMessage : .bodyCut }
        defer { frame = ByteBuffer() }
        return frame
    }

    private mutating func readHead() throws(Problem) {
        guard head[0] <= 1 else { throw .notOneMessage }
        isCompressed = head[0] == 1
        length = head.dropFirst().reduce(0) { $0 << 8 | Int($1) }
        guard length <= limit else { throw .bodyTooLarge(limitBytes: limit) }
        frame.writeInteger(UInt8(0))
        frame.writeInteger(UInt32(length))
    }
}

extension Problem {
    static let notOneMessage = Problem(
        status: 400, code: "not-one-message", title: "The call doesn't hold one message",
        detail: "An Export call holds one message, framed as gRPC frames messages.")
}
