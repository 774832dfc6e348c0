package import TextFormats
internal import UsageModel

/// The tenant registry as a CSV file: read whole or refused whole, and written so that reading it again gives the same.
///
/// Columns, in any order: `provider`, `tenant`, `kind`, `legal_entity`, `effective_from`, `effective_to`, `reason`.
/// `effective_from` is the first day that counts, `effective_to` the first that doesn't, empty for no end.
/// `recorded_at` and `recorded_by`, which an export adds, are allowed and not read: an import is recorded when it
/// happens, by whoever does it.
package enum RegistryFile {
    package static let columns = [
        "provider", "tenant", "kind", "legal_entity", "effective_from", "effective_to", "reason",
    ]
    package static let recordColumns = ["recorded_at", "recorded_by"]

    /// The largest file that is read, in bytes.
    package static let maxBytes = 256 << 20
    /// The longest legal entity, in bytes of UTF-8.
    package static let maxLegalEntityBytes = 512
    /// The longest reason, in bytes of UTF-8.
    package static let maxReasonBytes = 2_000

    /// Reads and checks a whole file.
    ///
    /// - Parameter file: the name that problems are reported under.
    /// - Throws: every problem found, with its line; nothing of a file with a problem may be applied.
    package static func parse(_ bytes: [UInt8], file: String) throws(FileProblems) -> [RegistryEntry] {
        guard bytes.count <= maxBytes else {
            throw FileProblems(
                file: file, problems: [FileProblem(line: 1, message: "the file is longer than \(maxBytes) bytes")])
        }
        var validator = RegistryValidator()
        do throws(FileProblem) {
            var reader = CSVReader(bytes)
            guard let header = try reader.next() else {
                throw FileProblem(
                    line: 1,
                    message: "the file is empty: its first line names the columns "
                        + columns.joined(separator: ","))
            }
            if validator.readHeader(header) {
                while let record = try reader.next() { validator.read(record) }
            }
        } catch {
            validator.problems.append(error)
        }
        validator.checkOverlaps()
        guard validator.problems.isEmpty else { throw FileProblems(file: file, problems: validator.problems) }
        return validator.entries.map(\.statement)
    }

    /// The file of some entries, in the order given.
    package static func emit(_ entries: some Sequence<RegistryEntry>) -> String {
        var writer = CSVWriter(header: columns)
        for entry in entries { writer.append(cells(entry)) }
        return writer.text
    }

    /// The export of some recorded entries, with when and by whom they were recorded.
    package static func emit(recorded entries: some Sequence<RecordedRegistryEntry>) -> String {
        var writer = CSVWriter(header: columns + recordColumns)
        for record in entries {
            writer.append(cells(record.entry) + [.text(record.recordedAt), .text(record.recordedBy)])
        }
        return writer.text
    }

    private static func cells(_ entry: RegistryEntry) -> [CSVCell] {
        [
            .text(entry.provider), .text(entry.tenant), .text(entry.kind.name), .text(entry.legalEntity),
            .text("\(entry.effectiveFrom)"), .text(entry.effectiveTo.map { "\($0)" } ?? ""), .text(entry.reason),
        ]
    }
}
