package import UsageModel

/// Turns the bytes of a source into usage events and rejections, without any I/O of its own.
///
/// Bytes go in by ``consume(_:endOfInput:into:)`` in pieces of any size. Records are read in place: nothing is copied
/// or allocated for an event. A record that can't be counted is handed to the sink with its reason, its bytes and its
/// position, and never stands in the way of the next one.
///
///     var parser = try SourceParser(format: .native, defaults: EventDefaults(provider: "volcengine"))
///     let used = parser.consume(buffer.span.bytes, endOfInput: false, into: &sink)
///     buffer.removeFirst(used)
package struct SourceParser: Sendable {
    /// How records follow one another. CSV mappings have their own way and take no notice of it.
    package enum Framing: Sendable, Hashable {
        /// One JSON object a line, LF or CRLF; blank lines are passed over.
        case lines
        /// The body of a request: one JSON array of objects, one object on any number of lines, or JSON lines, told
        /// apart by how it begins. In an array, "line" is the number of the element.
        case document
    }

    /// How many leading bytes of a record that is too long come with its rejection.
    package static let longRecordPrefixBytes = 4_096

    enum Mode: Sendable, Hashable {
        case lines
        case csv
        /// A document whose beginning hasn't been seen yet.
        case undecided
        case object
        case array
        /// Nothing that follows can be read any more; it has been rejected.
        case rest
    }

    let startMode: Mode
    var mode: Mode
    var state = ParserCheckpoint.start
    var assembler: EventAssembler
    var walk: JSONWalk
    var csv = CSVState()
    var array = ArrayState()

    /// Makes a parser for one source.
    ///
    /// - Throws: ``SourceFormatError`` when the format or the defaults can't work, naming the setting.
    package init(
        format: SourceFormat, defaults: EventDefaults, framing: Framing = .lines
    ) throws(SourceFormatError) {
        var defaults = defaults
        let plan: FieldPlan
        var mode = framing == .lines ? Mode.lines : Mode.undecided
        switch format {
        case .native: plan = try FieldPlan.native()
        case .openai(let openAI): plan = try FieldPlan.openAI(openAI)
        case .mapped(let mapping):
            let columns: [FieldPlan.ColumnWanted]
            (plan, columns) = try FieldPlan.mapped(mapping, defaults: &defaults)
            if case .csv(let layout) = mapping.layout {
                mode = .csv
                csv = CSVState(layout: layout, wanted: columns)
            }
        }
        try defaults.check()
        startMode = mode
        self.mode = mode
        assembler = EventAssembler(plan: plan, defaults: defaults)
        walk = JSONWalk(plan)
    }

    /// Where the next record starts.
    package var position: RecordPosition {
        get { state.position }
        set { state.position = newValue }
    }

    /// What it takes to go on from here: valid between calls of ``consume(_:endOfInput:into:)``, for line and CSV
    /// framing.
    package var checkpoint: ParserCheckpoint { state }

    /// Goes to another place: ``ParserCheckpoint/start`` for a new source, or a kept checkpoint of this one.
    package mutating func resume(from checkpoint: ParserCheckpoint) {
        state = checkpoint
        mode = startMode
        array = ArrayState()
        csv.resume(from: checkpoint)
    }

    /// Reads as many whole records as `bytes` holds and passes each to the sink.
    ///
    /// - Parameters:
    ///   - bytes: what follows the bytes consumed so far.
    ///   - endOfInput: whether the source ends with `bytes`; an unfinished last record is then read as it is.
    ///   - sink: takes the events and rejections, in the order of the source.
    /// - Returns: how many bytes are done with: all of them at the end of input. The rest, at most
    ///   `Limits.maxRecordBytes`, must come again with more behind it.
    package mutating func consume(
        _ bytes: RawSpan, endOfInput: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) -> Int {
        var index = 0
        if state.position.byteOffset == 0 {
            guard let start = byteOrderMarkEnd(bytes, endOfInput: endOfInput) else { return 0 }
            index = start
            state.position.byteOffset = UInt64(start)
        }
        while index < bytes.byteCount || endOfInput {
            let before = mode
            switch mode {
            case .lines: index = consumeLines(bytes, index, endOfInput: endOfInput, into: &sink)
            case .csv: index = consumeCSV(bytes, index, endOfInput: endOfInput, into: &sink)
            case .undecided: index = decide(bytes, index, endOfInput: endOfInput)
            case .object: index = consumeObject(bytes, index, endOfInput: endOfInput, into: &sink)
            case .array: index = consumeArray(bytes, index, endOfInput: endOfInput, into: &sink)
            case .rest: index = advance(to: bytes.byteCount, from: index)
            }
            if mode == before { break }
        }
        return index
    }

    /// The index after a UTF-8 byte order mark, or `nil` while there are too few bytes to tell.
    private func byteOrderMarkEnd(_ bytes: RawSpan, endOfInput: Bool) -> Int? {
        let mark: (UInt8, UInt8, UInt8) = (0xEF, 0xBB, 0xBF)
        let count = bytes.byteCount
        if count == 0 || bytes.peek(0) != mark.0 { return 0 }
        if count < 2 { return endOfInput ? 0 : nil }
        if bytes.peek(1) != mark.1 { return 0 }
        if count < 3 { return endOfInput ? 0 : nil }
        return bytes.peek(2) == mark.2 ? 3 : 0
    }

    /// Moves the position on by the bytes from `start` to `end`; returns `end`.
    @inline(__always)
    mutating func advance(to end: Int, from start: Int) -> Int {
        state.position.byteOffset += UInt64(end - start)
        return end
    }
}

extension EventDefaults {
    /// Holds the defaults against the rules that events are held to.
    func check() throws(SourceFormatError) {
        guard NameRule.isIdentifier(provider, maxBytes: Limits.maxProviderNameBytes) else {
            throw SourceFormatError(
                setting: "provider",
                message: "a provider is lower-case letters, digits and inner hyphens, up to "
                    + "\(Limits.maxProviderNameBytes) bytes")
        }
        let names: [(String?, String, Int)] = [
            (tenant, "tenant", Limits.maxTenantNameBytes), (model, "model", Limits.maxModelNameBytes),
            (region, "region", Limits.maxRegionNameBytes),
        ]
        for (name, setting, limit) in names {
            guard let name, let problem = NameRule.problem(in: name, maxBytes: limit) else { continue }
            throw SourceFormatError(setting: setting, message: "the name \(problem.explanation)")
        }
    }
}
