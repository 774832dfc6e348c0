internal import UsageModel

/// What a parser knows about its CSV file.
struct CSVState: Sendable {
    var record = CSVRecord(delimiter: UInt8(ascii: ","))
    var values = RecordValues()
    var wanted: [FieldPlan.ColumnWanted] = []
    var hasHeader = false
    var skippedLines: UInt64 = 0
    /// Whether the columns are known.
    var isBound = false
    /// What is wrong with the header; no record can then be read.
    var headerFault: Fault?

    init() {}

    init(layout: Mapping.CSVLayout, wanted: [FieldPlan.ColumnWanted]) {
        record = CSVRecord(delimiter: layout.delimiter)
        hasHeader = layout.hasHeader
        skippedLines = UInt64(layout.skippedLines)
        self.wanted = wanted
        resume(from: .start)
    }

    mutating func resume(from checkpoint: ParserCheckpoint) {
        headerFault = nil
        isBound = false
        if !hasHeader {
            bind(nil)
        } else if !checkpoint.csvHeader.isEmpty {
            unsafe bind(checkpoint.csvHeader.span.bytes)
        }
    }

    /// Finds the columns; what is missing becomes the fault of every record.
    mutating func bind(_ header: RawSpan?) {
        isBound = true
        headerFault = record.bind(wanted, header: header)
    }
}

extension SourceParser {
    /// How far a CSV record goes.
    private enum CSVExtent {
        /// To a line end (or the end of input) at `end`; `isSound` is false where the quoting is broken and only the
        /// first line is meant.
        case record(end: Int, isSound: Bool)
        case long
        case unfinished
    }

    /// CSV records: quoted fields may hold line ends. Where quoting is broken the first line alone is rejected, so that
    /// a stray quote doesn't swallow the lines after it.
    mutating func consumeCSV(
        _ bytes: RawSpan, _ start: Int, endOfInput: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) -> Int {
        var index = start
        while index < bytes.byteCount {
            if state.isInsideLongRecord || state.position.line <= csv.skippedLines {
                let end = bytes.firstIndex(of: 0x0A, from: index)
                if end < bytes.byteCount {
                    state.isInsideLongRecord = false
                    state.position.line += 1
                }
                index = advance(to: min(end + 1, bytes.byteCount), from: index)
                continue
            }
            switch csvExtent(bytes, index, endOfInput: endOfInput) {
            case .unfinished: return index
            case .long:
                rejectLong(bytes.extracting(index..<bytes.byteCount), into: &sink)
                state.isInsideLongRecord = true
                if !csv.isBound { loseHeader() }
            case .record(let end, let isSound):
                if !isBlank(bytes, index, end) {
                    let hasCarriageReturn = bytes.peek(end - 1) == 0x0D
                    let record = bytes.extracting(index..<(hasCarriageReturn ? end - 1 : end))
                    takeCSV(record, isSound: isSound, into: &sink)
                }
                state.position.line += lineEnds(bytes, index, min(end + 1, bytes.byteCount))
                index = advance(to: min(end + 1, bytes.byteCount), from: index)
            }
        }
        return index
    }

    private mutating func takeCSV(
        _ record: RawSpan, isSound: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) {
        do throws(Fault) {
            if !csv.isBound {
                try readHeader(record, isSound: isSound)
                return
            }
            if !isSound { throw Fault(.badQuoting) }
            if let fault = csv.headerFault { throw fault }
            try csv.record.read(record, into: &csv.values)
            let event = try assembler.event(record, csv.values)
            pass(event, record, into: &sink)
        } catch {
            sink.reject(rejection(error, record), record: record, position: state.position)
        }
    }

    private mutating func readHeader(_ record: RawSpan, isSound: Bool) throws(Fault) {
        guard isSound else {
            loseHeader()
            throw Fault(.badQuoting)
        }
        state.csvHeader = []
        state.csvHeader.reserveCapacity(record.byteCount)
        for index in 0..<record.byteCount { state.csvHeader.append(record.peek(index)) }
        csv.bind(record)
        if let fault = csv.headerFault { throw fault }
    }

    /// Notes that the header can't be read: no record can then be, and each says so.
    private mutating func loseHeader() {
        csv.isBound = true
        csv.headerFault = Fault(.headerLost)
    }

    private func csvExtent(_ bytes: RawSpan, _ start: Int, endOfInput: Bool) -> CSVExtent {
        let lineEnd = bytes.firstIndex(of: 0x0A, from: start)
        let line = bytes.extracting(start..<lineEnd)
        if line.byteCount > Limits.maxRecordBytes { return .long }
        if lineEnd < bytes.byteCount || endOfInput {
            if line.firstIndex(of: UInt8(ascii: "\""), from: 0) == line.byteCount {
                return .record(end: lineEnd, isSound: true)
            }
            return quotedExtent(bytes, start, lineEnd: lineEnd, endOfInput: endOfInput)
        }
        return .unfinished
    }

    /// Follows the quotes of a record whose first line, up to `lineEnd`, holds some.
    private func quotedExtent(_ bytes: RawSpan, _ start: Int, lineEnd: Int, endOfInput: Bool) -> CSVExtent {
        let limit = min(bytes.byteCount, start + Limits.maxRecordBytes + 1)
        let isCut = limit < bytes.byteCount || (limit == start + Limits.maxRecordBytes + 1)
        let broken = CSVExtent.record(end: lineEnd, isSound: false)
        let outOfBytes = isCut || endOfInput ? broken : CSVExtent.unfinished
        var index = start
        while true {
            // At the start of a field.
            if bytes.peek(index) == UInt8(ascii: "\""), index < limit {
                index += 1
                while true {
                    while index < limit, bytes.peek(index) != UInt8(ascii: "\"") { index += 1 }
                    if index >= limit { return outOfBytes }
                    if index + 1 >= limit, !(endOfInput && !isCut) { return outOfBytes }
                    if bytes.peek(index + 1) != UInt8(ascii: "\"") { break }
                    index += 2
                }
                index += 1
            } else {
                while index < limit, bytes.peek(index) != csv.record.delimiter, bytes.peek(index) != 0x0A {
                    if bytes.peek(index) == UInt8(ascii: "\"") { return broken }
                    index += 1
                }
            }
            if index >= limit { return isCut || !endOfInput ? outOfBytes : .record(end: index, isSound: true) }
            if bytes.peek(index) == csv.record.delimiter {
                index += 1
                continue
            }
            if bytes.peek(index) == 0x0A { return .record(end: index, isSound: true) }
            guard bytes.peek(index) == 0x0D else { return broken }
            if index + 1 >= limit { return isCut || !endOfInput ? outOfBytes : .record(end: index + 1, isSound: true) }
            return bytes.peek(index + 1) == 0x0A ? .record(end: index + 1, isSound: true) : broken
        }
    }

    private func lineEnds(_ bytes: RawSpan, _ start: Int, _ end: Int) -> UInt64 {
        var count: UInt64 = 0
        var index = start
        while true {
            index = bytes.extracting(0..<end).firstIndex(of: 0x0A, from: index)
            if index >= end { return count }
            count += 1
            index += 1
        }
    }
}
