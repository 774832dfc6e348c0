internal import UsageModel

/// A column that is read, and the source that it is in the ``FieldPlan``.
struct CSVColumn: Sendable {
    enum Place: Sendable {
        /// Known once the header is read; compared byte for byte.
        case name([UInt8])
        /// Counted from 0; known at once.
        case index(Int)
    }

    var place: Place
    var source: Int
}

/// Splits one CSV record in place (RFC 4180) and notes the columns that are read.
struct CSVRecord: Sendable {
    /// The most columns that a record may have.
    static let maxColumns = 4_096

    var delimiter: UInt8
    /// For each column its source or -1; shorter than a record where the rest is not read.
    var sources: [Int16] = []
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

    /// Reads one field that starts at `start`.
    @inline(__always)
    func field(_ bytes: RawSpan, _ start: Int) throws(Fault) -> Field {
        if bytes.peek(start) == UInt8(ascii: "\"") { return try quotedField(bytes, start + 1) }
        var index = start
        while index < bytes.byteCount {
            let byte = bytes.peek(index)
            if byte == delimiter { break }
            if byte == UInt8(ascii: "\"") { throw Fault(.badQuoting, at: index) }
            index += 1
        }
        return Field(start: start, end: index, next: index, kind: .bareText)
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
        guard index + 1 == bytes.byteCount || bytes.peek(index + 1) == delimiter else {
            throw Fault(.badQuoting, at: index)
        }
        return Field(start: start, end: index, next: index + 1, kind: kind)
    }

    /// Notes where the values of a record are.
    func read(_ record: RawSpan, into values: inout RecordValues) throws(Fault) {
        values.clear()
        var column = 0
        var index = 0
        while true {
            let field = try field(record, index)
            if column < sources.count {
                let source = Int(sources[column])
                if source >= 0 { values.set(source, field.kind, start: field.start, end: field.end) }
            }
            column += 1
            if field.next == record.byteCount { break }
            guard column < CSVRecord.maxColumns else {
                throw Fault(.columnCount, at: column + 1, extent: expectedColumns)
            }
            index = field.next + 1
        }
        if expectedColumns > 0 ? column != expectedColumns : column < sources.count {
            throw Fault(.columnCount, at: column, extent: expectedColumns > 0 ? expectedColumns : sources.count)
        }
    }

    /// Finds the wanted columns in a header row, or takes them by number where there is none.
    ///
    /// - Returns: what is wrong with the header.
    mutating func bind(_ wanted: [CSVColumn], header: RawSpan?) -> Fault? {
        var names: [[UInt8]] = []
        if let header {
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
                names.append(name)
                if field.next == header.byteCount { break }
                index = field.next + 1
            }
        }
        sources = []
        expectedColumns = names.count
        for column in wanted {
            let index: Int?
            switch column.place {
            case .index(let number): index = header == nil || number < names.count ? number : nil
            case .name(let name):
                index = names.firstIndex(of: name)
                if index != names.lastIndex(of: name) { return Fault(.duplicate, source: column.source) }
            }
            guard let index else { return Fault(.missing, source: column.source) }
            while sources.count <= index { sources.append(-1) }
            sources[index] = Int16(column.source)
        }
        return nil
    }
}
