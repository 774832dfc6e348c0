package import TextFormats
internal import UsageModel

/// Facts of one kind as a CSV file: read whole or refused whole, and written so that reading it again gives the same.
///
/// The columns of the kind stand in any order. An export adds ``versionColumns``, which an import allows and doesn't
/// read: a record is recorded when it is imported, by whoever imports it.
package enum FactFile {
    package static let versionColumns = ["recorded_at", "recorded_by"]

    /// The largest file that is read, in bytes.
    package static let maxBytes = 64 << 20

    /// The most records in one file, count: as many as an export may have.
    package static let maxRecords = 200_000
    /// Mistakes after which reading stops: what comes then is no better, and each is remembered.
    static let maxProblems = 10_000

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
                        + kind.definition.columns.map(\.name).joined(separator: ","))
            }
            if validator.readHeader(header) {
                while let record = try reader.next() {
                    guard validator.records.count < maxRecords else {
                        throw FileProblem(
                            line: record.line, message: "more than \(maxRecords) records: import them in several files")
                    }
                    guard validator.problems.count < maxProblems else {
                        throw FileProblem(
                            line: record.line, message: "more than \(maxProblems) mistakes; reading stopped here")
                    }
                    validator.read(record)
                }
            }
        } catch {
            validator.problems.append(error)
        }
        validator.compareRecords()
        guard validator.problems.isEmpty else { throw FileProblems(file: file, problems: validator.problems) }
        return validator.records.map(\.record)
    }

    /// The file of some records of one kind, in the order given.
    package static func emit(_ records: some Sequence<FactRecord>, kind: FactKind) -> String {
        var writer = CSVWriter(header: kind.definition.columns.map(\.name))
        for record in records { writer.append(cells(record)) }
        return writer.text
    }

    /// The export of some versions of records of one kind, with when and by whom they were recorded.
    package static func emit(versions: some Sequence<FactVersion>, kind: FactKind) -> String {
        var writer = versionWriter(kind)
        for version in versions { append(version, to: &writer) }
        return writer.text
    }

    /// Begins such an export, which grows by ``append(_:to:)``.
    package static func versionWriter(_ kind: FactKind) -> CSVWriter {
        CSVWriter(header: kind.definition.columns.map(\.name) + versionColumns)
    }

    package static func append(_ version: FactVersion, to writer: inout CSVWriter) {
        writer.append(cells(version.record) + [.text(RFC3339.text(version.recordedAt)), .text(version.recordedBy)])
    }

    private static func cells(_ record: FactRecord) -> [CSVCell] {
        record.kind.definition.columns.map { column in
            let text = record[column.name]
            switch column.syntax {
            case _ where text.isEmpty: return .empty
            case .decimal, .count: return .number(text)
            default: return .text(text)
            }
        }
    }
}
