internal import Settings
package import SourceFormats
internal import UsageModel

/// One entry of `sources`.
package struct SourceSettings: Sendable {
    package struct Files: Sendable, Equatable {
        package var globs: [String]
        /// Whether files that are there at the very first start are read from their end.
        package var startsAtEnd: Bool
        package var isWhole: Bool
        package var completeLastLineAfter: Duration?
    }

    package enum Kind: Sendable, Equatable {
        case file(Files)
        case http
    }

    package var name: String
    package var kind: Kind
    package var format: any SourceFormat
    package var defaults: EventDefaults

    /// Reads the entry; on a problem it is added to `problems` and the answer is `nil`.
    static func read(
        _ name: String, _ settings: Settings, defaults: EventDefaults, _ problems: inout [SettingsProblem]
    ) -> SourceSettings? {
        let base = "sources.\(name)"
        let before = problems.count
        guard isName(name) else {
            problems.append(
                settings.problem(
                    at: base, "\"\(name)\" can't name a source",
                    remedy: "use lower-case letters, digits and inner hyphens, at most 64"))
            return nil
        }
        let kind = readKind(base, settings, &problems)
        let reader = SourceFormatReader(settings: settings, base: base)
        let format = reader.readFormat(&problems)
        let own = reader.readDefaults(defaults, &problems)
        guard problems.count == before, let kind, let format else { return nil }
        do throws(SourceFormatError) {
            _ = try format.makeParser(defaults: own, framing: .stream)
        } catch {
            problems.append(reader.problem(error))
            return nil
        }
        return SourceSettings(name: name, kind: kind, format: format, defaults: own)
    }

    private static func isName(_ name: String) -> Bool { NameRule.isIdentifier(name, maxBytes: 64) }

    private static func readKind(_ base: String, _ settings: Settings, _ problems: inout [SettingsProblem]) -> Kind? {
        let fileOnly = ["paths", "complete-last-line-after", "read-from", "whole"].map { "\(base).\($0)" }
        guard settings.text("\(base).type") == "file" else {
            for key in fileOnly where settings.isGiven(key) {
                problems.append(
                    settings.problem(at: key, "is for `file` sources", remedy: "remove it, or set type: file"))
            }
            return .http
        }
        guard let globs = settings.optionalTexts(fileOnly[0]) else {
            problems.append(
                settings.problem(
                    at: "\(base).type", "a `file` source needs paths", remedy: "give \(fileOnly[0]): one or more globs")
            )
            return nil
        }
        return .file(
            Files(
                globs: globs, startsAtEnd: settings.text("\(base).read-from") == "end",
                isWhole: settings.flag("\(base).whole"),
                completeLastLineAfter: settings.optionalDuration(fileOnly[1])))
    }
}
