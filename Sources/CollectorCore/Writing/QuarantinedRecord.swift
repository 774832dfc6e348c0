package import Foundation
internal import UsageModel

/// One line of the quarantine's files, as it is written and read again.
package struct QuarantinedRecord: Sendable, Codable {
    /// When the record was refused, in UTC to the millisecond.
    package var time: String
    package var source: String
    /// The file's path; `nil` for pushed events.
    package var file: String?
    package var line: UInt64
    package var offset: UInt64
    package var reason: String
    package var field: String
    package var detail: String
    /// The record, or what is kept of it.
    package var bytes: Data
    package var kept: QuarantineRule.Kept
    /// What stands before the record and is needed to read it: a CSV file's header row.
    package var header: Data?

    package init(_ entry: QuarantineEntry) {
        time = CivilTime.logText(milliseconds: entry.timeMilliseconds)
        source = entry.source
        file = entry.file.isEmpty ? nil : entry.file
        line = entry.position.line
        offset = entry.position.byteOffset
        reason = entry.rejection.reason.rawValue
        field = entry.rejection.field
        detail = entry.rejection.detail
        bytes = Data(entry.bytes)
        kept = entry.kept
        header = entry.memory.isEmpty ? nil : Data(entry.memory)
    }

    /// The line with its end.
    package func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self)) + [0x0A]
    }

    /// - Parameter line: without its end. `nil` for what is no such line.
    package init?(line: some Collection<UInt8>) {
        guard let record = try? JSONDecoder().decode(Self.self, from: Data(line)) else { return nil }
        self = record
    }
}
