internal import ArgumentParser
internal import Scopes

/// `steelyard facts`: what scopes need beside tokens.
struct FactsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "facts", abstract: "Facts beside tokens: catalogues, revenue, tenders, prices, published totals.",
        discussion: "Kinds: \(MarketKind.allValueStrings.joined(separator: ", ")).",
        subcommands: [Import.self, Export.self, History.self])

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Import facts from a CSV: all of them, or none with every mistake and its line.",
            discussion:
                "Example: steelyard facts import prices prices.csv --preview --scope omdia-ai-cloud --period 2025-H1")

        @Argument(help: ArgumentHelp("Kind of facts.", valueName: "KIND"))
        var kind: MarketKind

        @OptionGroup var options: FactImportOptions

        func run() async throws { try await options.run(kind.kind) }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Export what holds, as a CSV that can be imported again.")

        @Argument(help: ArgumentHelp("Kind of facts.", valueName: "KIND"))
        var kind: MarketKind

        @OptionGroup var keys: KeyOptions
        @OptionGroup var options: FactExportOptions

        func run() async throws { try await options.run(kind.kind, where: try keys.pairs(of: kind.kind)) }
    }

    struct History: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Everything that was ever recorded of facts of a kind, newest first.",
            discussion: "Example: steelyard facts history prices --key provider=volcengine --key model=doubao-pro")

        @Argument(help: ArgumentHelp("Kind of facts.", valueName: "KIND"))
        var kind: MarketKind

        @OptionGroup var keys: KeyOptions
        @OptionGroup var options: FactHistoryOptions

        func run() async throws { try await options.run(kind.kind, where: try keys.pairs(of: kind.kind)) }
    }
}

/// A kind of facts that `facts` takes: the registry has a command of its own.
struct MarketKind: ExpressibleByArgument {
    let kind: FactKind

    init?(argument: String) {
        guard let kind = FactKind.marketKinds.first(where: { $0.rawValue == argument }) else { return nil }
        self.kind = kind
    }

    static var allValueStrings: [String] { FactKind.marketKinds.map(\.rawValue) }
}

/// Which facts of a kind are meant, by the columns that say what they are about.
struct KeyOptions: ParsableArguments {
    @Option(
        name: .customLong("key"),
        help: ArgumentHelp(
            "Only facts whose key column has this value, such as provider=aliyun; may be repeated.",
            valueName: "COLUMN=VALUE"))
    var keys: [String] = []

    func pairs(of kind: FactKind) throws(ValidationError) -> [(String, String?)] {
        let columns = kind.definition.subjectColumns.filter { $0.role == .key }.map(\.name)
        var pairs: [(String, String?)] = []
        for key in keys {
            let parts = key.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, columns.contains(parts[0]), !parts[1].isEmpty else {
                throw ValidationError(
                    "--key takes COLUMN=VALUE with one of the columns \(columns.joined(separator: ", ")).")
            }
            guard !pairs.contains(where: { $0.0 == parts[0] }) else {
                throw ValidationError("--key gives \(parts[0]) twice.")
            }
            pairs.append((parts[0], parts[1]))
        }
        return pairs
    }
}
