internal import Foundation

extension ZoneRules {
    /// The rules of an IANA zone from the system's database, for the years 1990 to 2100: `UTC`, or a name with a slash
    /// such as
    /// `Asia/Shanghai`. Abbreviations (`CST`, `CET`) and offsets (`UTC+8`) are no names here: PostgreSQL, which cuts
    /// days by the name as well, reads many of them differently.
    ///
    /// This is configuration-time code, the only place in `UsageModel` that touches Foundation; the value it makes
    /// doesn't.
    /// - Returns: `nil` where the system knows no such zone.
    package init?(identifier: String) {
        guard identifier.utf8.count <= 64, identifier == "UTC" || identifier.utf8.contains(UInt8(ascii: "/")),
            let zone = TimeZone(identifier: identifier)
        else { return nil }
        let first = Date(timeIntervalSince1970: 631_152_000)  // 1990-01-01T00:00Z
        let last = Date(timeIntervalSince1970: 4_102_444_800)  // 2100-01-01T00:00Z
        var transitions: [Transition] = []
        var cursor = first
        while let next = zone.nextDaylightSavingTimeTransition(after: cursor), next < last, next > cursor {
            transitions.append(
                Transition(
                    fromSecond: Int64(next.timeIntervalSince1970.rounded()),
                    offsetSeconds: Int64(zone.secondsFromGMT(for: next))))
            cursor = next
        }
        self.init(
            identifier: identifier, initialOffsetSeconds: Int64(zone.secondsFromGMT(for: first)),
            transitions: transitions)
    }
}
