internal import CollectorCore
internal import Spool
internal import UsageModel

/// The program that writes an export anew again and again, each time with all that it is to say: on the disk of the
/// spool, in place or renamed over the last version, whole or with a pause in the middle.
///
/// It draws from random numbers of its own, so that runs of seeds without it stay what they were.
struct ExportWriter {
    static let source = "export"
    static let path = "/export/month.ndjson"
    /// How long the collector waits for a file that doesn't change.
    static let settlesAfter = Duration.milliseconds(1_500)
    private static let maxRecords = 12

    private struct Record {
        var tenant: String
        var minute: Int64
        var tokens: Int64

        var line: [UInt8] {
            Array(
                """
                {"time":"\(CivilTime.clockText(second: minute * 60))Z","tenant":"\(tenant)","model":"m",\
                "region":"r","input_tokens":\(tokens),"output_tokens":0}\n
                """.utf8)
        }
    }

    let collector: Int
    let disk: VirtualDisk
    private var random: SimulationRandom
    /// What the version says that is being written or was written last.
    private var records: [Record] = []
    /// What of it isn't in the file yet.
    private var unwritten: [UInt8] = []

    init(collector: Int, disk: VirtualDisk, seed: UInt64) {
        self.collector = collector
        self.disk = disk
        random = SimulationRandom(seed: seed &* 31 &+ UInt64(collector) &+ 7)
    }

    var place: ExportPlace { ExportPlace(source: Self.source, path: Self.path) }

    /// Goes on writing a version, or begins the next one.
    ///
    /// - Returns: milliseconds until it is to be called again.
    mutating func step(minute: Int64) -> Int64 {
        if !unwritten.isEmpty {
            finish()
        } else if random.chance(400), !records.isEmpty {
            let added = newRecords(minute)
            records += added
            append(added.flatMap(\.line))
        } else {
            correct()
            records += newRecords(minute)
            rewrite(records.flatMap(\.line))
        }
        return random.within(300...6_000)
    }

    /// Writes what was begun.
    mutating func finish() {
        guard !unwritten.isEmpty else { return }
        disk.appendDurably(unwritten, to: Self.path)
        unwritten = []
    }

    private mutating func newRecords(_ minute: Int64) -> [Record] {
        (0...random.below(3)).map { _ in
            // Few keys, so that rows are changed and not only added.
            Record(
                tenant: "\(ExportBook.prefix)\(collector)-\(random.below(3))", minute: minute - Int64(random.below(4)),
                tokens: Int64(1 + random.below(1_000)))
        }
    }

    private mutating func correct() {
        for index in records.indices where random.chance(200) { records[index].tokens += 1 }
        if random.chance(300) { records.removeAll { $0.tokens % 7 == 0 } }
        if records.count > Self.maxRecords { records.removeFirst(records.count - Self.maxRecords) }
    }

    private mutating func append(_ text: [UInt8]) {
        let count = random.chance(300) ? random.below(text.count) : text.count
        disk.appendDurably(Array(text[..<count]), to: Self.path)
        unwritten = Array(text[count...])
    }

    private mutating func rewrite(_ text: [UInt8]) {
        if random.chance(500) { return disk.replaceDurably(text, at: Self.path) }
        disk.emptyDurably(Self.path)
        append(text)
    }

    /// What the whole lines of the file say, and whether something stands behind them.
    func content() -> (sums: ExportBook.Sums, isCut: Bool) {
        var rest = disk.bytes(of: Self.path).count
        var sums: ExportBook.Sums = [:]
        for record in records {
            let count = record.line.count
            guard rest >= count else { break }
            rest -= count
            sums[ExportBook.Key(tenant: record.tenant, minute: record.minute), default: 0] += record.tokens
        }
        return (sums, rest > 0)
    }
}
