internal import Foundation
internal import Identity
package import Logging
internal import Synchronization
internal import Telemetry

/// The file of revoked certificates, read again when it has changed.
///
/// It is looked at in the middle of requests, at most every ``APILimits/revocationCheckSeconds``, and on SIGHUP. What
/// was revoked loses the connections that it has with their next request. A file that is gone or broken changes
/// nothing: who was revoked stays so.
package final class Revocations: Sendable {
    private struct State {
        var list = RevocationList()
        var content = Data()
        /// By the wall clock, in milliseconds; `nil` before the first look.
        var lookedAt: Int64?
    }

    private let file: String?
    private let logger: Logger
    private let state = Mutex(State())

    /// Nobody is revoked, ever.
    package init() {
        file = nil
        logger = Logger(label: "steelyard.revocations")
    }

    /// - Throws: where the file can't be read or a line of it is wrong.
    package init(file: String, logger: Logger) throws {
        self.file = file
        self.logger = logger
        try reload()
    }

    /// Reads the file, whether it is time to or not.
    package func reload() throws {
        guard let file else { return }
        let content = try Self.read(file)
        try state.withLock { try Self.apply(content, to: &$0) }
    }

    /// The list as it holds now.
    func list(nowMilliseconds now: Int64) -> RevocationList {
        guard let file else { return RevocationList() }
        return state.withLock { state in
            // A clock that was set back must not put off the next look.
            let age = state.lookedAt.map { abs(now - $0) } ?? .max
            guard age >= APILimits.revocationCheckSeconds * 1_000 else { return state.list }
            state.lookedAt = now
            do {
                try Self.apply(try Self.read(file), to: &state)
            } catch {
                logger.error(
                    "the revoked certificates can't be read again; those read before stay revoked",
                    [.path: "\(file)", .error: "\(error)", .remedy: "put a valid file in place"])
            }
            return state.list
        }
    }

    private static func apply(_ content: Data, to state: inout State) throws {
        guard content != state.content else { return }
        state.list = try RevocationList(text: String(decoding: content, as: UTF8.self))
        state.content = content
    }

    private static func read(_ file: String) throws -> Data {
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
        defer { try? handle.close() }
        let content = try handle.read(upToCount: APILimits.maxRevocationFileBytes + 1) ?? Data()
        guard content.count <= APILimits.maxRevocationFileBytes else { throw CocoaError(.fileReadTooLarge) }
        return content
    }
}
