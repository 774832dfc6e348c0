internal import Foundation
internal import Glibc
internal import Synchronization

/// A TCP proxy on this machine that does to connections what networks do: cuts them at a byte, delays, drips, loses one
/// direction.
///
/// It sits below TLS: what it harms is what a router would harm. Threads of its own do the work, two a connection.
final class TCPProxy: Sendable {
    /// What happens to one connection.
    struct Fate: Sendable {
        /// Bytes that pass from the client before the connection is cut; `nil` for no cut.
        var cutAfterRequest: Int?
        /// Bytes that pass to the client before it is cut.
        var cutAfterAnswer: Int?
        /// Bytes that pass to the client before everything further towards it is lost, silently: the request is done
        /// and its answer never comes.
        var loseAnswersAfter: Int?
        /// Waited before each portion, in microseconds.
        var delay: UInt32 = 0
        /// The most bytes that are passed on at once.
        var portion = 64 << 10

        static let sound = Fate()
    }

    /// How long a lost answer leaves the client waiting before the connection is closed after all, in microseconds.
    private static let silence: UInt32 = 1_500_000
    private static let backlog: Int32 = 128

    let port: UInt16
    private let target: UInt16
    private let listener: Int32
    private let state = Mutex<
        (next: @Sendable () -> Fate, isDown: Bool, open: Set<Int32>, connections: Int, cuts: Int)
    >(
        ({ .sound }, false, [], 0, 0))

    /// Listens on a free port and passes everything on to `target`, HOST:PORT on this machine.
    init(to target: String) throws {
        guard let port = target.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw Tool.Failed(description: "\(target) has no port")
        }
        self.target = port
        listener = try Sockets.listen(backlog: Self.backlog)
        self.port = try Sockets.port(of: listener)
        let (proxy, descriptor) = (self, listener)
        Thread.detachNewThread { proxy.accept(on: descriptor) }
    }

    var connections: Int { state.withLock { $0.connections } }
    var cuts: Int { state.withLock { $0.cuts } }

    /// What becomes of connections from now on; asked once for each.
    func decide(_ next: @escaping @Sendable () -> Fate) { state.withLock { $0.next = next } }

    /// Cuts everything and takes no connection until ``mend()``.
    func partition() {
        let open = state.withLock { state in
            state.isDown = true
            return state.open
        }
        for descriptor in open { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    func mend() { state.withLock { $0.isDown = false } }

    func close() {
        partition()
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func accept(on listener: Int32) {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            if client < 0 {
                if errno == EINTR || errno == ECONNABORTED { continue }
                Glibc.close(listener)
                return
            }
            let (fate, isDown) = state.withLock { state in
                state.connections += 1
                return (state.next(), state.isDown)
            }
            guard !isDown, let server = Sockets.connect(to: target) else {
                Glibc.close(client)
                continue
            }
            Thread.detachNewThread { self.serve(client, server, fate) }
        }
    }

    /// Two threads pump; the second to end closes both sockets.
    private func serve(_ client: Int32, _ server: Int32, _ fate: Fate) {
        state.withLock { _ = ($0.open.insert(client), $0.open.insert(server)) }
        let answers = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            self.pump(from: server, to: client, fate, cut: fate.cutAfterAnswer, lose: fate.loseAnswersAfter)
            answers.signal()
        }
        pump(from: client, to: server, fate, cut: fate.cutAfterRequest, lose: nil)
        answers.wait()
        state.withLock { _ = ($0.open.remove(client), $0.open.remove(server)) }
        Glibc.close(client)
        Glibc.close(server)
    }

    private func pump(from source: Int32, to sink: Int32, _ fate: Fate, cut: Int?, lose: Int?) {
        var passed = 0
        var buffer = [UInt8](repeating: 0, count: fate.portion)
        while true {
            let room = cut.map { max(0, min(fate.portion, $0 - passed)) } ?? fate.portion
            if room == 0 { return end(source, sink, isCut: true) }
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(source, $0.baseAddress, room, 0) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return end(source, sink, isCut: false) }
            if fate.delay > 0 { usleep(fate.delay) }
            if let lose, passed >= lose {
                usleep(Self.silence)
                return end(source, sink, isCut: true)
            }
            guard Sockets.sendAll(buffer[..<count], to: sink) else { return end(source, sink, isCut: false) }
            passed += count
        }
    }

    private func end(_ source: Int32, _ sink: Int32, isCut: Bool) {
        if isCut { state.withLock { $0.cuts += 1 } }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(sink, Int32(SHUT_RDWR))
    }
}
