internal import CollectorCore
internal import Synchronization
internal import UsageModel

/// What was refused lately: the last records of each source for `status`, and how many there were for which reason.
package final class RefusalBoard: Sendable {
    /// One refused record as it may be shown.
    package struct Refusal: Sendable, Codable, Equatable {
        /// When, in UTC to the millisecond.
        package var time: String
        package var source: String
        package var reason: String
        package var field: String
        package var detail: String
        /// The file and line, or the line or element of a pushed body.
        package var place: String
        /// How the record begins, without what it says: see ``HarmlessExcerpt``.
        package var excerpt: String
    }

    /// Why records were refused.
    struct Cause: Sendable, Hashable, Comparable {
        var reason: RejectionReason
        var field: String

        var text: String { field.isEmpty ? reason.rawValue : "\(reason.rawValue) (\(field))" }

        static func < (left: Cause, right: Cause) -> Bool { left.text < right.text }
    }

    /// How many of a source's refusals are kept.
    static let maxRefusals = 5
    /// How many causes of a source are told apart; those beyond them by their reason alone.
    static let maxCauses = 64
    /// The most bytes of a refusal's detail and field.
    static let maxTextBytes = 200

    private struct Source: Sendable {
        /// Oldest first.
        var last: [Refusal] = []
        var counts: [Cause: UInt64] = [:]
    }

    private let sources = Mutex<[String: Source]>([:])

    package init() {}

    /// Records were refused, the oldest first.
    func note(_ entries: [QuarantineEntry]) {
        for (name, entries) in Dictionary(grouping: entries, by: \.source) {
            let shown = entries.suffix(Self.maxRefusals).map(Self.refusal)
            sources.withLock { sources in
                var source = sources[name] ?? Source()
                source.last = Array((source.last + shown).suffix(Self.maxRefusals))
                for entry in entries {
                    var cause = Cause(reason: entry.rejection.reason, field: Self.clipped(entry.rejection.field))
                    if source.counts[cause] == nil, source.counts.count >= Self.maxCauses { cause.field = "" }
                    source.counts[cause, default: 0] += 1
                }
                sources[name] = source
            }
        }
    }

    /// The last refusals of every source, the oldest first.
    var last: [Refusal] {
        sources.withLock { $0.values.flatMap(\.last) }.sorted { ($0.time, $0.source) < ($1.time, $1.source) }
    }

    /// How many records of a source were refused since the start, by cause.
    func counts(of source: String) -> [Cause: UInt64] { sources.withLock { $0[source]?.counts ?? [:] } }

    private static func refusal(_ entry: QuarantineEntry) -> Refusal {
        Refusal(
            time: CivilTime.logText(milliseconds: entry.timeMilliseconds), source: entry.source,
            reason: entry.rejection.reason.rawValue, field: clipped(entry.rejection.field),
            detail: clipped(entry.rejection.detail),
            place: entry.file.isEmpty
                ? "pushed, record \(entry.position.line)" : "\(clipped(entry.file)):\(entry.position.line)",
            excerpt: HarmlessExcerpt.of(entry.bytes))
    }

    /// Not longer than may be shown, and without control characters.
    private static func clipped(_ text: String) -> String {
        let plain = String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "·" : $0 }))
        guard plain.utf8.count > maxTextBytes else { return plain }
        return String(decoding: plain.utf8.prefix(maxTextBytes), as: UTF8.self) + "…"
    }
}
