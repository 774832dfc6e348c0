internal import Foundation
internal import Synchronization
internal import TestSupport

/// The converted traces as native usage events, made once per run of the tests and shared by them.
enum TraceInputs {
    private static let converted = Mutex<[String: (path: String, events: Int)]>([:])

    static func serveGenSmall() throws -> (path: String, events: Int) {
        try once(Traces.serveGenSmall) { output in
            try ServeGenConverter(
                archive: try Traces.path(Traces.serveGenSmall), epochSecond: TraceEpochs.serveGenSmallSecond
            ).convert(to: output)
        }
    }

    static func serveGenReason() throws -> (path: String, events: Int) {
        try once(Traces.serveGenReason) { output in
            try ServeGenConverter(
                archive: try Traces.path(Traces.serveGenReason), epochSecond: TraceEpochs.serveGenReasonSecond
            ).convert(to: output)
        }
    }

    static func agentic() throws -> (path: String, events: Int) {
        try once(Traces.agentic) { output in
            try AgenticConverter(archive: try Traces.path(Traces.agentic)).convert(to: output)
        }
    }

    private static let directory = Mutex<String?>(nil)

    /// The directory of the converted files, which goes when the process does.
    private static func workDirectory() throws -> String {
        try directory.withLock { directory in
            if let directory { return directory }
            let made = try ScratchDirectory.make("traces")
            directory = made
            atexit { TraceInputs.removeDirectory() }
            return made
        }
    }

    private static func removeDirectory() {
        directory.withLock { directory in
            if let directory { try? FileManager.default.removeItem(atPath: directory) }
        }
    }

    private static func once(_ name: String, _ convert: (String) throws -> Int) throws -> (path: String, events: Int) {
        try converted.withLock { converted in
            if let made = converted[name] { return made }
            let path = "\(try workDirectory())/\(name).ndjson"
            let made = (path: path, events: try convert(path))
            converted[name] = made
            return made
        }
    }
}
