internal import CollectorCore
internal import Spool
internal import UsageModel

/// The program that writes the log which a collector follows, and the one that rotates it.
///
/// Both sync what they do. Lines come in pieces, as buffered writers give them.
struct LogWriter {
    /// How the log is rotated.
    enum Rotation: CaseIterable {
        case never
        /// Renamed to a name that the collector's glob still matches.
        case rename
        /// Renamed to a name that no glob matches: only the inode tells where it went.
        case renameAway
        /// Copied to a name that no glob matches, and emptied.
        case copyTruncate
        /// Never, but each time lines are added a new file with all of them is renamed over the old one.
        case replace
    }

    /// What stands in a file.
    struct Content {
        var events: [Oracle.Events] = []
        var rubbish: UInt64 = 0
    }

    static let source = "log"
    static let path = "/log/app.log"
    /// Rotated files that are kept; the oldest is deleted.
    static let keptFiles = 3

    let disk: VirtualDisk
    let rotation: Rotation
    /// What records have ids, and how they come again; `nil` where they have none.
    private var repeats: LogRepeats?
    private var rotated: [String] = []
    private var contents: [String: Content] = [:]
    /// The rest of a line of which the beginning is in the file.
    private var unwritten: [UInt8] = []
    private var rotations = 0
    private var linesOfRubbish = 0

    init(disk: VirtualDisk, rotation: Rotation, repeats: LogRepeats? = nil) {
        self.disk = disk
        self.rotation = rotation
        self.repeats = repeats
    }

    var glob: String { rotation == .rename ? Self.path + "*" : Self.path }

    /// Adds records, one line each, of which the end may stay unwritten for now.
    mutating func append(_ events: Oracle.Events, rubbish: Int, _ random: inout SimulationRandom) {
        var text = unwritten
        contents[Self.path, default: Content()].events.append(events)
        if repeats != nil {
            for record in repeats?.records(of: events) ?? [] { text += write(record) }
        } else {
            for place in events.places { text += Self.line(events.key, input: Oracle.tokens(place)) }
        }
        for _ in 0..<rubbish {
            // No two lines are the same: a file that was emptied begins in another way than before.
            linesOfRubbish += 1
            text += Array("{rubbish \(linesOfRubbish)}\n".utf8)
        }
        contents[Self.path, default: Content()].rubbish += UInt64(rubbish)
        let written = random.chance(300) ? random.below(text.count) : text.count
        if rotation == .replace {
            disk.replaceDurably(disk.bytes(of: Self.path) + text[..<written], at: Self.path)
        } else {
            disk.appendDurably(Array(text[..<written]), to: Self.path)
        }
        unwritten = Array(text[written...])
    }

    static func line(_ key: Oracle.Key, id: String? = nil, input: UInt64, output: UInt64 = 0) -> [UInt8] {
        let time = CivilTime.clockText(second: key.minute * 60)
        let own = id.map { "\"id\":\"\($0)\"," } ?? ""
        return Array(
            """
            {"time":"\(time)Z",\(own)"tenant":"\(key.tenant)","model":"m","region":"r",\
            "input_tokens":\(input),"output_tokens":\(output)}\n
            """.utf8)
    }

    /// A record's line; its event stands in this file, too, from now on.
    private mutating func write(_ record: LogRepeats.Record) -> [UInt8] {
        contents[Self.path, default: Content()].events.append(record.event)
        return record.line
    }

    /// Writes all that is still to come of what was begun.
    mutating func finish() {
        for record in repeats?.finish() ?? [] { unwritten += write(record) }
        flush()
    }

    /// Writes what was begun.
    mutating func flush() {
        disk.appendDurably(unwritten, to: Self.path)
        unwritten = []
    }

    /// Rotates the log.
    ///
    /// - Returns: what the collector may never get to read, if it hasn't yet.
    mutating func rotate() -> Content {
        guard rotation != .never, rotation != .replace, let content = contents.removeValue(forKey: Self.path) else {
            return Content()
        }
        flush()
        rotations += 1
        let name = rotation == .renameAway ? "/log/old-\(rotations)" : "\(Self.path)-\(rotations)"
        if rotation == .copyTruncate {
            disk.appendDurably(disk.bytes(of: Self.path), to: name)
            disk.emptyDurably(Self.path)
        } else {
            disk.renameDurably(Self.path, to: name)
        }
        rotated.append(name)
        contents[name] = content
        var lost = rotation == .rename ? Content() : content
        while rotated.count > Self.keptFiles {
            let oldest = rotated.removeFirst()
            disk.removeDurably(oldest)
            let gone = contents.removeValue(forKey: oldest) ?? Content()
            lost.events += gone.events
            lost.rubbish += rotation == .rename ? gone.rubbish : 0
        }
        return lost
    }

    /// Whether a follower has read everything that its glob leads to.
    func isRead(by follower: FileFollower) -> Bool {
        disk.paths(matching: glob).allSatisfy { path in
            guard let status = try? disk.status(path) else { return false }
            let id = FileID(source: Self.source, device: status.device, inode: status.inode)
            return follower.offset(of: id) == status.byteCount
        }
    }
}
