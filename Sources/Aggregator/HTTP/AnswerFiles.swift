internal import Glibc
package import Logging
internal import Telemetry

/// Where answers are stored while their readers take them: files without a name, which are gone with their last reader
/// or with the process.
///
/// An answer is complete before its first byte leaves. So its connection to the database is given back by then, a
/// reader who is slow holds nothing but disk, and an answer whose making fails midway, or that turns out to be
/// restricted wrongly at its end, never looks like one (docs/decisions/0011-answers-in-files.md).
package struct AnswerFiles: Sendable {
    /// The directory of the files.
    let directory: String
    /// How long a reader may take for a whole answer.
    var deadline: Duration = .seconds(APILimits.answerDeadlineSeconds)
    private let logger: Logger?

    /// - Parameters:
    ///   - directory: `nil` for the system's: `TMPDIR`, or `/var/tmp`.
    ///   - logger: is told why an answer can't be stored.
    package init(directory: String? = nil, logger: Logger? = nil) {
        self.directory = directory ?? Self.systemDirectory
        self.logger = logger
    }

    private static var systemDirectory: String {
        guard let value = unsafe getenv("TMPDIR") else { return "/var/tmp" }
        let path = unsafe String(cString: value)
        return path.isEmpty ? "/var/tmp" : path
    }

    /// Looks whether answers can be stored.
    ///
    /// - Throws: ``AnswerFileError``.
    package func check() throws(AnswerFileError) {
        try AnswerFile(in: directory).append([0])
    }

    func makeFile() throws(AnswerFileError) -> AnswerFile {
        try logging { () throws(AnswerFileError) in try AnswerFile(in: directory) }
    }

    func logging<Value>(_ body: () throws(AnswerFileError) -> Value) throws(AnswerFileError) -> Value {
        do throws(AnswerFileError) {
            return try body()
        } catch {
            logger?.error("an answer can't be stored", [.detail: "\(error)"])
            throw error
        }
    }
}

/// An answer can't be stored.
package struct AnswerFileError: Error, Sendable, CustomStringConvertible {
    var directory: String
    var code: Int32

    package var description: String {
        """
        answers can't be stored in \(directory): \(unsafe String(cString: strerror(code))); free space there, or name \
        another directory in query.answers-directory
        """
    }
}

/// One answer on disk, in a file without a name. Written by one thread, then read by any.
final class AnswerFile: Sendable {
    private let descriptor: Int32
    private let directory: String

    init(in directory: String) throws(AnswerFileError) {
        self.directory = directory
        // Nobody can guess the name, or have made it before: O_EXCL follows no link either.
        let path = "\(directory)/steelyard-answer-\(UInt64.random(in: 0 ... .max))"
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw AnswerFileError(directory: directory, code: errno) }
        _ = unsafe unlink(path)
    }

    deinit { close(descriptor) }

    func append(_ bytes: [UInt8]) throws(AnswerFileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw AnswerFileError(directory: directory, code: errno) }
            rest = rest.dropFirst(count)
        }
    }

    /// Blocks until the disk has said it.
    ///
    /// - Returns: exactly `count` bytes.
    func read(_ count: Int, at offset: Int) throws(AnswerFileError) -> [UInt8] {
        var failure: Int32?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let read = unsafe pread(
                    descriptor, buffer.baseAddress.map { unsafe $0 + filled }, count - filled, off_t(offset + filled))
                if read < 0, errno == EINTR { continue }
                guard read > 0 else {
                    failure = read < 0 ? errno : EIO
                    return
                }
                filled += read
            }
        }
        if let failure { throw AnswerFileError(directory: directory, code: failure) }
        return bytes
    }
}
