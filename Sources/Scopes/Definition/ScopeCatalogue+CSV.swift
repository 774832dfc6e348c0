package import TextFormats

extension ScopeCatalogue {
    /// Whether an id is that of a scope which comes with Steelyard.
    package static func isBuiltIn(_ id: String) -> Bool { builtInNames.contains(id) }

    /// The scopes as a table, one row each, by id. `needs` lists the facts beside the counted usage and `imports` the kinds
    /// of files that they come in, parted by blanks.
    package var csv: CSVWriter {
        var writer = CSVWriter(header: [
            "id", "version", "sha256", "built_in", "measure", "currency", "aggregate", "entity", "zone", "needs",
            "imports", "title_en", "title_zh", "citation",
        ])
        for scope in scopes {
            writer.append([
                .text(scope.id), .count(scope.version), .text(scope.digest),
                .text(Self.isBuiltIn(scope.id) ? "true" : "false"), .text(scope.measure.rawValue),
                .text(scope.currency ?? ""), .text(scope.aggregate.rawValue), .text(scope.entity.rawValue),
                .text(scope.zone), .text(scope.requiredFacts.map(\.rawValue).joined(separator: " ")),
                .text(scope.imports.map(\.rawValue).joined(separator: " ")), .text(scope.title.en),
                .text(scope.title.zh), .text(scope.citation),
            ])
        }
        return writer
    }
}
