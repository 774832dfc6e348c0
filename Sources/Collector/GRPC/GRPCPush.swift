internal import CollectorCore
internal import HTTPSupport
internal import SourceFormats
internal import Synchronization

/// One Export call that is under way: what was found out from its head, for whoever reads its message.
final class GRPCPush: Sendable {
    private struct State {
        var problem: Problem?
        var compression: Compression?
    }

    let signal: OTLPSignal
    /// `nil` where the call was refused at its head.
    let source: EventsHandler.Source?
    /// What the call holds of `http.max-concurrent-bytes`.
    let reservation: ByteReservation
    /// How the message is compressed where it says that it is.
    let encoding: Compression?
    private let state = Mutex(State())

    init(
        _ signal: OTLPSignal, source: EventsHandler.Source?, reservation: ByteReservation,
        encoding: Compression? = nil
    ) {
        self.signal = signal
        self.source = source
        self.reservation = reservation
        self.encoding = encoding
    }

    /// Why the call is refused, as far as that is known.
    var problem: Problem? { state.withLock { $0.problem } }

    /// How the message is compressed; known once the message is there.
    var compression: Compression? { state.withLock { $0.compression } }

    /// The first reason stands.
    func refuse(_ problem: Problem) {
        state.withLock { $0.problem = $0.problem ?? problem }
    }

    /// The message is there.
    ///
    /// - Throws: ``Problem`` where it is compressed and nothing says how.
    func complete(isCompressed: Bool) throws(Problem) {
        guard isCompressed else { return }
        guard let encoding else { throw .notOneMessage }
        state.withLock { $0.compression = encoding }
    }
}

/// The calls that are under way, by a number that stands in the head of each.
final class GRPCPushes: Sendable {
    private let state = Mutex<(next: UInt64, open: [String: GRPCPush])>((0, [:]))

    /// - Returns: the number to ask for it by.
    func add(_ push: GRPCPush) -> String {
        state.withLock { state in
            let number = String(state.next)
            state.next += 1
            state.open[number] = push
            return number
        }
    }

    subscript(number: String) -> GRPCPush? { state.withLock { $0.open[number] } }

    /// The call has ended: nobody holds anything for it any more.
    func remove(_ number: String) {
        let push = state.withLock { $0.open.removeValue(forKey: number) }
        push?.reservation.release()
    }
}
