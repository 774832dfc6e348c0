internal import NIOCore
internal import Synchronization

/// The connections of a listener that haven't brought a request yet, and which of them must go when there are too many.
///
/// Whoever opens connections and says nothing takes slots only from those who do the same: a new connection takes the
/// place of the oldest that has been silent, of its own address where that has its share already. Addresses that
/// brought a request lately wait apart from strangers, so that strangers never take their slots.
package final class PendingConnections: Sendable {
    private let state: Mutex<PendingConnectionsState>
    private let channels = Mutex<[UInt64: any Channel]>([:])

    /// - Parameter limits: how many may wait, in all and by address.
    package init(_ limits: PendingConnectionsState.Limits) {
        state = Mutex(PendingConnectionsState(limits))
    }

    /// Takes a connection in, and closes the one whose place it takes.
    ///
    /// - Returns: the number to give back with ``brought(_:)`` or ``ended(_:)``.
    func opened(_ channel: any Channel) -> UInt64 {
        let peer = channel.remoteAddress?.ipAddress ?? ""
        let now = NIODeadline.now().uptimeNanoseconds
        let (number, evicted) = state.withLock { $0.opened(by: peer, at: now) }
        channels.withLock { $0[number] = channel }
        if let evicted { channels.withLock { $0.removeValue(forKey: evicted) }?.close(promise: nil) }
        return number
    }

    /// The connection has brought a request: it no longer waits, and its address is known for a while.
    func brought(_ number: UInt64) {
        state.withLock { $0.brought(number, at: NIODeadline.now().uptimeNanoseconds) }
        forget(number)
    }

    /// The connection has ended.
    func ended(_ number: UInt64) {
        state.withLock { $0.ended(number) }
        forget(number)
    }

    private func forget(_ number: UInt64) {
        channels.withLock { _ = $0.removeValue(forKey: number) }
    }
}

/// Who waits, and who must go: without channels and clocks.
package struct PendingConnectionsState: Sendable {
    /// How many connections may wait for their first request.
    package struct Limits: Sendable, Equatable {
        /// Of addresses that brought no request lately.
        package var strangers: Int
        /// Of those that did.
        package var known: Int
        /// Of one address.
        package var perPeer: Int
        /// How long an address is known after a request, in nanoseconds.
        package var knownNanoseconds: UInt64

        /// - Parameter maxConnections: of the listener: a quarter for strangers and a quarter for known addresses
        ///   leaves half of them to those who have brought requests.
        package init(maxConnections: Int) {
            strangers = max(1, maxConnections / 4)
            known = max(1, maxConnections / 4)
            perPeer = max(1, maxConnections / 8)
            knownNanoseconds = 3_600_000_000_000
        }
    }

    /// The most addresses that are remembered as known; beyond it those are dropped whose hour is over, and if none is,
    /// all of them.
    static let maxKnownPeers = 65_536

    private struct Waiting {
        var peer: String
        var isKnown: Bool
    }

    private let limits: Limits
    private var waiting: [UInt64: Waiting] = [:]
    private var next: UInt64 = 0
    private var strangers = AgeQueue()
    private var known = AgeQueue()
    private var byPeer: [String: AgeQueue] = [:]
    private var lastRequest: [String: UInt64] = [:]

    package init(_ limits: Limits) {
        self.limits = limits
    }

    package var count: Int { waiting.count }

    /// - Parameter now: in nanoseconds of a clock that never goes back.
    /// - Returns: the connection's number, and that of the one that must go for it.
    package mutating func opened(by peer: String, at now: UInt64) -> (number: UInt64, evicted: UInt64?) {
        let number = next
        next += 1
        let isKnown = lastRequest[peer].map { now &- $0 < limits.knownNanoseconds } ?? false
        var evicted: UInt64?
        if let own = byPeer[peer], own.count >= limits.perPeer {
            evicted = own.oldest
        } else if isKnown, known.count >= limits.known {
            evicted = known.oldest
        } else if !isKnown, strangers.count >= limits.strangers {
            evicted = strangers.oldest
        }
        if let evicted { ended(evicted) }
        waiting[number] = Waiting(peer: peer, isKnown: isKnown)
        if isKnown { known.append(number) } else { strangers.append(number) }
        byPeer[peer, default: AgeQueue()].append(number)
        return (number, evicted)
    }

    package mutating func brought(_ number: UInt64, at now: UInt64) {
        guard let connection = waiting[number] else { return }
        ended(number)
        if lastRequest.count >= Self.maxKnownPeers, lastRequest[connection.peer] == nil {
            lastRequest = lastRequest.filter { now &- $0.value < limits.knownNanoseconds }
            if lastRequest.count >= Self.maxKnownPeers { lastRequest.removeAll() }
        }
        lastRequest[connection.peer] = now
    }

    package mutating func ended(_ number: UInt64) {
        guard let connection = waiting.removeValue(forKey: number) else { return }
        if connection.isKnown { known.remove(number) } else { strangers.remove(number) }
        byPeer[connection.peer]?.remove(number)
        if byPeer[connection.peer]?.count == 0 { byPeer[connection.peer] = nil }
    }
}

/// Numbers in the order in which they came, any of which may leave at any time.
private struct AgeQueue: Sendable {
    private var order: [UInt64] = []
    private var first = 0
    private var members: Set<UInt64> = []

    var count: Int { members.count }
    var oldest: UInt64? { order[first...].first { members.contains($0) } }

    mutating func append(_ number: UInt64) {
        order.append(number)
        members.insert(number)
    }

    mutating func remove(_ number: UInt64) {
        members.remove(number)
        while first < order.count, !members.contains(order[first]) { first += 1 }
        // Those that left in the middle are dropped once they are the greater part.
        if order.count > 2 * members.count + 16 {
            order = order[first...].filter(members.contains)
            first = 0
        }
    }
}
