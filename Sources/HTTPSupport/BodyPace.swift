/// Whether a request's body comes fast enough: a small state machine without I/O, asked once per window.
package struct BodyPace: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        case keepGoing
        case tooSlow
        case tooLate
        /// Larger than any route allows: read and dropped, because a connection that is closed on unread bytes is
        /// reset, and a reset takes the answer away from the sender.
        case surplus
        /// So much larger that nobody is waiting for an answer.
        case tooLarge
    }

    /// Windows that a body may take in all.
    package let maxWindows: Int
    /// Bytes that each window must bring.
    package let minBytesPerWindow: Int
    /// Bytes that the body may have in all.
    package let maxBytes: Int
    /// Bytes beyond `maxBytes` that are dropped before the connection is.
    static let maxSurplusBytes = 64 << 20

    package private(set) var bytes = 0
    private var bytesInWindow = 0
    private var windows = 0

    package init(maxWindows: Int, minBytesPerWindow: Int, maxBytes: Int) {
        self.maxWindows = maxWindows
        self.minBytesPerWindow = minBytesPerWindow
        self.maxBytes = maxBytes
    }

    /// Some of the body came.
    package mutating func received(_ count: Int) -> Verdict {
        bytes += count
        bytesInWindow += count
        if bytes > maxBytes + Self.maxSurplusBytes { return .tooLarge }
        return bytes > maxBytes ? .surplus : .keepGoing
    }

    /// A window has passed and the body isn't complete.
    package mutating func windowPassed() -> Verdict {
        windows += 1
        defer { bytesInWindow = 0 }
        if windows >= maxWindows { return .tooLate }
        return bytesInWindow < minBytesPerWindow ? .tooSlow : .keepGoing
    }
}
