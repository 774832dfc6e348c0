package import UsageModel

/// One way in which a source's records are written: **one folder of this target and one line in
/// ``SourceFormatRegistry``**.
///
/// A format declares its settings, and everything else that speaks of formats reads the declaration: the collector's
/// schema and its checks, `Content-Type` of pushed events, the tables in `docs/operating/collector.md`, the contract
/// that every parser is tested by, and fuzzing. A format whose records are JSON objects conforms to ``JSONFormat`` and
/// says only where the fields are; any other brings a ``SourceParser`` of its own.
package protocol SourceFormat: Sendable, Hashable {
    /// What `sources.NAME.format` calls it.
    static var name: String { get }

    /// What its records are, in one sentence for the documentation.
    static var summary: String { get }

    /// Its settings, named below the source.
    static var settings: [SourceSetting] { get }

    /// What it says itself of its settings, as a source would write it; the source's own word takes its place.
    static var preset: [String: [String]] { get }

    /// Configurations with records that they read. Tests hold the format's parsers to their contract with them, and
    /// fuzzing begins with them: there should be one for each layout.
    static var examples: [SourceExample] { get }

    /// Reads the settings.
    ///
    /// - Throws: ``SourceFormatError`` for what no single setting's kind can show.
    init(_ options: SourceOptions) throws(SourceFormatError)

    /// The media types of pushed bodies, the preferred one first.
    var mediaTypes: [String] { get }

    /// Whether a document is read only when all of it is there, whatever its size: what limits bodies limits it.
    static var readsWholeDocuments: Bool { get }

    /// Whether the format's senders send again only after 5xx, and drop for good what is answered 408, 413 or 429: then
    /// those are answered as 503 with Retry-After.
    var isRepeatedAfterServerErrorsAlone: Bool { get }

    /// What records of one id are to each other, unless a source says otherwise.
    static var repeats: IDRepeats { get }

    /// Makes a parser for one source.
    ///
    /// - Throws: ``SourceFormatError`` when the format or the defaults can't work, naming the setting.
    func makeParser(
        defaults: EventDefaults, framing: SourceFraming
    ) throws(SourceFormatError) -> any SourceParser
}

extension SourceFormat {
    package static var readsWholeDocuments: Bool { false }
    package static var preset: [String: [String]] { [:] }
    package var isRepeatedAfterServerErrorsAlone: Bool { false }
    package static var repeats: IDRepeats { .once }
}

/// A configuration of a format, and records that it reads.
package struct SourceExample: Sendable {
    /// The settings by their names below the source, as they are written.
    package var settings: [String: [String]]
    package var records: [UInt8]

    init(_ settings: [String: String] = [:], records: String) {
        self.settings = settings.mapValues { [$0] }
        self.records = Array(records.utf8)
    }

    /// - Parameter inUTF16: whether the records are written in little-endian UTF-16, with its byte order mark.
    init(_ settings: [String: String], records: String, inUTF16: Bool) {
        self.init(settings, records: records)
        guard inUTF16 else { return }
        self.records = [0xFF, 0xFE] + records.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    }
}

/// A format, setting or default that can't work, found before the first record is read.
package struct SourceFormatError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The setting at fault by its name below the source, such as `tenant` or `fields.input-tokens`.
    package var setting: String
    /// What is wrong with it.
    package var message: String
    /// What to do about it.
    package var remedy: String

    package init(setting: String, message: String, remedy: String) {
        self.setting = setting
        self.message = message
        self.remedy = remedy
    }

    package var description: String { "\(setting): \(message); \(remedy)" }
}
