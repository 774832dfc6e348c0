internal import Synchronization

/// Whether new input may come in, and why not. Shared by sources, writer and shipper.
package final class IntakeSwitch: Sendable {
    /// Why input is refused or left unread for now. The raw value is what answers and `/readyz` say.
    package enum Reason: String, Sendable, CaseIterable {
        /// Nothing has been opened yet.
        case starting
        /// The process is stopping.
        case draining
        /// A newer process has this collector's identity.
        case fenced
        /// The spool is full, or the disk nearly so.
        case spoolFull = "spool-full"
        /// Writing or syncing failed.
        case spoolFailing = "spool-failing"

        /// What an operator can do.
        package var remedy: String {
            switch self {
            case .starting: "wait"
            case .draining: "send to another collector, or again after the restart"
            case .fenced: "stop the other collector with this identity, then restart this one"
            case .spoolFull: "let the aggregator catch up, free disk space, or raise spool.bytes"
            case .spoolFailing: "check the disk under the data directory"
            }
        }
    }

    private let reasons = Mutex<Set<Reason>>([.starting])

    package init() {}

    package var isClosed: Bool { reasons.withLock { !$0.isEmpty } }

    /// In the order of their declaration.
    package var closedFor: [Reason] {
        let closed = reasons.withLock { $0 }
        return Reason.allCases.filter(closed.contains)
    }

    /// - Returns: whether that changed anything.
    @discardableResult
    package func set(_ reason: Reason, _ isClosed: Bool) -> Bool {
        reasons.withLock { isClosed ? $0.insert(reason).inserted : $0.remove(reason) != nil }
    }
}
