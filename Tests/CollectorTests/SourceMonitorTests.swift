import CollectorCore
import Foundation
import Logging
import Synchronization
import Telemetry
import TestSupport
import Testing
import UsageModel

@testable import Collector

/// Keeps the messages that are logged.
final class Messages: Sendable {
    private let texts = Mutex<[String]>([])

    var logger: Logger { Logger(label: "test") { _ in Handler(messages: self) } }

    func count(_ text: String) -> Int { texts.withLock { $0.count { $0 == text } } }

    private struct Handler: LogHandler {
        let messages: Messages
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { messages.texts.withLock { $0.append("\(event.message)") } }
    }
}

@Suite struct SourceMonitorTests {
    private static let said = "a source brings nothing"

    private struct Scene: Sendable {
        var rig: Rig
        var monitor: SourceMonitor
        var messages: Messages
        var logs: String
        var files: ForbiddingFileSystem

        func look() async -> [SourceProblem.Reason] {
            await rig.readAll()
            await monitor.look()
            return rig.board.currentSourceProblems.map(\.reason)
        }

        func gauge(_ reason: SourceProblem.Reason) -> Bool {
            rig.parts.metrics.registry.render().contains(
                "steelyard_collector_source_problem{source=\"app\",reason=\"\(reason.rawValue)\"} 1\n")
        }
    }

    private func watch(_ body: (Scene) async throws -> Void) async throws {
        try await ScratchDirectory.with("sources") { directory in
            let logs = "\(directory)/logs"
            try FileManager.default.createDirectory(atPath: logs, withIntermediateDirectories: true)
            let messages = Messages()
            let files = ForbiddingFileSystem()
            let rig = try await Rig.open(
                directory, "sources: {app: {type: file, paths: ['logs/*.log']}}", fileSystem: files)
            var parts = rig.parts
            parts.logger = messages.logger
            let monitor = SourceMonitor(settings: rig.settings, reader: rig.reader, parts: parts, board: rig.board)
            try await body(Scene(rig: rig, monitor: monitor, messages: messages, logs: logs, files: files))
        }
    }

    @Test func `every problem of every source is in the metrics from the start`() async throws {
        try await watch { scene in
            let text = scene.rig.parts.metrics.registry.render()
            for reason in SourceProblem.Reason.allCases {
                for source in ["app", "http"] {
                    let labels = "{source=\"\(source)\",reason=\"\(reason.rawValue)\"}"
                    #expect(text.contains("steelyard_collector_source_problem\(labels) 0\n"))
                }
            }
            #expect(text.contains("steelyard_collector_events_total{source=\"app\"} 0\n"))
            #expect(text.contains("steelyard_collector_rejected_records_total{reason=\"syntax\"} 0\n"))
            #expect(text.contains("steelyard_collector_http_requests_total{status=\"503\"} 0\n"))
        }
    }

    @Test func `before the directories were looked through nothing is said`() async throws {
        try await watch { scene in
            await scene.monitor.look()
            #expect(scene.rig.board.currentSourceProblems.isEmpty)
        }
    }

    @Test func `globs that match nothing are told once a minute until they do`() async throws {
        try await watch { scene in
            #expect(await scene.look() == [.noFiles])
            #expect(scene.gauge(.noFiles))
            scene.rig.clock.advance(by: .seconds(59))
            _ = await scene.look()
            #expect(scene.messages.count(Self.said) == 1)
            scene.rig.clock.advance(by: .seconds(1))
            _ = await scene.look()
            #expect(scene.messages.count(Self.said) == 2)
            let readiness = Readiness(
                intakeSwitch: scene.rig.parts.intakeSwitch, board: scene.rig.board, nowMilliseconds: 0, provider: "p",
                collector: "c", version: "1")
            #expect(readiness.sourceProblems.map(\.reason) == ["no-files"])
            #expect(CollectorStatus.table(readiness).contains("source app        no-files: \(scene.logs)/*.log"))

            try LogFile.append(Lines.events(0..<5), to: "\(scene.logs)/a.log")
            #expect(await scene.look() == [])
            #expect(!scene.gauge(.noFiles))
            #expect(scene.messages.count("a source is as it should be again") == 1)
        }
    }

    @Test func `a source whose records are all rejected is told`() async throws {
        try await watch { scene in
            try LogFile.append("nonsense\nmore\n", to: "\(scene.logs)/a.log")
            #expect(await scene.look() == [.allRejected])
            #expect(scene.gauge(.allRejected))
            try LogFile.append(Lines.events(0..<1), to: "\(scene.logs)/a.log")
            #expect(await scene.look() == [])

            // One bad record among good ones is no alarm; none but bad ones for a minute is.
            try LogFile.append("nonsense\n", to: "\(scene.logs)/a.log")
            #expect(await scene.look() == [])
            scene.rig.clock.advance(by: .seconds(60))
            #expect(await scene.look() == [.allRejected])
        }
    }

    @Test func `a source of which most is rejected is told with the reason, once a minute`() async throws {
        try await watch { scene in
            try LogFile.append(Lines.events(0..<5), to: "\(scene.logs)/a.log")
            #expect(await scene.look() == [])
            let bad = String(repeating: Lines.event().replacing("\"tenant\":\"t-1\",", with: ""), count: 19)
            try LogFile.append(bad + Lines.events(0..<5), to: "\(scene.logs)/a.log")
            await scene.rig.readAll()
            await scene.rig.seal()
            #expect(await scene.look() == [])
            try LogFile.append("nonsense\n" + Lines.event(), to: "\(scene.logs)/a.log")
            await scene.rig.readAll()
            await scene.rig.seal()
            #expect(await scene.look() == [.mostlyRejected])
            let detail = scene.rig.board.currentSourceProblems.first?.detail
            #expect(
                detail == "20 of 26 records of the last minute rejected: 19 missing-field (tenant), 1 syntax")
            scene.rig.clock.advance(by: .seconds(59))
            _ = await scene.look()
            #expect(scene.messages.count("most of a source is rejected") == 1)
            scene.rig.clock.advance(by: .seconds(1))
            #expect(await scene.look() == [])
            #expect(scene.messages.count("a source is as it should be again") == 1)
        }
    }

    @Test func `a directory and a file that may not be read are told`() async throws {
        try await watch { scene in
            let log = "\(scene.logs)/a.log"
            try LogFile.append(Lines.events(0..<5), to: log)
            scene.files.forbid(log)
            #expect(await scene.look() == [.notReadable])
            #expect(scene.rig.board.currentSourceProblems.first?.detail.contains(log) == true)
            scene.files.forbid(scene.logs)
            try FileManager.default.removeItem(atPath: log)
            #expect(await scene.look() == [.notReadable])
            #expect(scene.rig.board.currentSourceProblems.first?.detail.contains("Permission denied") == true)
            scene.files.forbid()
            #expect(await scene.look() == [.noFiles])
        }
    }
}
