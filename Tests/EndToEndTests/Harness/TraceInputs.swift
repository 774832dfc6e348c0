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

    private static let folder = Mutex<String?>(nil)

    /// The folder of the converted files, which goes when the process does.
    private static func workFolder() throws -> String {
        try folder.withLock { folder in
            if let folder { return folder }
            let made = try ScratchFolder.make("traces")
            folder = made
            atexit { TraceInputs.removeFolder() }
            return made
        }
    }

    private static func removeFolder() {
        folder.withLock { folder in
            if let folder { try? FileManager.default.removeItem(atPath: folder) }
        }
    }

    private static func once(_ name: String, _ convert: (String) throws -> Int) throws -> (path: String, events: Int) {
        try converted.withLock { converted in
            if let made = converted[name] { return made }
            let path = "\(try workFolder())/\(name).ndjson"
            let made = (path: path, events: try convert(path))
            converted[name] = made
            return made
        }
    }
}
