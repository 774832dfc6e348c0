internal import Glibc
package import Logging
internal import Synchronization
internal import UsageModel

/// Where log lines of this process go, and from which level on.
package enum LogOutput {
    private static let level = Atomic<Int>(2)
    private static let order: [Logger.Level] = [.trace, .debug, .info, .notice, .warning, .error, .critical]

    /// Sends every logger of this process to standard error. Call once, first thing in `main`.
    package static func bootstrap(level: Logger.Level = .info) {
        setLevel(level)
        LoggingSystem.bootstrap { StandardErrorLogHandler(label: $0) }
    }

    /// Changes the level of every logger from now on.
    package static func setLevel(_ new: Logger.Level) {
        level.store(order.firstIndex(of: new) ?? 2, ordering: .relaxed)
    }

    static var currentLevel: Logger.Level { order[level.load(ordering: .relaxed)] }

    /// The names that a configuration may use.
    package static let levelNames = ["debug", "info", "warning", "error"]
}

/// Writes one line per message: time, level, label, message, then `key=value` pairs in the order of their keys.
struct StandardErrorLogHandler: LogHandler {
    let label: String
    var metadata: Logger.Metadata = [:]
    private var ownLevel: Logger.Level?

    init(label: String) {
        self.label = label
    }

    var logLevel: Logger.Level {
        get { ownLevel ?? LogOutput.currentLevel }
        set { ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line =
            "\(LogLine.timestamp()) \(event.level.rawValue) \(label): \(LogLine.plain(event.message.description))"
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            line += " \(key)=\(LogLine.quoted(value.description))"
        }
        line += "\n"
        // One write per line: lines of several threads don't mix. What standard error refuses is not worth a crash.
        var bytes = Array(line.utf8)
        _ = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

/// The text of log lines: nothing in a value can start a new line or hide.
enum LogLine {
    /// The longest value that is written, in characters.
    static let maxValueCharacters = 1_000

    static func timestamp() -> String { CivilTime.logText(milliseconds: SystemWallClock().nowMilliseconds()) }

    static func plain(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isHidden($0) ? " " : $0 }))
    }

    /// The value as it is, or in quotes with escapes where it holds spaces, quotes or anything unprintable.
    static func quoted(_ text: String) -> String {
        let cut = text.count > maxValueCharacters ? text.prefix(maxValueCharacters) + "…" : text[...]
        let needsQuotes = cut.unicodeScalars.contains { $0 == " " || $0 == "\"" || $0 == "=" || isHidden($0) }
        if !needsQuotes, !cut.isEmpty { return String(cut) }
        var escaped = "\""
        for scalar in cut.unicodeScalars {
            switch scalar {
            case "\"": escaped += "\\\""
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case _ where isHidden(scalar): escaped += "\\u{\(String(scalar.value, radix: 16))}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped + "\""
    }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }
}
