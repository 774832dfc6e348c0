package import UsageModel

/// The particulars of a CSV file (RFC 4180: quotes are doubled inside quoted fields, LF or CRLF ends a record).
package struct CSVLayout: Sendable, Hashable {
    /// The byte between fields.
    package var delimiter: UInt8
    /// Whether the first row after the skipped ones names the columns.
    package var hasHeader: Bool
    /// Lines to pass over at the start of the file.
    package var skippedLines: Int
    /// How the text is encoded.
    package var encoding: TextEncoding

    package init(
        delimiter: UInt8 = UInt8(ascii: ","), hasHeader: Bool = true, skippedLines: Int = 0,
        encoding: TextEncoding = .utf8
    ) {
        self.encoding = encoding
        self.delimiter = delimiter
        self.hasHeader = hasHeader
        self.skippedLines = skippedLines
    }
}

/// CSV: quoted fields may hold line ends. Where quoting is broken the first line alone is rejected, so that a stray
/// quote doesn't swallow the lines after it. A document and a stream are read alike.
package struct CSVParser: SourceParser {
    /// How far a record goes.
    private enum Extent {
        /// To a line end (or the end of input) at `end`; `isSound` is false where the quoting is broken and only the
        /// first line is meant.
        case record(end: Int, isSound: Bool)
        case long
        case unfinished
    }

    private let layout: CSVLayout
    private let wanted: [CSVColumn]
    private var state = ParserCheckpoint.start
    private var assembler: EventAssembler
    private var walk: JSONWalk
    private var row: CSVRecord
    /// Turns what isn't UTF-8 into it; offsets stay those of the file.
    private var decoder: TextDecoder?
    /// Whether what is read now was decoded.
    private var isDecoded = false
    /// The longest record, in bytes of UTF-8: what it stands for in another encoding is at most twice as long.
    private let maxRecordBytes: Int
    /// Whether the columns are known.
    private var isBound = false
    /// Where the first line begins in what was decoded: behind the mark.
    private var firstLineStart = 0
    /// Whether the first line was looked at for a delimiter.
    private var hasSeenFirstLine = false
    /// What is wrong with the header; no record can then be read.
    private var headerFault: Fault?

    init(
        layout: CSVLayout, wanted: [CSVColumn], plan: FieldPlan, defaults: EventDefaults
    ) throws(SourceFormatError) {
        self.layout = layout
        self.wanted = wanted
        assembler = try EventAssembler(plan: plan, defaults: defaults)
        walk = JSONWalk(plan)
        row = CSVRecord(delimiter: layout.delimiter)
        decoder = try TextDecoder(layout.encoding, setting: "csv.encoding")
        maxRecordBytes = layout.encoding == .utf8 ? Limits.maxRecordBytes : Limits.maxRecordBytes / 2
        resume(from: .start)
    }

    package var checkpoint: ParserCheckpoint {
        guard layout.encoding == .utf16, let decoder, state.position.byteOffset > 0 else { return state }
        var checkpoint = state
        checkpoint.memory = [decoder.isBigEndian ? Self.bigEndian : Self.littleEndian] + state.memory
        return checkpoint
    }

    package func mappedFields(of record: RawSpan) -> [UInt8] { row.mappedFields(of: record) }

    package var recordMemory: [UInt8] { state.memory }

    package mutating func resume(from checkpoint: ParserCheckpoint) {
        state = checkpoint
        headerFault = nil
        isBound = false
        hasSeenFirstLine = false
        resumeDecoder()
        row.delimiter = Self.delimiter(inMemory: state.memory) ?? layout.delimiter
        if !layout.hasHeader {
            bind(nil)
        } else {
            // Behind the header row: its bytes came with the checkpoint, since they can't be read again from here.
            let header = Self.header(inMemory: state.memory)
            if !header.isEmpty { unsafe bind(header.span.bytes) }
        }
    }

    package mutating func consume(
        _ bytes: RawSpan, endOfInput: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) -> Int {
        guard decoder != nil else { return consumeText(bytes, endOfInput: endOfInput, into: &sink) }
        guard let isEnd = decode(bytes, endOfInput: endOfInput), var text = decoder?.take() else { return 0 }
        isDecoded = true
        let used = unsafe consumeText(text.span.bytes, endOfInput: isEnd, into: &sink)
        isDecoded = false
        decoder?.restore(&text)
        // A mark alone is waited behind: it is no line.
        if state.position.byteOffset == 0, !isEnd { return 0 }
        let raw = decoder?.raw(used) ?? 0
        if state.position.byteOffset == 0 { state.position.byteOffset = UInt64(raw) }
        return raw
    }

    private mutating func consumeText(
        _ bytes: RawSpan, endOfInput: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) -> Int {
        guard var index = passByteOrderMark(bytes, endOfInput: endOfInput) else { return 0 }
        while index < bytes.byteCount {
            if state.position.line == 1, !isInFirstLine {
                guard let isOver = passSeparatorLine(bytes, &index, endOfInput: endOfInput) else { return index }
                if isOver { continue }
            }
            if state.isInsideLongRecord || state.position.line <= UInt64(layout.skippedLines) {
                index = passLine(bytes, from: index)
                continue
            }
            if bytes.peek(index) == 0 {
                // What stands where nothing was written, after a copytruncate or a power loss.
                index = advance(to: bytes.endOfZeros(from: index), from: index)
                continue
            }
            switch extent(bytes, from: index, endOfInput: endOfInput) {
            case .unfinished: return index
            case .long:
                sink.rejectLong(
                    bytes.extracting(index..<bytes.byteCount), because: "CSV is read record by record",
                    position: state.position)
                state.isInsideLongRecord = true
                if !isBound { loseHeader() }
            case .record(let end, let isSound):
                if !bytes.isBlank(from: index, to: end) {
                    let hasCarriageReturn = bytes.peek(end - 1) == 0x0D
                    take(bytes.extracting(index..<(hasCarriageReturn ? end - 1 : end)), isSound: isSound, into: &sink)
                }
                let next = min(end + 1, bytes.byteCount)
                state.position.line += lineEnds(bytes.extracting(index..<next))
                index = advance(to: next, from: index)
            }
        }
        return index
    }

    /// Passes over the rest of a line: one to skip, or what is left of a record that was too long. Quotes mean nothing
    /// here, since nobody knows any more whether they open or close.
    private mutating func passLine(_ bytes: RawSpan, from start: Int) -> Int {
        let end = bytes.firstIndex(of: 0x0A, from: start)
        if end < bytes.byteCount {
            state.isInsideLongRecord = false
            state.position.line += 1
        }
        return advance(to: min(end + 1, bytes.byteCount), from: start)
    }

    private mutating func take(
        _ record: RawSpan, isSound: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) {
        do throws(Fault) {
            if !isBound {
                try readHeader(record, isSound: isSound)
                return
            }
            if !isSound { throw Fault(.badQuoting) }
            if let headerFault { throw headerFault }
            if row.isEmpty(record) { return }
            try row.read(record, into: &walk, assembler.plan)
        } catch {
            return assembler.reject(error, record: record, position: state.position, into: &sink)
        }
        assembler.take(walk.values, record: record, position: state.position, into: &sink)
    }

    // MARK: Encodings

    private static let littleEndian = UInt8(ascii: "l")
    private static let bigEndian = UInt8(ascii: "b")

    /// Takes the order of UTF-16's bytes out of the checkpoint's memory, where a mark said it.
    private mutating func resumeDecoder() {
        guard layout.encoding == .utf16 else { return }
        decoder?.isBigEndian = state.memory.first == Self.bigEndian
        if !state.memory.isEmpty { state.memory.removeFirst() }
    }

    /// Decodes what came.
    ///
    /// - Returns: whether the decoded text is the end of the input; `nil` while there are too few bytes to tell the
    ///   order of UTF-16's.
    private mutating func decode(_ bytes: RawSpan, endOfInput: Bool) -> Bool? {
        if layout.encoding == .utf16, state.position.byteOffset == 0 {
            guard bytes.byteCount >= 2 || endOfInput else { return nil }
            decoder?.isBigEndian = bytes.peek(0) == 0xFE && bytes.peek(1) == 0xFF
        }
        decoder?.decode(bytes, endOfInput: endOfInput)
        return endOfInput
    }

    /// Passes over the mark. In a decoded text it stays in front of the first line, so that only ends of lines are
    /// places of both.
    private mutating func passByteOrderMark(_ bytes: RawSpan, endOfInput: Bool) -> Int? {
        guard isDecoded else { return state.passByteOrderMark(bytes, endOfInput: endOfInput) }
        guard state.position.byteOffset == 0 else { return 0 }
        var text = state
        guard let index = text.passByteOrderMark(bytes, endOfInput: endOfInput) else { return nil }
        firstLineStart = index
        return index
    }

    /// Moves the position on by the bytes from `start` to `end`, as they are in the file; returns `end`.
    private mutating func advance(to end: Int, from start: Int) -> Int {
        guard isDecoded, let decoder else { return state.advance(to: end, from: start) }
        let from = state.position.byteOffset == 0 && start == firstLineStart ? 0 : decoder.raw(start)
        state.position.byteOffset += UInt64(decoder.raw(end) - from)
        return end
    }

    // MARK: The line that names the delimiter

    /// What a spreadsheet writes before a file's header: `sep=;`, which is kept before the header's bytes.
    private static let separatorPrefix = Array("sep=".utf8)
    private static let separatorBytes = separatorPrefix.count + 2

    private static func delimiter(inMemory memory: [UInt8]) -> UInt8? {
        guard memory.starts(with: separatorPrefix), memory.count >= separatorBytes,
            memory[separatorBytes - 1] == 0x0A
        else { return nil }
        return memory[separatorPrefix.count]
    }

    private static func header(inMemory memory: [UInt8]) -> [UInt8] {
        delimiter(inMemory: memory) == nil ? memory : Array(memory.dropFirst(separatorBytes))
    }

    /// Whether the first line has been looked at.
    private var isInFirstLine: Bool {
        state.isInsideLongRecord || state.position.byteOffset > 3 || hasSeenFirstLine
    }

    /// Takes the delimiter from a first line that names it, and passes over that line.
    ///
    /// - Returns: whether it was one; `nil` while there are too few bytes to tell.
    private mutating func passSeparatorLine(_ bytes: RawSpan, _ index: inout Int, endOfInput: Bool) -> Bool? {
        let end = bytes.firstIndex(of: 0x0A, from: index)
        // With a quote at each end and a carriage return it is no longer than this.
        let most = Self.separatorBytes + 2
        if end == bytes.byteCount, !endOfInput, end - index <= most { return nil }
        hasSeenFirstLine = true
        guard end - index <= most else { return false }
        var line = (index..<end).map { bytes.peek($0) }[...]
        if line.last == 0x0D { line = line.dropLast() }
        if line.count > 1, line.first == UInt8(ascii: "\""), line.last == UInt8(ascii: "\"") {
            line = line.dropFirst().dropLast()
        }
        guard line.starts(with: Self.separatorPrefix), line.count == Self.separatorPrefix.count + 1,
            let delimiter = line.last, delimiter < 0x80, delimiter != UInt8(ascii: "\""),
            delimiter >= 0x20 || delimiter == 0x09
        else { return false }
        row.delimiter = delimiter
        state.memory = Self.separatorPrefix + [delimiter, 0x0A]
        let next = min(end + 1, bytes.byteCount)
        if end < bytes.byteCount { state.position.line += 1 }
        index = advance(to: next, from: index)
        return true
    }

    // MARK: The header

    private mutating func readHeader(_ record: RawSpan, isSound: Bool) throws(Fault) {
        guard isSound else {
            loseHeader()
            throw Fault(.badQuoting)
        }
        state.memory.reserveCapacity(state.memory.count + record.byteCount)
        for index in 0..<record.byteCount { state.memory.append(record.peek(index)) }
        bind(record)
        if let headerFault { throw headerFault }
    }

    /// Finds the columns; what is missing becomes the fault of every record.
    private mutating func bind(_ header: RawSpan?) {
        isBound = true
        headerFault = row.bind(wanted, header: header)
    }

    /// Notes that the header can't be read: no record can then be, and each says so.
    private mutating func loseHeader() {
        isBound = true
        headerFault = Fault(.headerLost)
    }

    // MARK: Where a record ends

    private func extent(_ bytes: RawSpan, from start: Int, endOfInput: Bool) -> Extent {
        let lineEnd = bytes.firstIndex(of: 0x0A, from: start)
        let line = bytes.extracting(start..<lineEnd)
        if line.byteCount > maxRecordBytes { return .long }
        if lineEnd < bytes.byteCount || endOfInput {
            if line.firstIndex(of: UInt8(ascii: "\""), from: 0) == line.byteCount {
                return .record(end: lineEnd, isSound: true)
            }
            return quotedExtent(bytes, from: start, lineEnd: lineEnd, endOfInput: endOfInput)
        }
        return .unfinished
    }

    /// Follows the quotes of a record whose first line, up to `lineEnd`, holds some.
    private func quotedExtent(_ bytes: RawSpan, from start: Int, lineEnd: Int, endOfInput: Bool) -> Extent {
        let limit = min(bytes.byteCount, start + maxRecordBytes + 1)
        let isCut = limit < bytes.byteCount || (limit == start + maxRecordBytes + 1)
        let broken = Extent.record(end: lineEnd, isSound: false)
        // Where the bytes run out inside quotes, more may close them; but not at the end, and not beyond the length
        // that a record may have: then the quote that opened was a stray one.
        let outOfBytes = isCut || endOfInput ? broken : Extent.unfinished
        var index = start
        while true {
            // At the start of a field.
            while index < limit, row.isBlank(bytes.peek(index)) { index += 1 }
            if bytes.peek(index) == UInt8(ascii: "\""), index < limit {
                index += 1
                while true {
                    while index < limit, bytes.peek(index) != UInt8(ascii: "\"") { index += 1 }
                    if index >= limit { return outOfBytes }
                    // Whether this quote closes shows at the byte behind it.
                    if index + 1 >= limit, !(endOfInput && !isCut) { return outOfBytes }
                    if bytes.peek(index + 1) != UInt8(ascii: "\"") { break }
                    index += 2
                }
                index += 1
                while index < limit, row.isBlank(bytes.peek(index)) { index += 1 }
            } else {
                while index < limit, bytes.peek(index) != row.delimiter, bytes.peek(index) != 0x0A {
                    if bytes.peek(index) == UInt8(ascii: "\"") { return broken }
                    index += 1
                }
            }
            if index >= limit { return isCut || !endOfInput ? outOfBytes : .record(end: index, isSound: true) }
            if bytes.peek(index) == row.delimiter {
                index += 1
                continue
            }
            if bytes.peek(index) == 0x0A { return .record(end: index, isSound: true) }
            guard bytes.peek(index) == 0x0D else { return broken }
            if index + 1 >= limit { return isCut || !endOfInput ? outOfBytes : .record(end: index + 1, isSound: true) }
            return bytes.peek(index + 1) == 0x0A ? .record(end: index + 1, isSound: true) : broken
        }
    }

    private func lineEnds(_ bytes: RawSpan) -> UInt64 {
        var count: UInt64 = 0
        var index = bytes.firstIndex(of: 0x0A, from: 0)
        while index < bytes.byteCount {
            count += 1
            index = bytes.firstIndex(of: 0x0A, from: index + 1)
        }
        return count
    }
}
