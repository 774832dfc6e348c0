internal import Foundation
internal import Synchronization

/// What the driver sent and what it was answered, on disk before anything else happens.
///
/// A text file of lines: `event GROUP MINUTE TENANT MODEL INPUT OUTPUT` before a group is sent, then
/// `acknowledged GROUP`, `refused GROUP` or `unknown GROUP`. Each entry is synced before the call returns. The last
/// answer to a group counts: an unknown one that is sent again, and acknowledged, is acknowledged.
final class Journal: Sendable {
    /// What the sender knows of a group.
    enum Outcome: String, Sendable {
        /// It must be counted exactly once.
        case acknowledged
        /// It must not be counted.
        case refused
        /// It may be counted once or not at all.
        case unknown
    }

    let path: String
    private let file: Mutex<FileHandle>

    init(directory: String) throws {
        path = "\(directory)/journal"
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        file = Mutex(try FileHandle(forWritingTo: URL(fileURLWithPath: path)))
    }

    /// Notes that a group is about to be sent.
    func emit(_ group: EventGroup) throws {
        try append(
            group.events.map { event in
                "event \(group.id) \(event.minute) \(event.tenant) \(event.model) \(event.input) \(event.output)\n"
            }.joined())
    }

    /// Notes what came of it.
    func note(_ outcome: Outcome, _ group: EventGroup) throws {
        try append("\(outcome.rawValue) \(group.id)\n")
    }

    private func append(_ text: String) throws {
        try file.withLock { file in
            try file.write(contentsOf: Data(text.utf8))
            guard fdatasync(file.fileDescriptor) == 0 else {
                throw BrokenInvariant("the journal is durable", "fdatasync of \(path) failed with errno \(errno)")
            }
        }
    }

    /// All groups as the file has them, with their last outcome; `unknown` where none was noted.
    func read() throws -> [(group: EventGroup, outcome: Outcome)] {
        var groups: [UInt64: (group: EventGroup, outcome: Outcome)] = [:]
        for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 2, let id = UInt64(words[1]) else { throw Unreadable(path: path, line: String(line)) }
            if let outcome = Outcome(rawValue: words[0]) {
                groups[id]?.outcome = outcome
            } else {
                guard words[0] == "event", words.count == 7, let minute = Int(words[2]), let input = UInt64(words[5]),
                    let output = UInt64(words[6])
                else { throw Unreadable(path: path, line: String(line)) }
                let event = EmittedEvent(
                    minute: minute, tenant: words[3], model: words[4], input: input, output: output)
                groups[id, default: (EventGroup(id: id, events: []), .unknown)].group.events.append(event)
            }
        }
        return groups.values.sorted { $0.group.id < $1.group.id }
    }

    private struct Unreadable: Error, CustomStringConvertible {
        var path: String
        var line: String
        var description: String { "\(path) holds a line that is none of the journal's: \(line)" }
    }
}
