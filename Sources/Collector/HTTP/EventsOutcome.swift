internal import CollectorCore
internal import TextFormats

/// What became of a request's records, as the sender is told.
struct EventsOutcome: Sendable {
    struct Rejected: Sendable {
        var line: UInt64
        var reason: String
        var field: String
        var detail: String

        var json: JSONValue {
            [
                "line": .integer(Int64(clamping: line)), "reason": .string(reason), "field": .string(field),
                "detail": .string(detail),
            ]
        }
    }

    var accepted: UInt64 = 0
    /// Events that had been accepted before and are not counted again.
    var duplicates: UInt64 = 0
    /// Records that are not for counting: neither accepted nor rejected.
    var ignored = IgnoredRecords()
    /// The first ones; `rejectedCount` is of all.
    var rejected: [Rejected] = []
    var rejectedCount: UInt64 = 0
    /// The dimensions whose further new names the aggregator counts under `(over-limit)`, as far as it has said.
    var namesOverLimit: [String] = []

    var json: JSONValue {
        .object(
            [
                JSONMember("accepted", .integer(Int64(clamping: accepted))),
                JSONMember("duplicates", .integer(Int64(clamping: duplicates))),
                JSONMember("ignored", .integer(Int64(clamping: ignored.total))),
                JSONMember("rejected", .array(rejected.map(\.json))),
                JSONMember("rejected_count", .integer(Int64(clamping: rejectedCount))),
            ]
                + (namesOverLimit.isEmpty
                    ? [] : [JSONMember("names_over_limit", .array(namesOverLimit.map { .string($0) }))]))
    }

    /// What a problem says of it.
    var members: [JSONMember] {
        [
            JSONMember("accepted", .integer(Int64(clamping: accepted))),
            JSONMember("rejected", .array(rejected.map(\.json))),
            JSONMember("rejected_count", .integer(Int64(clamping: rejectedCount))),
        ]
    }
}
