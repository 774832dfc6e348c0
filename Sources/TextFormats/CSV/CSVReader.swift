/// One record of a CSV file.
package struct CSVRecord: Sendable, Hashable {
    /// The line that the record starts on, from 1.
    package var line: Int
    /// The cells as they stand in the file, quotes taken off, guards still on; see ``FormulaGuard/unguarded(_:)``.
    package var fields: [String]

    package init(line: Int, fields: [String]) {
        self.line = line
        self.fields = fields
    }
}

/// Reads RFC 4180: commas, CRLF or LF, quoted fields with doubled quotes and line breaks inside; UTF-8, with or without
/// a byte order mark. Blank lines between records are skipped.
///
/// Stricter than many readers, because a file that is read in a way its writer didn't mean is worse than a refusal:
/// quotes inside an unquoted field, text after a closing quote, a lone carriage return and NUL are errors.
package struct CSVReader {
    /// The longest field, in bytes.
    package static let maxFieldBytes = 64 << 10
    /// The most fields in a record.
    package static let maxFields = 1_000

    private let bytes: [UInt8]
    private var index = 0
    private var line = 1

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    /// The next record, or `nil` at the end of the file. After an error the file can't be read on.
    package mutating func next() throws(FileProblem) -> CSVRecord? {
        skipBlankLines()
        guard index < bytes.count else { return nil }
        var record = CSVRecord(line: line, fields: [])
        while true {
            record.fields.append(try field())
            if record.fields.count > Self.maxFields {
                throw FileProblem(line: line, message: "more than \(Self.maxFields) fields in one record")
            }
            guard try endField() else { return record }
        }
    }

    /// All records of a file.
    package static func records(in bytes: [UInt8]) throws(FileProblem) -> [CSVRecord] {
        var reader = CSVReader(bytes)
        var records: [CSVRecord] = []
        while let record = try reader.next() { records.append(record) }
        return records
    }

    private mutating func skipBlankLines() {
        while index < bytes.count {
            if bytes[index] == 0x0A {
                index += 1
            } else if bytes[index] == 0x0D, index + 1 < bytes.count, bytes[index + 1] == 0x0A {
                index += 2
            } else {
                return
            }
            line += 1
        }
    }

    private mutating func field() throws(FileProblem) -> String {
        index < bytes.count && bytes[index] == 0x22 ? try quotedField() : try plainField()
    }

    private mutating func plainField() throws(FileProblem) -> String {
        let start = index
        while index < bytes.count, bytes[index] != 0x2C, bytes[index] != 0x0A, bytes[index] != 0x0D {
            if bytes[index] == 0x22 {
                throw FileProblem(
                    line: line, message: "a quote inside an unquoted field: quote the whole field and double the quote")
            }
            index += 1
        }
        return try text(bytes[start..<index], line: line)
    }

    private mutating func quotedField() throws(FileProblem) -> String {
        let firstLine = line
        var content: [UInt8] = []
        index += 1
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == 0x22 {
                guard index < bytes.count, bytes[index] == 0x22 else { return try text(content[...], line: firstLine) }
                index += 1
            } else if byte == 0x0A {
                line += 1
            }
            content.append(byte)
        }
        throw FileProblem(line: firstLine, message: "a quoted field is not closed before the end of the file")
    }

    /// Moves past what ends a field; `true` when another field of the record follows.
    private mutating func endField() throws(FileProblem) -> Bool {
        guard index < bytes.count else { return false }
        switch bytes[index] {
        case 0x2C:
            index += 1
            return true
        case 0x0A:
            index += 1
        case 0x0D where index + 1 < bytes.count && bytes[index + 1] == 0x0A:
            index += 2
        case 0x0D:
            throw FileProblem(line: line, message: "a carriage return without a line feed: end lines with CRLF or LF")
        default:
            throw FileProblem(
                line: line, message: "text after a closing quote: put a comma after it, or double the quote inside")
        }
        line += 1
        return false
    }

    private func text(_ content: ArraySlice<UInt8>, line: Int) throws(FileProblem) -> String {
        guard content.count <= Self.maxFieldBytes else {
            throw FileProblem(line: line, message: "a field is longer than \(Self.maxFieldBytes) bytes")
        }
        guard !content.contains(0) else { throw FileProblem(line: line, message: "a NUL byte: not a text file") }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw FileProblem(line: line, message: "not valid UTF-8: save the file as UTF-8")
        }
        return text
    }
}
