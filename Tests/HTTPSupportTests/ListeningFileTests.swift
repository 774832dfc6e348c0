import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import HTTPSupport

@Suite(.timeLimit(.minutes(5)))
struct ListeningFileTests {
    /// The lines that were logged, as `level: message`.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])

        var all: [String] { lines.withLock { $0 } }
        var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

        struct Handler: LogHandler {
            let lines: Lines
            var metadata: Logger.Metadata = [:]
            var logLevel = Logger.Level.info

            subscript(metadataKey key: String) -> Logger.Metadata.Value? {
                get { metadata[key] }
                set { metadata[key] = newValue }
            }

            func log(event: LogEvent) { lines.lines.withLock { $0.append("\(event.level): \(event.message)") } }
        }
    }

    /// Runs a listening file beside `body`, and stops it gracefully.
    private func running(_ file: ListeningFile, _ body: () async throws -> Void) async throws {
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: file)],
                logger: Logger(label: "test") { _ in
                    SwiftLogNoOpLogHandler()
                }))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                try await body()
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test func `it appears once all are bound and goes at the end`() async throws {
        try await ScratchDirectory.with("listening") { directory in
            let path = "\(directory)/listening.json"
            let lines = Lines()
            let file = ListeningFile(path: path, listeners: ["query", "ingest"], logger: lines.logger)
            try await running(file) {
                file.add("ingest", address: "127.0.0.1:1")
                #expect(ListeningFile.read(path) == nil)
                file.add("query", address: "127.0.0.1:2")
                try await waitUntil("the file is there") { ListeningFile.read(path) != nil }
                #expect(
                    try String(contentsOfFile: path, encoding: .utf8)
                        == "{\"query\":\"127.0.0.1:2\",\"ingest\":\"127.0.0.1:1\"}\n")
                #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["listening.json"])
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
            #expect(lines.all == ["info: listening", "info: listening"])
        }
    }

    @Test func `where it can't be written it is tried again until it stands`() async throws {
        try await ScratchDirectory.with("listening") { directory in
            let path = "\(directory)/later/listening.json"
            let lines = Lines()
            let file = ListeningFile(path: path, listeners: ["http"], logger: lines.logger)
            try await running(file) {
                file.add("http", address: "127.0.0.1:1")
                try await waitUntil("a warning") { lines.all.count == 2 }
                // Long enough for further attempts, which say nothing.
                try await Task.sleep(for: .milliseconds(400))
                try FileManager.default.createDirectory(
                    atPath: "\(directory)/later", withIntermediateDirectories: false)
                try await waitUntil("the file is there") { ListeningFile.read(path) == ["http": "127.0.0.1:1"] }
                try await waitUntil("a line that says so") { lines.all.count == 3 }
            }
            #expect(
                lines.all == [
                    "info: listening",
                    "warning: the listening file can't be written; it is tried again until it stands",
                    "info: the listening file stands now",
                ])
        }
    }

    @Test func `where nothing can be written beside it it is written in place`() async throws {
        try await ScratchDirectory.with("listening") { directory in
            let path = "\(directory)/listening.json"
            try FileManager.default.createDirectory(atPath: path + ".new", withIntermediateDirectories: false)
            let file = ListeningFile(path: path, listeners: ["http"], logger: Lines().logger)
            try await running(file) {
                file.add("http", address: "127.0.0.1:1")
                try await waitUntil("the file is there") { ListeningFile.read(path) == ["http": "127.0.0.1:1"] }
            }
            #expect(ListeningFile.read(path) == nil)
        }
    }

    @Test func `attempts end with the process`() async throws {
        try await ScratchDirectory.with("listening") { directory in
            let lines = Lines()
            let file = ListeningFile(
                path: "\(directory)/none/listening.json", listeners: ["http"], logger: lines.logger)
            try await running(file) {
                file.add("http", address: "127.0.0.1:1")
                try await waitUntil("a warning") { lines.all.count == 2 }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
        }
    }

    @Test func `half a file is no address`() throws {
        let directory = try ScratchDirectory.make("listening")
        let path = "\(directory)/listening.json"
        try Data("{\"http\":\"127.0".utf8).write(to: URL(fileURLWithPath: path))
        #expect(ListeningFile.read(path) == nil)
        try FileManager.default.removeItem(atPath: directory)
    }
}
