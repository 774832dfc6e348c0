internal import Foundation
internal import Identity
package import Logging
internal import Synchronization
package import Telemetry

/// The file of revoked certificates, read again when it has changed.
///
/// It is looked at in the middle of requests, at most every ``APILimits/revocationCheckSeconds``, and on SIGHUP. What
/// was revoked loses the connections that it has with their next request. A file that is gone, cut off, emptied or
/// broken changes nothing: who was revoked stays so, and log and metric say what is wrong until it is put right.
package final class Revocations: Sendable {
    private struct State {
        var list = RevocationList()
        /// `nil` before the first good file: an empty one is no news otherwise.
        var content: Data?
        /// By the wall clock, in milliseconds; `nil` before the first look.
        var lookedAt: Int64?
        /// Whether the last look found a file that can't be taken.
        var hasProblem = false
    }

    private let file: String?
    private let logger: Logger
    /// 1 while the file can't be taken as it is.
    private let problem: Gauge?
    private let entries: Gauge?
    private let state = Mutex(State())

    /// Nobody is revoked, ever.
    package init() {
        file = nil
        logger = Logger(label: "steelyard.revocations")
        problem = nil
        entries = nil
    }

    /// - Throws: where the file can't be read, names nobody without saying so, or a line of it is wrong.
    package init(file: String, logger: Logger, registry: MetricsRegistry = MetricsRegistry()) throws {
        self.file = file
        self.logger = logger
        problem = registry.gauge(
            "steelyard_aggregator_revocation_list_problem",
            help: "1 while the file of revoked certificates can't be taken; those read before stay revoked.")
        entries = registry.gauge(
            "steelyard_aggregator_revoked_entries", help: "Certificates and identities that are revoked.")
        try reload()
    }

    /// Reads the file, whether it is time to or not.
    package func reload() throws {
        guard let file else { return }
        try state.withLock { try read(file, into: &$0) }
    }

    /// Whether the file can't be taken as it was last found.
    var hasProblem: Bool { state.withLock { $0.hasProblem } }

    /// The list as it holds now.
    func list(nowMilliseconds now: Int64) -> RevocationList {
        guard let file else { return RevocationList() }
        return state.withLock { state in
            // A clock that was set back must not put off the next look.
            let age = state.lookedAt.map { abs(now - $0) } ?? .max
            guard age >= APILimits.revocationCheckSeconds * 1_000 else { return state.list }
            state.lookedAt = now
            do {
                try read(file, into: &state)
            } catch {
                logger.error(
                    "the revoked certificates can't be read again; those read before stay revoked",
                    [.path: "\(file)", .error: "\(error)", .remedy: "put a valid file in place"])
            }
            return state.list
        }
    }

    private func read(_ file: String, into state: inout State) throws {
        do {
            let content = try Self.read(file)
            if content != state.content {
                let list = try RevocationList(text: String(decoding: content, as: UTF8.self))
                let freed = state.list.count(notIn: list)
                if freed > 0 {
                    logger.warning(
                        "entries are gone from the revoked certificates: they are let in again",
                        [.path: "\(file)", .count: "\(freed)"])
                }
                state.list = list
                state.content = content
            }
            state.hasProblem = false
            problem?.set(0)
            entries?.set(state.list.count)
        } catch {
            state.hasProblem = true
            problem?.set(1)
            throw error
        }
    }

    private static func read(_ file: String) throws -> Data {
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
        defer { try? handle.close() }
        let content = try handle.read(upToCount: APILimits.maxRevocationFileBytes + 1) ?? Data()
        guard content.count <= APILimits.maxRevocationFileBytes else { throw CocoaError(.fileReadTooLarge) }
        return content
    }
}
