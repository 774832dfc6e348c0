package import CollectorCore
internal import Settings
package import SourceFormats
package import UsageModel

/// One entry of `sources`.
package struct SourceSettings: Sendable {
    package struct Files: Sendable, Equatable {
        package var globs: [String]
        /// Patterns of paths that aren't followed although ``globs`` match them.
        package var excluded: [String]
        /// Directories that rotation moves files to.
        package var rotatedDirectories: [String]
        /// A file that wasn't changed for as long and was never read isn't followed; `nil` for none.
        package var ignoredAge: Duration?
        /// Whether files that are there at the very first start are read from their end.
        package var startsAtEnd: Bool
        package var isWhole: Bool
        package var completeLastLineAfter: Duration?
        /// For files that are written anew with all that they are to say; `nil` for those that grow.
        package var exports: ExportRule?
    }

    package enum Kind: Sendable, Equatable {
        case file(Files)
        case http
        case database(Database)
    }

    package var name: String
    package var kind: Kind
    /// What is taken off before records are read, the outermost first.
    package var wrappings: [Wrapping]
    package var format: any SourceFormat
    package var defaults: EventDefaults
    /// How the ids of its records are understood.
    package var ids = IDRules()
    /// Who may push; empty for a source that isn't pushed to.
    package var access = PushAccess()
    /// What it has from the collector's settings and somebody should know, sentence by sentence.
    package var notes: [String] = []

    /// Whether what comes over gRPC may be for it.
    var takesGRPC: Bool { kind == .http && type(of: format).name == OTLPFormat.name }

    /// Reads the entry; on a problem it is added to `problems` and the answer is `nil`.
    static func read(
        _ entry: ResolvedSettings<SourceKeys>, of program: ResolvedSettings<CollectorKeys>, defaults: EventDefaults,
        _ problems: inout [SettingsProblem]
    ) -> SourceSettings? {
        let before = problems.count
        guard NameRule.isIdentifier(entry.name, maxBytes: 64) else {
            problems.append(
                entry.problem(
                    "\"\(entry.name)\" can't name a source",
                    remedy: "use lower-case letters, digits and inner hyphens, at most 64"))
            return nil
        }
        let kind = readKind(entry, &problems)
        let reader = SourceFormatReader(entry: entry, program: program)
        let format = reader.readFormat(&problems)
        let own = reader.readDefaults(defaults, &problems)
        let ids = readIDs(entry, of: program, &problems)
        guard problems.count == before, let kind, let format else { return nil }
        let wrappings: [Wrapping]
        do throws(SourceFormatError) {
            wrappings = try readWrappings(entry)
            _ = try SourcePlan(format, in: wrappings, defaults: own, framing: .stream)
        } catch {
            // What a source has from the collector is told of once.
            let problem = reader.problem(error)
            if !problems.contains(problem) { problems.append(problem) }
            return nil
        }
        return SourceSettings(
            name: entry.name, kind: kind, wrappings: wrappings, format: format, defaults: own, ids: ids,
            access: PushAccess(tokenFiles: entry[\.tokenFiles], clientNames: entry[\.clientNames]),
            notes: reader.notes())
    }

    private static func readIDs(
        _ entry: ResolvedSettings<SourceKeys>, of program: ResolvedSettings<CollectorKeys>,
        _ problems: inout [SettingsProblem]
    ) -> IDRules {
        let keys = entry.keys
        let said = SourceFormatRegistry.format(named: entry[\.format])?.repeats ?? .once
        let rules = IDRules(scope: entry[\.idScope], repeats: entry[\.repeats] ?? said, parts: entry[\.idParts])
        let horizon = program.keys.deduplication.horizon
        if entry[keys.content] == .replaced || entry[keys.type] == .database { refuseIDs(rules, entry, &problems) }
        if rules.repeats != .once, program[horizon] == .zero || program[program.keys.deduplication.maxIDs] == 0 {
            let place: any AnySetting = entry.isGiven(keys.repeats) ? keys.repeats : keys.format
            problems.append(
                entry.problem(
                    at: place,
                    "repeats: \(rules.repeats.rawValue) needs ids that are remembered",
                    remedy: "give \(horizon.path), or set \(entry.path(of: keys.repeats)): once"))
        }
        guard !rules.parts.isEmpty else { return rules }
        if rules.repeats != .sum {
            problems.append(
                entry.problem(
                    at: keys.idParts, "is for \(keys.repeats.path): sum",
                    remedy: "remove it, or set \(entry.path(of: keys.repeats)): sum"))
        }
        if rules.parts.contains(where: { $0.utf8.count >= Limits.maxEventIDBytes }) {
            problems.append(
                entry.problem(
                    at: keys.idParts, "an ending is as long as an id may be",
                    remedy: "give endings of at most \(Limits.maxEventIDBytes - 1) bytes"))
        }
        return rules
    }

    /// Refuses what is said of ids where something else tells what was counted: versions of exports, rows of tables.
    private static func refuseIDs(
        _ rules: IDRules, _ entry: ResolvedSettings<SourceKeys>, _ problems: inout [SettingsProblem]
    ) {
        let keys = entry.keys
        let message = "is for files that grow and for what is pushed"
        if rules.repeats != .once {
            let place: any AnySetting = entry.isGiven(keys.repeats) ? keys.repeats : keys.format
            problems.append(
                entry.problem(
                    at: place, "repeats: \(rules.repeats.rawValue) \(message)",
                    remedy: "set \(entry.path(of: keys.repeats)): once"))
        }
        let others: [any AnySetting] = [keys.idScope, keys.idParts]
        for setting in others where entry.isGiven(setting) {
            problems.append(entry.problem(at: setting, message, remedy: "remove it"))
        }
    }

    private static func readWrappings(
        _ entry: ResolvedSettings<SourceKeys>
    ) throws(SourceFormatError) -> [Wrapping] {
        let keys = entry.keys
        var names = entry[keys.wrapping]
        if entry[keys.escape] != nil {
            let objects = names.last == Wrapping.objects.rawValue
            names.insert(Wrapping.nginx.rawValue, at: objects ? names.count - 1 : names.count)
        }
        return try Wrapping.read(names, setting: keys.wrapping.path)
    }

    /// Refuses settings of pushed sources in one that isn't pushed to.
    private static func refusePushSettings(
        _ entry: ResolvedSettings<SourceKeys>, _ problems: inout [SettingsProblem]
    ) {
        let keys = entry.keys
        for setting in [keys.tokenFiles, keys.clientNames] where entry.isGiven(setting) {
            problems.append(
                entry.problem(at: setting, "is for pushed sources", remedy: "remove it, or set type: http"))
        }
    }

    /// Refuses settings of followed files in a source that follows none.
    private static func refuseFileSettings(
        _ entry: ResolvedSettings<SourceKeys>, _ problems: inout [SettingsProblem]
    ) {
        let keys = entry.keys
        let fileOnly: [any AnySetting] = [
            keys.paths, keys.exclude, keys.ignoreOlder, keys.oldDirectory, keys.completeLastLineAfter, keys.readFrom,
            keys.whole, keys.content, keys.settlesAfter, keys.nextPeriod,
        ]
        for setting in fileOnly where entry.isGiven(setting) {
            problems.append(
                entry.problem(at: setting, "is for `file` sources", remedy: "remove it, or set type: file"))
        }
    }

    private static func readKind(
        _ entry: ResolvedSettings<SourceKeys>, _ problems: inout [SettingsProblem]
    ) -> Kind? {
        let keys = entry.keys
        let type = entry[keys.type]
        if type != .file { refuseFileSettings(entry, &problems) }
        if type != .http { refusePushSettings(entry, &problems) }
        if type != .database { refuseDatabaseSettings(entry, &problems) }
        switch type {
        case .http: return .http
        case .database: return readDatabase(entry, &problems)
        case .file: refuseSettingsOfOtherContent(entry, &problems)
        }
        guard let globs = entry[keys.paths] else {
            problems.append(
                entry.problem(
                    at: keys.type, "a `file` source needs paths",
                    remedy: "give \(entry.path(of: keys.paths)): one or more globs"))
            return nil
        }
        return .file(
            Files(
                globs: globs, excluded: entry[keys.exclude] ?? [], rotatedDirectories: entry[keys.oldDirectory],
                ignoredAge: entry[keys.ignoreOlder], startsAtEnd: entry[keys.readFrom] == .end,
                isWhole: entry[keys.whole],
                completeLastLineAfter: entry[keys.completeLastLineAfter],
                exports: entry[keys.content] == .replaced
                    ? ExportRule(settlesAfter: entry[keys.settlesAfter], nextPeriod: entry[keys.nextPeriod]) : nil))
    }

    /// Refuses settings of files that grow in a source whose files are replaced, and the other way round.
    private static func refuseSettingsOfOtherContent(
        _ entry: ResolvedSettings<SourceKeys>, _ problems: inout [SettingsProblem]
    ) {
        let keys = entry.keys
        let growing: [any AnySetting] = [
            keys.oldDirectory, keys.readFrom, keys.whole, keys.completeLastLineAfter,
        ]
        let replaced: [any AnySetting] = [keys.settlesAfter, keys.nextPeriod]
        let isReplaced = entry[keys.content] == .replaced
        for setting in isReplaced ? growing : replaced where entry.isGiven(setting) {
            problems.append(
                entry.problem(
                    at: setting, isReplaced ? "is for files that grow" : "is for files that are replaced",
                    remedy: "remove it, or set content: \(isReplaced ? "appended" : "replaced")"))
        }
    }
}
