internal import Usage

extension Scope {
    /// The definition in one fixed spelling, whatever the file's order, spacing and comments: two files with the same
    /// canonical form mean the same. Lines of `key=value` in a fixed order; sets are sorted; `all` stands for no filter.
    package var canonicalForm: String {
        let lines = [
            "id=\(id)", "version=\(version)", "measure=\(measure.rawValue)",
            "filters.kinds=\(Self.words(filters.kinds?.map(\.name)))",
            "filters.layers=\(Self.words(filters.layers?.map(\.name)))",
            "filters.workloads=\(Self.words(filters.workloads?.map(\.name)))",
            "filters.modalities=\(Self.words(filters.modalities?.map(\.name)))",
            "filters.regions=\(Self.words(filters.regions?.map(\.text)))",
            "entity=\(entity.rawValue)", "aggregate=\(aggregate.rawValue)", "zone=\(zone)",
            "denominator=\(denominator.rawValue)", "precision=\(precision)",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func words(_ names: [String]?) -> String {
        names.map { $0.sorted().joined(separator: ",") } ?? "all"
    }
}
