internal import Foundation
internal import UsageModel

/// Writes native usage events, one JSON object a line, to a file.
struct NativeEventWriter {
    struct Event {
        var millisecond: Int64
        var tenant: String
        var model: String
        var requests: UInt64 = 1
        var input: UInt64
        var output: UInt64
    }

    private static let flushBytes = 1 << 20

    private(set) var eventCount = 0
    private let handle: FileHandle
    private var buffer = Data()

    init(path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil) else {
            throw CocoaError(.fileWriteUnknown)
        }
        handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }

    mutating func write(_ event: Event) throws {
        let line =
            "{\"time\":\"\(rfc3339(milliseconds: event.millisecond))\",\"tenant\":\"\(event.tenant)\","
            + "\"model\":\"\(event.model)\",\"requests\":\(event.requests),\"input_tokens\":\(event.input),"
            + "\"output_tokens\":\(event.output)}\n"
        buffer.append(contentsOf: line.utf8)
        eventCount += 1
        if buffer.count >= Self.flushBytes { try flush() }
    }

    mutating func flush() throws {
        try handle.write(contentsOf: buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    /// Writes what is left and closes the file.
    mutating func finish() throws {
        try flush()
        try handle.close()
    }
}

/// `2025-10-01T00:00:00.123Z` for a moment in milliseconds since 1970.
func rfc3339(milliseconds: Int64) -> String {
    let seconds = milliseconds / 1000
    let (year, month, day) = CivilTime.date(days: seconds / CivilTime.secondsPerDay)
    let ofDay = seconds % CivilTime.secondsPerDay
    func padded(_ value: Int64, _ width: Int = 2) -> String {
        let digits = String(value)
        return String(repeating: "0", count: width - digits.utf8.count) + digits
    }
    return "\(padded(Int64(year), 4))-\(padded(Int64(month)))-\(padded(Int64(day)))T\(padded(ofDay / 3600)):"
        + "\(padded(ofDay / 60 % 60)):\(padded(ofDay % 60)).\(padded(milliseconds % 1000, 3))Z"
}
