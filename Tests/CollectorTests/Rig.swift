import BatchFormat
import CollectorCore
import Foundation
import Logging
import Settings
import SourceFormats
import Spool
import Synchronization
import Testing
import UsageModel

@testable import Collector

/// Time that stands still until a test moves it.
final class HandClock: WallClock, SteadyClock {
    private let now: Mutex<Int64>

    /// 2026-01-01T00:00Z.
    init(_ milliseconds: Int64 = 1_767_225_600_000) {
        now = Mutex(milliseconds)
    }

    func nowMilliseconds() -> Int64 { now.withLock { $0 } }

    /// Takes as long as it does on a real clock, and moves this one along.
    func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration)
        advance(by: duration)
    }

    func advance(by duration: Duration) {
        now.withLock { $0 += duration.wholeMilliseconds }
    }
}

/// A collector's parts over a directory, as one process would have them. Letting go of it is a crash: nothing is
/// flushed.
struct Rig: Sendable {
    let directory: String
    let settings: CollectorSettings
    let clock: HandClock
    let parts: CollectorDependencies
    let board: StatusStore
    let opened: Writer.Opened
    let reader: FileReader

    var writer: Writer { opened.writer }

    /// - Parameter yaml: settings besides provider, collector and data.
    static func open(
        _ directory: String, _ yaml: String = "", as collector: String = "edge-1", clock: HandClock = HandClock(),
        sealRows: Int? = nil, freeBytes: String = "0", fileSystem: any FileSystem = POSIXFileSystem()
    ) async throws -> Rig {
        let settings = try Self.settings(directory, yaml, as: collector, freeBytes: freeBytes)
        let parts = CollectorDependencies(
            accumulator: Accumulator(limits: Accumulator.Limits(rows: sealRows ?? settings.seal.rows), clock: clock),
            timeWindow: ReloadableTimeWindow(settings.window),
            remembered: RememberedEvents(limits: settings.deduplication, clock: clock),
            keeping: settings.storage.keeping, metrics: CollectorMetrics(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            wallClock: clock, steadyClock: clock, fileSystem: fileSystem)
        let board = StatusStore()
        let opened = try await openWriter(settings, parts, board)
        let reader = FileReader(settings: settings, writer: opened.writer, recovered: opened.files, parts: parts)
        return Rig(
            directory: directory, settings: settings, clock: clock, parts: parts, board: board, opened: opened,
            reader: reader)
    }

    /// The last task of a server that has stopped may hold on to the spool of its rig for a moment.
    private static func openWriter(
        _ settings: CollectorSettings, _ parts: CollectorDependencies, _ board: StatusStore
    ) async throws -> Writer.Opened {
        for _ in 0..<200 {
            do {
                return try await Writer.open(settings: settings, parts: parts, board: board, version: "test")
            } catch let error as SpoolError where error.code == .inUse {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        return try await Writer.open(settings: settings, parts: parts, board: board, version: "test")
    }

    static func settings(
        _ directory: String, _ yaml: String, as collector: String = "edge-1", freeBytes: String = "0"
    ) throws -> CollectorSettings {
        let base = """
            provider: volcengine
            collector: \(collector)
            data: \(directory)/data
            spool: {free-bytes: \(freeBytes)}

            """
        return try CollectorSettings(
            CollectorKeys.schema.load(yaml: base + yaml, file: "\(directory)/test.yaml", environment: [:]))
    }

    /// Its listener.
    var server: CollectorServer {
        CollectorServer(settings: settings, parts: parts, board: board, writer: writer, version: "test")
    }

    /// Lets the reader go round until it finds nothing more to read.
    func readAll() async {
        while await reader.poll() {}
        _ = await reader.poll()
    }

    /// Seals whatever is open.
    func seal() async {
        await writer.sealAll()
    }

    /// Everything in the spool's batches that are not shipped.
    func sealedTotals() async throws -> SealedTotals {
        var totals = SealedTotals()
        for batch in await writer.unshipped() {
            let (header, rows) = try BatchDecoder().decode(try await writer.read(batch.spoolSequence))
            totals.batches += 1
            totals.events += header.eventCount
            for (reason, count) in header.rejections { totals.rejections[reason, default: 0] += count }
            totals.counts += rows.totals
            for row in rows.rows { totals.byTenant[rows.tenants[Int(row.tenant)], default: 0] += row.counts.input }
        }
        return totals
    }
}

struct SealedTotals: Equatable {
    var batches = 0
    var events: UInt64 = 0
    var rejections: [RejectionReason: UInt64] = [:]
    var counts = SignedTokenCounts()
    var byTenant: [String: UInt64] = [:]
}

/// Native event lines.
enum Lines {
    static func event(tenant: String = "t-1", input: Int = 10, time: String = "2025-12-31T23:59:00Z") -> String {
        #"{"time":"\#(time)","tenant":"\#(tenant)","model":"m","input_tokens":\#(input),"output_tokens":1}"# + "\n"
    }

    static func event(id: String, input: Int = 10) -> String {
        #"{"id":"\#(id)",\#(event(input: input).dropFirst())"#
    }

    static func events(_ range: Range<Int>) -> String {
        range.map { event(tenant: "t-\($0 % 7)", input: $0) }.joined()
    }
}

/// Files as the programs that write logs treat them.
enum LogFile {
    static func append(_ text: String, to path: String) throws {
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    static func truncate(_ path: String) throws {
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.truncate(atOffset: 0)
        try handle.close()
    }

    /// Runs a compressor that writes to standard output.
    static func compress(_ bytes: Data, with tool: [String], to path: String) throws {
        let source = path + ".plain"
        try bytes.write(to: URL(fileURLWithPath: source))
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = tool + [source]
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        try FileManager.default.removeItem(atPath: source)
    }

    static func quarantined(_ directory: String) throws -> [[String: Any]] {
        let quarantine = "\(directory)/data/quarantine"
        return try FileManager.default.contentsOfDirectory(atPath: quarantine).sorted().flatMap { name in
            try String(contentsOfFile: "\(quarantine)/\(name)", encoding: .utf8).split(separator: "\n").map {
                try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
        }
    }
}

/// Pushed events without a server.
enum Pushed {
    static func rows(_ body: [UInt8], _ rig: Rig) throws -> AcceptedRows {
        let now = rig.clock.nowMilliseconds()
        var table = RequestBuckets(
            context: ChunkContext(
                source: "http", file: "", nowMilliseconds: now,
                window: rig.parts.timeWindow.window(nowMilliseconds: now)), remembered: rig.parts.remembered)
        var parser = try NativeFormat().makeParser(defaults: rig.settings.defaults, framing: .document)
        _ = unsafe parser.consume(body.span.bytes, endOfInput: true, into: &table)
        return table.accepted
    }
}
