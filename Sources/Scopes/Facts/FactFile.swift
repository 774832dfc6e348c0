package import TextFormats

/// Facts of one kind as a CSV file: read whole or refused whole, and written so that reading it again gives the same.
package enum FactFile {
    /// The largest file that is read, in bytes.
    package static let maxBytes = 64 << 20

    /// Reads and checks a whole file.
    ///
    /// - Parameter file: the name that problems are reported under.
    /// - Throws: every problem found, with its line; nothing of a file with a problem may be applied.
    package static func parse(_ bytes: [UInt8], kind: FactKind, file: String) throws(FileProblems) -> [FactRecord] {
        guard bytes.count <= maxBytes else {
            throw FileProblems(
                file: file, problems: [FileProblem(line: 1, message: "the file is longer than \(maxBytes) bytes")])
        }
        var validator = FactValidator(kind)
        do throws(FileProblem) {
            var reader = CSVReader(bytes)
            guard let header = try reader.next() else {
                throw FileProblem(
                    line: 1,
                    message: "the file is empty: its first line names the columns "
                        + kind.columns.map(\.name).joined(separator: ","))
            }
            if validator.readHeader(header) {
                while let record = try reader.next() { validator.read(record) }
            }
        } catch {
            validator.problems.append(error)
        }
        validator.checkOverlaps()
        guard validator.problems.isEmpty else { throw FileProblems(file: file, problems: validator.problems) }
        return validator.records.map(\.statement)
    }

    /// The file of some records of one kind, in the order given.
    package static func emit(_ records: some Sequence<FactRecord>, kind: FactKind) -> String {
        var writer = CSVWriter(header: kind.columns.map(\.name))
        for record in records { writer.append(cells(record)) }
        return writer.text
    }

    /// The export of some recorded facts of one kind, with when and by whom they were recorded.
    package static func emit(recorded facts: some Sequence<RecordedFact>, kind: FactKind) -> String {
        var writer = CSVWriter(header: kind.columns.map(\.name) + FactKind.recordColumns)
        for fact in facts { writer.append(cells(fact.record) + [.text(fact.recordedAt), .text(fact.recordedBy)]) }
        return writer.text
    }

    private static func cells(_ record: FactRecord) -> [CSVCell] {
        record.kind.columns.map { column in
            let text = record[column.name]
            switch column.syntax {
            case _ where text.isEmpty: return .empty
            case .decimal, .count: return .number(text)
            default: return .text(text)
            }
        }
    }
}
