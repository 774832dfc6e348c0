internal import HTTPSupport
package import Logging
internal import Postgres
internal import ServiceLifecycle
package import Store
internal import Synchronization
internal import Telemetry
internal import TextFormats
package import UsageModel

/// What was refused, in the audit log and in the log.
///
/// A flood of refusals must not fill the disk: those of one kind from one peer in one minute are one row with a count,
/// written when the minute is over, and at most ``maxRowsPerMinute`` rows of a kind; what is beyond stands under
/// the peer "others". The log gets a line for the first of each row, and one with the count when it was more than one.
package final class AuditTrail: Service {
    /// Rows of one kind in one minute, that of "others" not counted: strangers' refusals push no known caller's out.
    static let maxRowsPerMinute = 64
    /// Minutes that wait for a database that is away, before the oldest are given up.
    static let maxWaitingRows = 10 * Kind.allCases.count * maxRowsPerMinute
    private static let pollInterval = Duration.seconds(1)

    /// A kind of refusal.
    enum Kind: Sendable, CaseIterable {
        case refused, denied, handshakeFailed

        var action: AuditAction {
            switch self {
            case .refused: .requestRefused
            case .denied: .requestDenied
            case .handshakeFailed: .handshakeFailed
            }
        }
    }

    struct Refusal: Sendable, Hashable {
        var kind: Kind
        var peer: PeerName
        /// `token ID` or `PROVIDER/COLLECTOR`, where it is known who it was.
        var actor = "-"
        /// Holder, role and provider of the token, where it was one.
        var caller = Caller()
        /// The problem's code, or what TLS says.
        var code: String
        /// The listener, or the route's pattern.
        var place: String
    }

    /// What a token says of who holds it.
    struct Caller: Sendable, Hashable {
        var holder: String?
        var role: String?
        var provider: String?

        init() {}

        init(_ token: TokenRecord) {
            (holder, role, provider) = (token.holder, token.role.rawValue, token.provider)
        }
    }

    fileprivate struct Row: Sendable {
        var refusal: Refusal
        var first: Timestamp
        var count: UInt64
    }

    fileprivate struct State: Sendable {
        var minute: Int64 = 0
        var rows: [Refusal: Row] = [:]
        var waiting: [Row] = []
    }

    private let store: Store
    private let clock: any WallClock
    private let logger: Logger
    private let state = Mutex(State())

    package init(store: Store, clock: any WallClock, logger: Logger) {
        self.store = store
        self.clock = clock
        self.logger = logger
    }

    private var now: Timestamp { Timestamp(milliseconds: clock.nowMilliseconds()) }

    func note(_ refusal: Refusal) {
        let now = now
        let isFirst = state.withLock { state in
            state.beginMinute(now.minute)
            var refusal = refusal
            if state.rows[refusal] == nil,
                state.rows.keys.count(where: { $0.kind == refusal.kind }) >= Self.maxRowsPerMinute
            {
                (refusal.peer, refusal.actor, refusal.code, refusal.place) = (.others, "-", "-", "-")
                refusal.caller = Caller()
            }
            state.rows[refusal, default: Row(refusal: refusal, first: now, count: 0)].count += 1
            return state.rows[refusal]?.count == 1
        }
        if isFirst { log(refusal, count: 1) }
    }

    /// Writes what is over; at the end all.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.pollInterval)
                await self.write(isEnd: false)
            }
        }
        await write(isEnd: true)
    }

    /// - Parameter isEnd: writes the minute that is under way, too.
    func write(isEnd: Bool) async {
        let now = now
        let rows = state.withLock { state in
            state.beginMinute(isEnd ? .max : now.minute)
            defer { state.waiting = [] }
            return state.waiting
        }
        guard !rows.isEmpty else { return }
        for row in rows where row.count > 1 { log(row.refusal, count: row.count) }
        do {
            try await store.transaction { session in
                for row in rows { try session.audit(row.entry) }
            }
        } catch {
            state.withLock { $0.waiting = Array((rows + $0.waiting).suffix(Self.maxWaitingRows)) }
            logger.warning("refusals can't be written to the audit log now", [.error: "\(error)"])
        }
    }

    private func log(_ refusal: Refusal, count: UInt64) {
        logger.warning(
            count == 1 ? "request refused" : "requests refused within a minute",
            [
                .reason: "\(refusal.kind.action.rawValue)", .code: "\(refusal.code)", .peer: "\(refusal.peer)",
                .token: "\(refusal.actor)", .route: "\(refusal.place)", .count: "\(count)",
            ])
    }
}

extension AuditTrail.State {
    fileprivate mutating func beginMinute(_ minute: Int64) {
        guard minute != self.minute else { return }
        self.minute = minute
        waiting = Array((waiting + rows.values.sorted { $0.first < $1.first }).suffix(AuditTrail.maxWaitingRows))
        rows = [:]
    }
}

extension AuditTrail.Row {
    fileprivate var entry: AuditEntry {
        AuditEntry(
            at: first, actor: refusal.actor, action: refusal.kind.action, subject: refusal.place,
            detail: [
                JSONMember("peer", .string(refusal.peer.description)), JSONMember("code", .string(refusal.code)),
                JSONMember("count", .integer(Int64(clamping: count))),
                JSONMember("by_holder", .optional(refusal.caller.holder)),
                JSONMember("by_role", .optional(refusal.caller.role)),
                JSONMember("by_provider", .optional(refusal.caller.provider)),
            ])
    }
}

extension Timestamp {
    fileprivate var minute: Int64 { seconds.flooredDivision(by: 60) }
}
