internal import Crypto
internal import UsageModel

extension Scope {
    /// The definition in one fixed spelling, whatever the file's order, spacing and comments: two files with the same
    /// canonical form mean the same. Lines of `key=value` in a fixed order; sets are sorted; `all` stands for no filter.
    ///
    /// Keys that were added to scope files later stand at the end, and only where they say something, so that the form of
    /// a scope that doesn't use them never changes. Title and citation mean nothing to a figure and are left out.
    package var canonicalForm: String {
        var lines = [
            "id=\(id)", "version=\(version)", "measure=\(measure.rawValue)",
            "filters.kinds=\(Self.words(filters.kinds?.map(\.name)))",
            "filters.layers=\(Self.words(filters.layers?.map(\.name)))",
            "filters.workloads=\(Self.words(filters.workloads?.map(\.name)))",
            "filters.modalities=\(Self.words(filters.modalities?.map(\.name)))",
            "filters.regions=\(Self.words(filters.regions?.map(\.text)))",
            "entity=\(entity.rawValue)", "aggregate=\(aggregate.rawValue)", "zone=\(zone)",
            "denominator=\(denominator.name)", "precision=\(precision)",
        ]
        func add(_ key: String, _ names: [String]?) {
            if let names { lines.append("\(key)=\(Self.words(names))") }
        }
        add("filters.providers", filters.providers.map(Array.init))
        add("filters.markets", filters.markets?.map(\.rawValue))
        add("filters.models", filters.models?.map(\.text))
        add("filters.origins", filters.origins?.map(\.rawValue))
        add("additions", additions.isEmpty ? nil : additions.map(\.rawValue))
        add("currency", currency.map { [$0] })
        add("top", top.map { [String($0)] })
        return lines.joined(separator: "\n") + "\n"
    }

    /// SHA-256 of ``canonicalForm``, as 64 lower-case hexadecimal digits: what a figure carries beside id and version, so
    /// that two installations can tell whether they counted by the same definition.
    package var digest: String {
        Hexadecimal.text(SHA256.hash(data: Array(canonicalForm.utf8)))
    }

    private static func words(_ names: [String]?) -> String {
        names.map { $0.sorted().map(CanonicalText.escaped).joined(separator: ",") } ?? "all"
    }
}
