package import UsageModel

/// What one sender's records are, said in the settings of ``MappedFormat``: **one declaration**, and nothing of its own
/// that reads.
package struct Preset: Sendable {
    /// What `sources.NAME.format` calls it.
    var name: String
    /// What its records are, in one sentence for the documentation.
    var summary: String
    /// Settings of ``MappedFormat`` as they would be written. A source that gives one of them overrides it.
    var settings: [String: String]
    /// Conditions that all records meet that are counted.
    var only: [String] = []
    /// Conditions that no record meets that is counted.
    var except: [String] = []
    /// Further places of fields. Of a name the first place that has a value is taken; a setting for the field takes
    /// their place.
    var further: [MappedFormat.FurtherPlace] = []
    /// Whether counts that aren't there are 0, so that a record without any has no usage.
    var absentCountsAreZero = true
    /// Whether what ``EventField/estimated`` says holds only for counts that come without details of the cache.
    var detailsProveCounts = false
    /// What records of one id are to each other.
    var repeats = IDRepeats.once
    /// See ``SourceFormat/isRepeatedAfterServerErrorsAlone``.
    var isRepeatedAfterServerErrorsAlone = false
    /// Records as the sender writes them.
    var example: String
    /// Settings that the example needs beside the preset.
    var exampleSettings: [String: String] = [:]

    /// Everything that the preset says, by setting.
    var given: [String: [String]] {
        var given = settings.mapValues { [$0] }
        if !only.isEmpty { given["only"] = only }
        if !except.isEmpty { given["except"] = except }
        return given
    }
}

/// Names a preset as a type, as the registry wants formats.
package protocol PresetDeclaration: Sendable, Hashable {
    static var preset: Preset { get }
}

/// The format of a preset: ``MappedFormat`` with the preset's settings where the source gives no others.
package struct PresetFormat<Declaration: PresetDeclaration>: SourceFormat {
    package static var name: String { Declaration.preset.name }
    package static var summary: String { Declaration.preset.summary }
    package static var settings: [SourceSetting] { MappedFormat.settings }
    package static var preset: [String: [String]] { Declaration.preset.given }
    package static var repeats: IDRepeats { Declaration.preset.repeats }
    package static var examples: [SourceExample] {
        [SourceExample(Declaration.preset.exampleSettings, records: Declaration.preset.example)]
    }

    private let mapped: MappedFormat

    package init(_ options: SourceOptions) throws(SourceFormatError) {
        let preset = Declaration.preset
        var mapped = try MappedFormat(options)
        // What a source says of a field in its own words replaces all that the preset knows of it.
        mapped.further = preset.further.filter { place in
            let own = ["fields.\(place.field.name)", "constants.\(place.field.name)"]
            return !own.contains { options.isGiven($0) }
        }
        mapped.absentCountsAreZero = preset.absentCountsAreZero
        mapped.detailsProveCounts = preset.detailsProveCounts
        self.mapped = mapped
    }

    package var mediaTypes: [String] { mapped.mediaTypes }

    package var isRepeatedAfterServerErrorsAlone: Bool { Declaration.preset.isRepeatedAfterServerErrorsAlone }

    package func makeParser(
        defaults: EventDefaults, framing: SourceFraming
    ) throws(SourceFormatError) -> any SourceParser {
        try mapped.makeParser(defaults: defaults, framing: framing)
    }
}

extension Preset {
    /// The preset's settings with what a source gives in their place.
    ///
    /// A field has one place: a constant given for it takes the place of the preset's path, and the other way round;
    /// and counts are read from a `usage` object or from places of their own.
    static func overridden(_ preset: [String: [String]], by given: [String: [String]]) -> [String: [String]] {
        var kept = preset
        for name in given.keys {
            guard let field = fieldName(name) else { continue }
            kept["fields.\(field)"] = nil
            kept["constants.\(field)"] = nil
            if field == usage {
                for count in counts { kept["fields.\(count)"] = nil }
            } else if counts.contains(field) {
                kept["fields.\(usage)"] = nil
            }
        }
        return kept.merging(given) { $1 }
    }

    private static let usage = "usage"

    private static let counts: Set<String> = Set(
        EventField.all(for: .place).filter { $0.properties.kind == .count && $0 != .requests }.map(\.name))

    private static func fieldName(_ setting: String) -> String? {
        let parts = setting.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, parts[0] == "fields" || parts[0] == "constants" else { return nil }
        return String(parts[1])
    }
}
