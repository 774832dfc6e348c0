internal import APIModel
internal import Crypto
internal import HTTPSupport
internal import NIOCore
internal import NIOPosix
internal import TextFormats

/// Takes an answer as it is encoded: in memory up to a part of ``APILimits/responsePartBytes``, in a file beyond it.
/// However large the answer gets, one part is held in memory.
final class AnswerWriter {
    private let files: AnswerFiles
    private let permit: QuestionPermit?
    private var pending: [UInt8] = []
    private var file: AnswerFile?
    private var storedBytes = 0
    private var hash: SHA256?

    /// - Parameters:
    ///   - permit: of the question; `nil` for answers that nobody is held to account for.
    ///   - isHashed: whether the answer's SHA-256 is asked for.
    init(_ files: AnswerFiles, permit: QuestionPermit?, isHashed: Bool = false) {
        self.files = files
        self.permit = permit
        hash = isHashed ? SHA256() : nil
    }

    /// - Throws: ``Problem`` 422 where the answer gets larger than any may be; ``QuestionBudget/Refusal``;
    ///   ``AnswerFileError``.
    func append(_ bytes: some Sequence<UInt8>) throws {
        pending.append(contentsOf: bytes)
        try storeIfFull()
    }

    /// Appends a value as JSON; throws as ``append(_:)`` does.
    func append(json value: some FieldValue) throws {
        value.write(to: &pending)
        try storeIfFull()
    }

    /// Takes what a CSV file has grown by; throws as ``append(_:)`` does.
    func append(_ csv: inout CSVWriter, isComplete: Bool = false) throws {
        guard isComplete || csv.text.utf8.count >= APILimits.responsePartBytes / 4 else { return }
        try append(csv.take().utf8)
    }

    private func storeIfFull() throws {
        if pending.count >= APILimits.responsePartBytes { try store() }
    }

    private func store() throws {
        let bytes = storedBytes + pending.count
        guard bytes <= APILimits.maxAnswerBytes else { throw Problem.answerTooLarge(bytes: bytes) }
        try permit?.hold(bytes: pending.count)
        let file = try file ?? files.makeFile()
        self.file = file
        try files.logging { () throws(AnswerFileError) in try file.append(pending) }
        hash?.update(data: pending)
        storedBytes = bytes
        pending.removeAll(keepingCapacity: true)
    }

    /// The whole answer; nothing may be appended afterwards. Throws as ``append(_:)`` does.
    func finish() throws -> StoredAnswer {
        guard file != nil else {
            hash?.update(data: pending)
            return StoredAnswer(.memory(pending), count: pending.count, digest: digest)
        }
        if !pending.isEmpty { try store() }
        guard let file else { preconditionFailure("an answer lost its file") }
        return StoredAnswer(.file(file), count: storedBytes, digest: digest)
    }

    private var digest: [UInt8]? { hash.map { Array($0.finalize()) } }
}

/// A complete answer that waits for its reader.
struct StoredAnswer: Sendable {
    fileprivate enum Place: Sendable {
        case memory([UInt8])
        case file(AnswerFile)
    }

    private let place: Place
    /// Its length in bytes.
    let count: Int
    /// Its SHA-256, where it was asked for.
    let digest: [UInt8]?

    fileprivate init(_ place: Place, count: Int, digest: [UInt8]?) {
        self.place = place
        self.count = count
        self.digest = digest
    }

    init(inMemory bytes: [UInt8]) {
        self.init(.memory(bytes), count: bytes.count, digest: nil)
    }

    /// A part of at most ``APILimits/responsePartBytes``, read on a thread of its own.
    func part(at offset: Int) async throws -> ByteBuffer {
        let length = min(APILimits.responsePartBytes, count - offset)
        switch place {
        case .memory(let bytes): return ByteBuffer(bytes: bytes[offset..<offset + length])
        case .file(let file):
            return ByteBuffer(
                bytes: try await NIOThreadPool.singleton.runIfActive { try file.read(length, at: offset) })
        }
    }
}

/// Writes an answer with its rows, one by one as they come.
struct RowEncoder<Answer: RowAnswer> {
    private enum Form {
        case json(after: [UInt8])
        case csv(CSVLines<Answer.Row>)
    }

    private var form: Form
    private var isFirst = true
    private let writer: AnswerWriter

    /// - Parameter answer: without its rows.
    init(json answer: Answer, to writer: AnswerWriter) throws {
        let (before, after) = answer.jsonAroundRows
        self.init(.json(after: after), to: writer)
        try writer.append(before)
    }

    /// - Parameter answer: without its rows.
    init(_ answer: Answer, as format: AnswerFormat, to writer: AnswerWriter) throws where Answer: RowTable {
        switch format {
        case .json: try self.init(json: answer, to: writer)
        case .csv: self.init(.csv(answer.csvLines), to: writer)
        }
    }

    private init(_ form: Form, to writer: AnswerWriter) {
        self.form = form
        self.writer = writer
    }

    mutating func append(_ row: Answer.Row) throws {
        switch form {
        case .json:
            if !isFirst { try writer.append(CollectionOfOne(UInt8(ascii: ","))) }
            isFirst = false
            try writer.append(json: row)
        case .csv(var lines):
            // One owner at a time: the text grows in place.
            form = .json(after: [])
            lines.append(row)
            try writer.append(&lines.writer)
            form = .csv(lines)
        }
    }

    /// Ends the answer.
    mutating func finish() throws -> StoredAnswer {
        switch form {
        case .json(let after): try writer.append(after + [0x0A])
        case .csv(var lines): try writer.append(&lines.writer, isComplete: true)
        }
        return try writer.finish()
    }
}
