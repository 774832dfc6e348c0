/// Why a version of an export isn't counted: what was counted of the version before stays as it is until there is
/// another one.
enum ExportFault: Equatable {
    /// Its bytes can't be decompressed.
    case damaged(String)
    /// Its last record, or last line, isn't whole.
    case cut
    /// No record counts, where the version before had some.
    case empty
    /// More records are refused than count.
    case mostlyRefused(refused: UInt64, accepted: UInt64, first: String)
    /// More rows or events than a version may have.
    case tooLarge
    /// It begins after everything that the version before held, and nobody said what that means.
    case anotherPeriod
    /// It holds records of a period that is over.
    case closedPeriod
    /// Another export's version holds the same bytes.
    case sameAs(String)
    /// The file counted before as one that grows.
    case countedAsGrowing
    /// What was counted of the version before can't be known.
    case unknownBefore(String)

    /// For people.
    var text: String {
        switch self {
        case .damaged(let detail): "the version \(detail)"
        case .cut: "the version ends in the middle of a record"
        case .empty: "no record of the version counts, and some of the one before do"
        case .mostlyRefused(let refused, let accepted, let first):
            "\(refused) of \(refused + accepted) records are refused: \(first)"
        case .tooLarge:
            "the version has more than a batch can replace: at most \(VersionSums.maxBytes) bytes of rows, which are "
                + "about \(VersionSums.maxBytes / 85) rows (minute and key), and \(VersionSums.maxEvents) records"
        case .anotherPeriod:
            "the version begins after all that the one before held; next-period says whether what was counted stays"
        case .closedPeriod: "the version holds records of a period that is over and counted"
        case .sameAs(let path): "it holds the same as \(path), which counts"
        case .countedAsGrowing: "what it held was counted before content: replaced was set; use another name of source"
        case .unknownBefore(let detail): "what was counted of the version before isn't known: \(detail)"
        }
    }

    /// What an operator can do.
    var remedy: String {
        switch self {
        case .damaged, .cut, .empty: "have the export written again, whole"
        case .mostlyRefused: "compare the source's format with the records, or have the export written again"
        case .tooLarge: "have the export written by hours instead of minutes, or as several files"
        case .anotherPeriod: "set next-period to count or to replace"
        case .closedPeriod: "write each period's export to a file of its own"
        case .sameAs: "remove one of the two files, or exclude it"
        case .countedAsGrowing: "give the source another name, and move the files that are counted away"
        case .unknownBefore: "restore the data directory, or write the export to another path from the next period on"
        }
    }
}

/// What became of a version that is counted.
package struct ExportNote: Sendable {
    package var path: String
    package var source: String
    /// Events that were counted, of rows that weren't counted so before.
    package var events: UInt64 = 0
    /// Records that are refused now and weren't in the version before.
    package var rejected: UInt64 = 0
    package var ignored = IgnoredRecords()
    /// Bytes that were read, after decompression.
    package var byteCount: UInt64 = 0
    /// Whether it only added to the version before.
    package var isAddition = false
    /// Input and output tokens of the rows that were counted, and of those that were taken back.
    package var countedTokens: UInt128 = 0
    package var takenBackTokens: UInt128 = 0
}
