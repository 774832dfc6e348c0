internal import CollectorCore
internal import Settings
internal import SourceFormats
internal import UsageModel

/// The settings of one entry of `sources`. Those of formats are declared by the formats.
struct SourceKeys: SettingKeys {
    let type = Setting(
        "type", required: .choice(of: Kind.self), reload: .byEntry,
        """
        `file` follows files, `http` takes what is pushed to `POST /v1/events/NAME`, `database` reads a table of \
        PostgreSQL. Pushed events may carry ids, each source its own
        """)
    let tokenFiles = Setting(
        "token-files", type: .paths, default: [], reload: .byEntry,
        """
        Files with one bearer token each, of those who may push: see `http.token-files`, which holds where this and \
        `client-names` are empty. SIGHUP reads them again
        """)
    let clientNames = Setting(
        "client-names", type: .texts, default: [], reload: .byEntry,
        "DNS names or URIs of client certificates of those who may push; needs `http.client-ca-file`")
    let paths = Setting(
        "paths", optional: .globs, absent: "required for `file`", reload: .byEntry,
        "Files or globs (`*`, `?`, `[…]`, `{a,b}`) that are followed")
    let exclude = Setting(
        "exclude", optional: .globs, absent: "none", reload: .byEntry,
        "Files or globs that are not followed although `paths` matches them")
    let ignoreOlder = Setting(
        "ignore-older", optional: .duration(.minutes(1) ... .days(36_500)), absent: "none", reload: .byEntry,
        """
        A file that was last changed so long ago and was never read isn't opened. One that is changed later is read from \
        its beginning
        """)
    let oldDirectory = Setting(
        "olddir", type: .texts, default: [], reload: .byEntry,
        """
        Directories that rotation moves files to (logrotate's `olddir`), each as it is or below the directory of the \
        file: what was moved there, or copied, or compressed, is read to its end
        """)
    let readFrom = Setting(
        "read-from", type: .choice(of: StartingPoint.self), default: .beginning, reload: .byEntry,
        """
        Where a file is read from that is there at the very first start; `end` passes over what is in it. Files that \
        appear later are read from their beginning
        """)
    let whole = Setting(
        "whole", type: .flag, default: false, reload: .byEntry,
        "Whether files are complete when they appear (moved into place), so that the end of the file ends the last record"
    )
    let completeLastLineAfter = Setting(
        "complete-last-line-after", optional: .duration(.milliseconds(100) ... .days(1)), absent: "never",
        reload: .byEntry, "Idle time after which a last line without line end is taken as complete")
    let repeats = Setting(
        "repeats", optional: .choice(of: IDRepeats.self), absent: "`once`, or what the format says", reload: .byEntry,
        """
        What records of one id are to each other. `once`: one event, sent again; it counts once, and another content \
        under its id is refused (`conflicting-id`). `last`: running totals of one call; the greatest record counts, \
        whatever order they come in and however often, and what was counted before it is taken back. `sum`: parts of \
        one call, each of which counts once; their tokens are added up, and they are one call, in the minute of the \
        earliest. For how long: `deduplication.window`
        """)
    let idScope = Setting(
        "id.scope", type: .choice(of: IDScope.self), default: .source, reload: .byEntry,
        """
        Whose ids the records' ids are. `source`: this source's own. `collector`: those of all sources of this \
        collector that say so, so that a call which two of them bring counts once. `provider`: the same id at any \
        collector of the provider is the same call. One collector knows only of what came to itself, so that it does what \
        it does for `collector`: bring all records of an id to one collector
        """)
    let idParts = Setting(
        "id.parts", type: .texts, default: [], reload: .byEntry,
        """
        Endings of ids that name a part of a call, with `repeats: sum`: what stands before one is the call's id, as `c1` \
        of `c1-input` and `c1-output` with `[-input, -output]`. Without them all parts have the call's id, and are told \
        by what they say
        """)
    let content = Setting(
        "content", type: .choice(of: Content.self), default: .appended, reload: .byEntry,
        """
        `appended`: files grow, and what is in them stays. `replaced`: files are exports that are written anew with all \
        that they are to say, such as the month to date; what was counted of a version is taken back when the next one is \
        counted
        """)
    let settlesAfter = Setting(
        "settles-after", type: .duration(.milliseconds(100) ... .days(1)), default: .seconds(10), reload: .byEntry,
        "With `content: replaced`: how long a file must not have changed before it is read as a version")
    let nextPeriod = Setting(
        "next-period", type: .choice(of: ExportRule.NextPeriod.self), default: .hold, reload: .byEntry,
        """
        With `content: replaced`: what a version is that begins after everything that the one before it held, and at least \
        half a day after that one's beginning. `count`: the export of the next period, and what was counted stays; \
        `replace`: a version as every other; `hold`: it isn't counted until somebody has said which
        """)
    let wrapping = Setting(
        "wrapping", type: .texts, default: [], reload: .byEntry,
        "What is taken off before records are read, the outermost first: "
            + Wrapping.allCases.map { "`\($0.rawValue)` for \($0.summary)" }.joined(separator: "; "))
    let escape = Setting(
        "escape", optional: .choice(["nginx"]), absent: "none", reload: .byEntry,
        "How another program escaped the records: the same as `nginx-escapes` as the innermost wrapping of lines")
    let format = Setting(
        "format", type: .choice(SourceFormatRegistry.formats.map { $0.name }),
        default: SourceFormatRegistry.defaultName,
        reload: .byEntry, "What records look like")
    /// What holds for records that don't say it.
    let defaults: [Setting<String?>] = EventField.all(for: .byDefault).map { field in
        let isTheCollectors = field != .tenant && field != .model
        return Setting(
            field.name, optional: SourceKeys.type(of: field), absent: isTheCollectors ? "the collector's" : "none",
            reload: .byEntry, "For records that name none: \(field.properties.noun)")
    }
    let database = DatabaseKeys()
    let formats = FormatKeys()

    enum Kind: String, CaseIterable, Sendable { case file, http, database }

    enum Content: String, CaseIterable, Sendable { case appended, replaced }

    enum StartingPoint: String, CaseIterable, Sendable { case beginning, end }

    /// The settings of all formats.
    struct FormatKeys: SettingKeys {
        let all: [any AnySetting] = SourceFormatRegistry.settings.map(SourceKeys.setting)
    }

    private static func type(of field: EventField) -> SettingType<String> {
        if case .word(let words) = field.properties.kind { .choice(words) } else { .text }
    }

    /// A setting that its format requires is optional here: other sources don't have it.
    private static func setting(_ declared: SourceSetting) -> any AnySetting {
        func optional<Value>(_ type: SettingType<Value>) -> any AnySetting {
            Setting(
                declared.name, optional: type, absent: absent(declared.presence), reload: .byEntry, declared.summary)
        }
        return switch declared.kind {
        case .text: optional(.text)
        case .texts: optional(.texts)
        case .word(let words): optional(.choice(words))
        case .flag: optional(.flag)
        case .integer(let range): optional(.count(Int(range.lowerBound)...Int(range.upperBound), of: "whole number"))
        }
    }

    private static func absent(_ presence: SourceSetting.Presence) -> String {
        switch presence {
        case .required: "required"
        case .optional, .byDefault([]): "none"
        case .inherited(let setting, _): "the collector's `\(setting)`"
        case .byDefault(let texts): texts.map { "`\($0)`" }.joined(separator: ", ")
        }
    }
}
