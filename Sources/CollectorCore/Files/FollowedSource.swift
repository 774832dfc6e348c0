package import SourceFormats
package import UsageModel

/// A source whose events stand in files.
package struct FollowedSource: Sendable {
    package var name: String
    /// How its records are read; `nil` where the settings can't work, which they were checked for.
    package var plan: SourcePlan?
    /// Patterns of paths.
    package var globs: [String]
    /// Patterns of paths that aren't followed although ``globs`` match them.
    package var excluded: [String]
    /// Directories that rotation moves files to.
    package var rotatedDirectories: [String]
    /// A file that wasn't changed for as long and was never read isn't followed; `nil` for none.
    package var ignoredAge: Duration?
    /// Whether files that are there at the very first start are read from their end.
    package var startsAtEnd: Bool
    /// Whether a file's last record ends with the file.
    package var isWhole: Bool
    /// After how long without growth a last line is taken that has no line end; `nil` for never.
    package var completeLastLineAfter: Duration?
    /// How the ids of its records are understood.
    package var ids: IDRules
    /// For files that are written anew with all that they are to say; `nil` for those that grow.
    package var exports: ExportRule?

    package init(
        name: String, format: any SourceFormat, wrappings: [Wrapping] = [], defaults: EventDefaults, globs: [String],
        excluded: [String] = [], rotatedDirectories: [String] = [], ignoredAge: Duration? = nil,
        startsAtEnd: Bool = false,
        isWhole: Bool = false, completeLastLineAfter: Duration? = nil, ids: IDRules = IDRules(),
        exports: ExportRule? = nil
    ) {
        self.name = name
        plan = try? SourcePlan(format, in: wrappings, defaults: defaults, framing: .stream)
        self.globs = globs
        self.excluded = excluded
        self.rotatedDirectories = rotatedDirectories
        self.ignoredAge = ignoredAge
        self.startsAtEnd = startsAtEnd
        self.isWhole = isWhole
        self.completeLastLineAfter = completeLastLineAfter
        self.ids = ids
        self.exports = exports
    }
}
