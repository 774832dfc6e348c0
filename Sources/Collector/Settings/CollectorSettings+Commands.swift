package import Foundation
internal import Settings
internal import TextFormats
internal import UsageModel

/// What commands ask of a configuration.
extension CollectorSettings {
    /// The names of all sources, that of `POST /v1/events` among them.
    package var sourceNames: [String] {
        let own = sources.map(\.name)
        return own.contains(Self.defaultSourceName) ? own : own + [Self.defaultSourceName]
    }

    package func hasSource(named name: String) -> Bool { sourceNames.contains(name) }

    /// A moment as commands take it: an RFC 3339 time, or a duration before now such as `90m`.
    ///
    /// - Returns: milliseconds since 1970-01-01T00:00Z; `nil` for any other text.
    package static func moment(_ text: String, now: Date) -> Int64? {
        if let time = RFC3339.parse(text) { return time.microseconds / 1_000 }
        let type = SettingType<Duration>.duration(.zero ... .days(36_500))
        guard let duration = try? type.value(of: text) else { return nil }
        return Int64(now.timeIntervalSince1970 * 1_000) - duration.wholeMilliseconds
    }
}
