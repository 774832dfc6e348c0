internal import Foundation
internal import Synchronization
internal import TestSupport

/// One usage event as the driver emits it.
struct EmittedEvent: Equatable, Sendable {
    /// Minutes since midnight of ``day``, UTC.
    var minute: Int
    var tenant: String
    var model: String
    var input: UInt64
    var output: UInt64

    /// The day that all events lie in.
    static let day = "2025-06-01"
    static let minutes = 0..<1_440

    /// `hh:mm`.
    var clock: String { Self.padded(minute / 60) + ":" + Self.padded(minute % 60) }

    /// The native event, one line of JSON.
    var line: String {
        "{\"time\":\"\(Self.day)T\(clock):00Z\",\"tenant\":\"\(tenant)\",\"model\":\"\(model)\","
            + "\"input_tokens\":\(input),\"output_tokens\":\(output)}\n"
    }

    private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

/// Events that must be counted together or not at all: one pushed request, or one portion written to a file.
///
/// The first event is of a tenant of the group's own. So the database tells of every single group whether it was
/// counted never, once or twice, and the sums of the shared tenants, which many groups add to, must come out to the
/// token.
struct EventGroup: Equatable, Sendable {
    var id: UInt64
    var events: [EmittedEvent]

    static let markerPrefix = "g-"
    static func marker(_ id: UInt64) -> String { "\(markerPrefix)\(id)" }

    var body: [UInt8] { Array(events.map(\.line).joined().utf8) }
}

/// Makes groups of events, each with a new number.
final class GroupMaker: Sendable {
    private static let sharedTenants = 20
    private static let models = 4
    private static let maxShared = 9
    private static let maxTokens: UInt64 = 50_000

    private let state: Mutex<(random: SeededGenerator, next: UInt64)>

    init(_ random: SeededGenerator) {
        state = Mutex((random, 1))
    }

    /// - Parameter shared: how many events beside the marker; `nil` for a random number.
    func make(shared: Int? = nil) -> EventGroup {
        state.withLock { state in
            let id = state.next
            state.next += 1
            let count = 1 + (shared ?? Int.random(in: 0...Self.maxShared, using: &state.random))
            let events = (0..<count).map { index in
                EmittedEvent(
                    minute: Int.random(in: EmittedEvent.minutes, using: &state.random),
                    tenant: index == 0
                        ? EventGroup.marker(id) : "t-\(Int.random(in: 0..<Self.sharedTenants, using: &state.random))",
                    model: "m-\(Int.random(in: 0..<Self.models, using: &state.random))",
                    input: UInt64.random(in: 0...Self.maxTokens, using: &state.random),
                    output: UInt64.random(in: 0...Self.maxTokens, using: &state.random))
            }
            return EventGroup(id: id, events: events)
        }
    }
}
