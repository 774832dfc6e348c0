internal import Foundation
package import Logging
internal import ServiceLifecycle
internal import Synchronization
internal import Telemetry
internal import TextFormats
internal import UsageModel

/// Writes the addresses that were bound, once all are: `{"ingest": "127.0.0.1:4681", "query": "127.0.0.1:4682"}`.
///
/// With port 0 this is how others find the server. The file appears only after every listener is there, and goes when
/// the server is told to stop. Where it can't be written, on a full disk or a broken one, the server runs on and it is
/// tried again until it stands.
package final class ListeningFile: Service {
    /// The waits between attempts.
    static let backoff = Backoff(first: .milliseconds(100), last: .seconds(5), jitter: .none)

    private let path: String?
    private let listeners: [String]
    private let logger: Logger
    private let bound = Mutex<[String: String]>([:])
    private let (allBound, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// - Parameters:
    ///   - path: where the file is to be; `nil` for no file.
    ///   - listeners: the names of all listeners, in the order that the file has them in.
    package init(path: String?, listeners: [String], logger: Logger) {
        self.path = path
        self.listeners = listeners
        self.logger = logger
    }

    /// One listener is bound.
    package func add(_ name: String, address: String) {
        logger.info("listening", [.address: "\(address)", .source: "\(name)"])
        let count = bound.withLock { bound in
            bound[name] = address
            return bound.count
        }
        if count == listeners.count { signal.yield() }
    }

    /// The addresses that are bound so far, by listener.
    package var addresses: [String: String] { bound.withLock { $0 } }

    package func run() async {
        await cancelWhenGracefulShutdown {
            for await _ in self.allBound { await self.write() }
        }
        if let path { _ = unsafe unlink(path) }
    }

    private func write() async {
        guard let path else { return }
        let addresses = addresses
        let members = listeners.compactMap { name in addresses[name].map { JSONMember(name, .string($0)) } }
        let bytes = Data(JSONValue.object(members).encoded + [0x0A])
        var backoff = Self.backoff
        var failures = 0
        while !Task.isCancelled {
            do {
                try Self.write(bytes, to: path)
                if failures > 0 { logger.info("the listening file stands now", [.path: "\(path)"]) }
                return
            } catch {
                failures += 1
                if failures == 1 {
                    logger.warning(
                        "the listening file can't be written; it is tried again until it stands",
                        [.path: "\(path)", .error: "\(error)", .remedy: "make room, and let this user write there"])
                }
                try? await Task.sleep(for: backoff.next())
            }
        }
    }

    /// Beside the file and then renamed, so that it appears whole; where that fails, as it is: a disk on which nothing
    /// can be renamed is no reason not to be found.
    private static func write(_ bytes: Data, to path: String) throws {
        let beside = path + ".new"
        do {
            try bytes.write(to: URL(fileURLWithPath: beside))
            guard unsafe rename(beside, path) == 0 else { throw CocoaError(.fileWriteUnknown) }
        } catch {
            _ = unsafe unlink(beside)
            do {
                try bytes.write(to: URL(fileURLWithPath: path))
            } catch {
                // Whoever waits for the file doesn't take half of it for an address.
                _ = unsafe unlink(path)
                throw error
            }
        }
    }

    /// The addresses that a running server wrote; `nil` where there is no such file, or only a part of one.
    package static func read(_ path: String) -> [String: String]? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return try? JSONDecoder().decode([String: String].self, from: data)
    }
}
