/// What other software puts around the records of a source, and what is taken off before they are read.
///
/// Several may be nested, the outermost first: `[cri, prefix]` for a logger's lines in a container's log. A line that
/// isn't wrapped as its source says is read as it is, so that nothing is lost where only some lines are.
package enum Wrapping: String, Sendable, Hashable, CaseIterable {
    case ansi
    case cri
    case docker
    case prefix
    case sse
    case nginx = "nginx-escapes"
    case objects

    /// What it is, for the documentation of settings.
    package var summary: String {
        switch self {
        case .ansi: "terminal colours"
        case .cri: "containerd's and CRI-O's `TIME stdout F `, with the lines that they cut (`P`) joined"
        case .docker: "Docker's `json-file`, with the lines that it cut joined"
        case .prefix: "syslog's, kubectl's or a logger's words before the first `{`; lines without one are ignored"
        case .sse: "`data:` of server-sent events"
        case .nginx: "`\\x22` and the like, as nginx and APISIX escape"
        case .objects: "JSON objects one behind the other, with or without line ends, or in an array"
        }
    }

    /// Whether each line is unwrapped without knowing the lines before it.
    var isOfOneLine: Bool {
        switch self {
        case .ansi, .prefix, .nginx: true
        case .cri, .docker, .sse, .objects: false
        }
    }

    /// Reads the names of nested wrappings.
    ///
    /// - Throws: ``SourceFormatError`` for a word that is none, one that is there twice, or an order that can't work.
    package static func read(_ names: [String], setting: String) throws(SourceFormatError) -> [Wrapping] {
        var wrappings: [Wrapping] = []
        for name in names {
            guard let wrapping = Wrapping(rawValue: name) else {
                throw SourceFormatError(
                    setting: setting, message: "\"\(name)\" is no wrapping",
                    remedy: "use some of \(allCases.map(\.rawValue).joined(separator: ", "))")
            }
            guard !wrappings.contains(wrapping) else {
                throw SourceFormatError(
                    setting: setting, message: "\(name) is there twice", remedy: "name each wrapping once")
            }
            wrappings.append(wrapping)
        }
        if let place = wrappings.firstIndex(of: .objects), place != wrappings.count - 1 {
            throw SourceFormatError(
                setting: setting, message: "objects finds the records themselves",
                remedy: "put it last: what is around it is named before it")
        }
        return wrappings
    }

    /// Puts the wrappings around a format's parser.
    static func wrap(
        _ format: any SourceFormat, in wrappings: [Wrapping], defaults: EventDefaults, framing: SourceFraming
    ) throws(SourceFormatError) -> any SourceParser {
        let plain = try format.makeParser(defaults: defaults, framing: framing)
        guard !wrappings.isEmpty else { return plain }
        // What is unwrapped is a document of its own: a JSON record may stand on many lines.
        let inner = try format.makeParser(defaults: defaults, framing: .document)
        let lines = wrappings.filter { $0 != .objects }
        guard lines.count < wrappings.count else {
            return WrappedLinesParser(
                lines, inner: inner,
                endsRecordsAtLineEnds: lines.allSatisfy(\.isOfOneLine) && plain.endsRecordsAtLineEnds)
        }
        let objects = ObjectsParser(inner: inner)
        return lines.isEmpty
            ? objects : WrappedLinesParser(lines, inner: objects, endsRecordsAtLineEnds: false)
    }
}
