internal import UsageModel

/// A column that is read, and what it is in the ``FieldPlan``.
struct CSVColumn: Sendable {
    enum Place: Sendable, Equatable {
        /// Known once the header is read; compared byte for byte, without the blanks at its ends.
        case name([UInt8])
        /// Counted from 0; known at once.
        case index(Int)
    }

    var place: Place
    /// The source that its text is, or -1.
    var source: Int
    /// The node of the JSON that it holds, or -1.
    var node = -1
    /// What a plan's tree calls a column that holds JSON.
    var treeName = ""

    /// Whether it is the column that a mapping names.
    func isAt(_ place: MappedFormat.Place) -> Bool {
        guard source >= 0 else { return false }
        return switch place {
        case .column(let name): self.place == .name(Array(name.utf8))
        case .columnNumber(let number): self.place == .index(number - 1)
        default: false
        }
    }
}

/// Splits one CSV record in place (RFC 4180) and notes the columns that are read. Blanks around a field are no part of
/// it, whether or not it is quoted.
struct CSVRecord: Sendable {
    /// The most columns that a record may have.
    static let maxColumns = 4_096

    /// What a column is read for: a source, a node of JSON, or both; -1 for none.
    struct Use: Sendable {
        var source: Int16 = -1
        var node: Int16 = -1
    }

    var delimiter: UInt8
    /// By column; shorter than a record where the rest is not read.
    var uses: [Use] = []
    /// How many columns each record must have; 0 where only the mapped ones must be there.
    var expectedColumns = 0

    /// Where one field ends and how it was written.
    struct Field {
        /// First byte of the text, after an opening quote.
        var start: Int
        /// After the last byte of the text, before a closing quote.
        var end: Int
        /// The delimiter's index, or the record's end.
        var next: Int
        var kind: RecordValues.Kind
    }

    /// Whether the byte is a blank that may stand around a field.
    @inline(__always)
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (byte == 0x09 && delimiter != 0x09) }

    /// Reads one field that starts at `start`.
    @inline(__always)
    func field(_ bytes: RawSpan, _ start: Int) throws(Fault) -> Field {
        var start = start
        while isBlank(bytes.peek(start)) { start += 1 }
        if bytes.peek(start) == UInt8(ascii: "\"") { return try quotedField(bytes, start + 1) }
        var index = start
        while index < bytes.byteCount {
            let byte = bytes.peek(index)
            if byte == delimiter { break }
            if byte == UInt8(ascii: "\"") { throw Fault(.badQuoting, at: index) }
            index += 1
        }
        var end = index
        while end > start, isBlank(bytes.peek(end - 1)) { end -= 1 }
        return Field(start: start, end: end, next: index, kind: .bareText)
    }

    private func quotedField(_ bytes: RawSpan, _ start: Int) throws(Fault) -> Field {
        var index = start
        var kind = RecordValues.Kind.bareText
        while true {
            index = bytes.firstIndex(of: UInt8(ascii: "\""), from: index)
            guard index < bytes.byteCount else { throw Fault(.badQuoting, at: start - 1) }
            guard bytes.peek(index + 1) == UInt8(ascii: "\"") else { break }
            kind = .doubledQuotes
            index += 2
        }
        var next = index + 1
        while isBlank(bytes.peek(next)) { next += 1 }
        guard next == bytes.byteCount || bytes.peek(next) == delimiter else { throw Fault(.badQuoting, at: index) }
        return Field(start: start, end: index, next: next, kind: kind)
    }

    /// Whether every field of a record is empty, as spreadsheets write rows that were cleared.
    func isEmpty(_ record: RawSpan) -> Bool {
        for index in 0..<record.byteCount {
            let byte = record.peek(index)
            guard byte == delimiter || byte == UInt8(ascii: "\"") || isBlank(byte) else { return false }
        }
        return true
    }

    /// Notes where the values of a record are.
    func read(_ record: RawSpan, into walk: inout JSONWalk, _ plan: borrowing FieldPlan) throws(Fault) {
        walk.begin()
        var column = 0
        var index = 0
        while true {
            let field = try field(record, index)
            if column < uses.count {
                let source = Int(uses[column].source)
                if source >= 0 {
                    if plan.readsText {
                        walk.values.copy(source, field.kind, of: record, start: field.start, end: field.end)
                    } else {
                        walk.values.set(source, field.kind, start: field.start, end: field.end)
                    }
                }
                if uses[column].node >= 0 {
                    let spelling = field.kind == .doubledQuotes ? JSONWalk.Spelling.csv : .plain
                    try walk.inner(
                        record, from: field.start, to: field.end, spelling, node: Int(uses[column].node), depth: 0,
                        plan: plan)
                }
            }
            column += 1
            if field.next == record.byteCount { break }
            guard column < CSVRecord.maxColumns else {
                throw Fault(.columnCount, at: column + 1, extent: expectedColumns)
            }
            index = field.next + 1
        }
        if expectedColumns > 0 ? column != expectedColumns : column < uses.count {
            throw Fault(.columnCount, at: column, extent: expectedColumns > 0 ? expectedColumns : uses.count)
        }
    }

    /// The record with the columns that aren't read left empty. Empty as a whole where its columns can't be told apart.
    func mappedFields(of record: RawSpan) -> [UInt8] {
        var fields: [UInt8] = []
        var column = 0
        var index = 0
        while let field = try? field(record, index) {
            let isRead = column < uses.count && uses[column].source >= 0
            if isRead, field.next - index <= SourceLimits.maxKeptFieldBytes {
                for place in index..<field.next { fields.append(record.peek(place)) }
            }
            if field.next == record.byteCount { return fields }
            fields.append(delimiter)
            column += 1
            index = field.next + 1
        }
        return []
    }

    /// Finds the wanted columns in a header row, or takes them by number where there is none.
    ///
    /// - Returns: what is wrong with the header.
    mutating func bind(_ wanted: [CSVColumn], header: RawSpan?) -> Fault? {
        var names: [[UInt8]] = []
        if let header { names = self.names(header) }
        uses = []
        expectedColumns = names.count
        for column in wanted {
            let index: Int?
            switch column.place {
            case .index(let number): index = header == nil || number < names.count ? number : nil
            case .name(let name):
                let wanted = Self.trimmed(name[...])
                index = names.firstIndex(of: wanted)
                if index != names.lastIndex(of: wanted) { return Fault(.duplicate, source: column.source) }
            }
            guard let index else { return Fault(.missing, source: column.source) }
            while uses.count <= index { uses.append(Use()) }
            if column.source >= 0 { uses[index].source = Int16(column.source) }
            if column.node >= 0 { uses[index].node = Int16(column.node) }
        }
        return nil
    }

    /// The names in a header row, without the blanks at their ends.
    private func names(_ header: RawSpan) -> [[UInt8]] {
        var names: [[UInt8]] = []
        var index = 0
        while let field = try? field(header, index) {
            var name = [UInt8](repeating: 0, count: field.end - field.start)
            if field.kind == .doubledQuotes {
                let count = Unescape.csv(
                    header, from: field.start, to: field.end, into: &name, at: 0, room: name.count)
                name.removeLast(name.count - count)
            } else {
                for offset in 0..<name.count { name[offset] = header.peek(field.start + offset) }
            }
            names.append(Self.trimmed(name[...]))
            if field.next == header.byteCount { break }
            index = field.next + 1
        }
        return names
    }

    private static func trimmed(_ name: ArraySlice<UInt8>) -> [UInt8] {
        var name = name
        while let first = name.first, first == 0x20 || first == 0x09 { name = name.dropFirst() }
        while let last = name.last, last == 0x20 || last == 0x09 { name = name.dropLast() }
        return Array(name)
    }
}
