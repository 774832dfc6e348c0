internal import Foundation
internal import Glibc

/// One end of the socket between a collector and the process that reads a table for it: messages of JSON, a line each,
/// with the rows behind an answer. Blocking, for one thread at a time.
package final class TableChannel {
    package enum Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// The other side is gone.
        case closed
        /// The other side didn't answer in time.
        case silent
        /// Whoever waits was told to stop.
        case cancelled
        /// What came isn't what was agreed.
        case garbled(String)

        package var description: String {
            switch self {
            case .closed: "the other side is gone"
            case .silent: "the other side doesn't answer"
            case .cancelled: "told to stop"
            case .garbled(let what): "the other side says what can't be understood: \(what)"
            }
        }
    }

    /// How often a wait looks whether it was told to stop.
    private static let pollMilliseconds: Int32 = 100
    private static let chunkBytes = 64 << 10

    private let descriptor: Int32
    /// Came and wasn't taken.
    private var pending: [UInt8] = []

    /// - Parameter descriptor: of a connected socket; it stays the caller's to close.
    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// The two ends of a new socket, closed in what this process starts unless they are handed over.
    package static func makePair() throws(Failure) -> (ours: Int32, theirs: Int32) {
        var ends: [2 of Int32] = [-1, -1]
        var span = ends.mutableSpan
        let result = unsafe span.withUnsafeMutableBufferPointer { buffer in
            unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, buffer.baseAddress)
        }
        guard result == 0 else {
            throw .garbled("no socket: \(unsafe String(cString: strerror(errno)))")
        }
        return (ends[0], ends[1])
    }

    package func send(_ message: some Encodable, rows: [UInt8] = []) throws(Failure) {
        let bytes: [UInt8]
        do {
            bytes = Array(try JSONEncoder().encode(message))
        } catch {
            throw .garbled("\(error)")
        }
        try write(bytes + [0x0A] + rows)
    }

    /// The next message.
    ///
    /// - Parameter deadline: how long it is waited for; `nil` for ever.
    /// - Returns: `nil` where the other side has closed.
    package func receive<Message: Decodable>(
        _ type: Message.Type, until deadline: ContinuousClock.Instant? = nil
    ) throws(Failure) -> Message? {
        while true {
            if let end = pending.firstIndex(of: 0x0A) {
                let line = Data(pending[..<end])
                pending.removeFirst(end + 1)
                do {
                    return try JSONDecoder().decode(type, from: line)
                } catch {
                    throw .garbled("\(error)")
                }
            }
            guard pending.count <= TableLimits.maxMessageBytes else { throw .garbled("a message without an end") }
            guard try readMore(until: deadline) else {
                if pending.isEmpty { return nil }
                throw .closed
            }
        }
    }

    /// The rows behind an answer.
    package func receiveRows(_ count: Int, until deadline: ContinuousClock.Instant?) throws(Failure) -> [UInt8] {
        let most =
            TableLimits.maxPortionBytes + TableLimits.maxRowBytes
            + TableLimits.maxRows * TableLimits.maxBytesAroundRow
        guard count >= 0, count <= most else { throw .garbled("\(count) bytes of rows") }
        while pending.count < count {
            guard try readMore(until: deadline) else { throw .closed }
        }
        let rows = Array(pending[..<count])
        pending.removeFirst(count)
        return rows
    }

    /// - Returns: whether there was more before the other side closed.
    private func readMore(until deadline: ContinuousClock.Instant?) throws(Failure) -> Bool {
        while true {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = unsafe poll(&entry, 1, Self.pollMilliseconds)
            if ready > 0 { break }
            if ready < 0, errno != EINTR { throw .closed }
            if Task.isCancelled { throw .cancelled }
            if let deadline, ContinuousClock.now > deadline { throw .silent }
        }
        while true {
            let start = pending.count
            pending += repeatElement(0, count: Self.chunkBytes)
            let count = unsafe pending.withUnsafeMutableBytes { buffer in
                unsafe recv(descriptor, buffer.baseAddress.map { unsafe $0 + start }, Self.chunkBytes, 0)
            }
            let error = errno
            pending.removeLast(Self.chunkBytes - max(count, 0))
            if count > 0 { return true }
            if count == 0 || error == ECONNRESET { return false }
            if error != EINTR { throw .closed }
        }
    }

    private func write(_ bytes: [UInt8]) throws(Failure) {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.send(
                    descriptor, buffer.baseAddress.map { unsafe $0 + sent }, buffer.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .closed }
            sent += count
        }
    }
}
