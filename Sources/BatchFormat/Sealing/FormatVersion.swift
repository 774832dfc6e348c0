internal import UsageModel

/// The versions of the batch format, of batches and of write-ahead records alike.
///
/// Rows decide which one they are written in: the lowest that can say them. So a batch without flagged rows is what it
/// was before there were flags, byte for byte, and an aggregator that knows version 1 alone takes it; one with flagged
/// rows is refused there, and never counted without its flags.
enum FormatVersion: UInt32, CaseIterable {
    /// Rows without flags.
    case plain = 1
    /// Rows of which at least one has a flag.
    case flagged = 2

    /// The version that rows are written in.
    init(of rows: UsageRows) {
        self = rows.rows.contains { !$0.flags.isEmpty } ? .flagged : .plain
    }

    /// The version that a message says it is of, before anything else of it is looked at: what is of another version
    /// may have any shape.
    ///
    /// - Returns: `nil` where the message doesn't begin with a version: its shape says what is wrong then, and where it
    ///   doesn't, ``missing`` is.
    /// - Throws: ``BatchError`` with `.unsupportedVersion` for a version that isn't known.
    static func said(by message: RawSpan) throws(BatchError) -> FormatVersion? {
        guard let number = MessageShape.firstNumber(of: message), (1...UInt64(UInt32.max)).contains(number) else {
            return nil
        }
        guard let version = FormatVersion(rawValue: UInt32(number)) else {
            let known = allCases.map { "\($0.rawValue)" }.joined(separator: " and ")
            throw BatchError(
                .unsupportedVersion, field: "format_version",
                "version \(number), but this software knows \(known) only: upgrade it first")
        }
        return version
    }

    static let missing = BatchError(.unsupportedVersion, field: "format_version", "the message says none")

    /// Holds the version against what a message has of flags: nothing has two spellings.
    func check(hasFlags: Bool) throws(BatchError) {
        guard hasFlags == (self == .flagged) else {
            throw BatchError(
                .unsupportedVersion, field: "format_version",
                "version \(rawValue), but rows without flags are written in version \(Self.plain.rawValue)")
        }
    }
}
