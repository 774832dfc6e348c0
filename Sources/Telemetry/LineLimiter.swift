internal import Synchronization

/// Lets one log line of a kind through in each interval, so that what a sender causes with each of its requests doesn't
/// fill the disk.
package final class LineLimiter: Sendable {
    /// How often a line of one kind is let through.
    package static let interval = Duration.seconds(60)
    /// Kinds that are told apart; beyond so many all are forgotten, and each is let through once more.
    static let capacity = 4_096

    private struct Kind {
        var nextAt: ContinuousClock.Instant
        var heldBack: UInt64 = 0
    }

    private let kinds = Mutex<[String: Kind]>([:])

    package init() {}

    /// Whether a line may be written now.
    ///
    /// - Parameter kind: what makes two lines say the same, such as a problem's code.
    /// - Returns: how many were held back since the last one; `nil` for a line that is held back.
    package func admits(_ kind: String, now: ContinuousClock.Instant = .now) -> UInt64? {
        kinds.withLock { kinds in
            if let known = kinds[kind], now < known.nextAt {
                kinds[kind]?.heldBack += 1
                return nil
            }
            if kinds.count >= Self.capacity { kinds = [:] }
            let heldBack = kinds[kind]?.heldBack ?? 0
            kinds[kind] = Kind(nextAt: now + Self.interval)
            return heldBack
        }
    }
}
