internal import APIModel
internal import ArgumentParser
internal import Foundation
internal import Scopes
internal import TextFormats
internal import UsageModel

/// `steelyard scope`: what can be asked for with `--scope`, what it means, and whether a file is one.
struct ScopeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scope", abstract: "The statistical scopes of this installation: list, show, explain, lint.",
        subcommands: [List.self, Show.self, Explain.self, Lint.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The scopes that can be asked for with --scope.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var source: ScopeSourceOptions
        @OptionGroup var output: OutputOptions

        mutating func run() async throws {
            let output = output
            if let catalogue = try source.local() {
                let answer = ScopesResponse(catalogue)
                switch output.format {
                case .table: Terminal.out(ScopeTables.list(answer, figures: output.figures))
                case .json: Terminal.out(json: answer)
                case .csv: Terminal.out(answer.csv.text)
                }
                return
            }
            try await APIClient.with(connection) { client in
                let response = try await Waiting.for("asking") {
                    try await client.get("/v1/scopes", accept: output.format.accept)
                }
                try output.write(response) {
                    ScopeTables.list(try $0.decoded(ScopesResponse.self), figures: output.figures)
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A scope's whole definition.",
            discussion: """
                Examples:
                  steelyard scope show idc
                  steelyard scope show ./house.yaml
                """)

        @Argument(help: ArgumentHelp("The scope's id, or its file.", valueName: "ID|FILE"))
        var scope: String

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var source: ScopeSourceOptions
        @OptionGroup var output: OutputOptions

        mutating func validate() throws {
            if output.format == .csv { throw ValidationError("One scope comes as table or json.") }
        }

        mutating func run() async throws {
            let (output, id) = (output, scope)
            if let local = try source.local(id) {
                let scope = ScopeDefinition(local)
                switch output.format {
                case .table: Terminal.out(ScopeTables.one(scope, figures: output.figures))
                case .json, .csv: Terminal.out(json: scope)
                }
                return
            }
            try await APIClient.with(connection) { client in
                let response = try await ScopeSourceOptions.ask(client, id)
                try output.write(response) {
                    ScopeTables.one(try $0.decoded(ScopeDefinition.self), figures: output.figures)
                }
            }
        }
    }

    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What a scope counts and what it doesn't, in plain words.",
            discussion: "The paragraph is made from the definition; nobody wrote it beside it.")

        @Argument(help: ArgumentHelp("The scope's id, or its file.", valueName: "ID|FILE"))
        var scope: String

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var source: ScopeSourceOptions

        @Flag(help: "In Chinese.")
        var zh = false

        mutating func run() async throws {
            let (figures, id) = (zh ? Figures.chinese : .separated, scope)
            if let local = try source.local(id) {
                Terminal.out(ScopeTables.explanation(ScopeDefinition(local), figures: figures))
                return
            }
            try await APIClient.with(connection) { client in
                let response = try await ScopeSourceOptions.ask(client, id)
                Terminal.out(
                    ScopeTables.explanation(try response.decoded(ScopeDefinition.self), figures: figures))
            }
        }
    }

    struct Lint: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check scope files, without asking a server.",
            discussion: """
                Every mistake is named with line and key. A directory stands for its *.yaml files; the files are checked \
                against the built-in scopes and each other, because an id may exist once.
                """)

        @Argument(help: ArgumentHelp("Scope files, or directories of them.", valueName: "FILE|DIR"))
        var files: [String]

        mutating func run() async throws {
            var catalogue = try ScopeCatalogue.builtIn()
            var refusals = 0
            for file in try files.flatMap(ScopeFiles.named(_:)) {
                do throws(FileProblems) {
                    let scope = try Scope.parse(try TextFile(path: file).text, file: file, besides: catalogue)
                    catalogue = ScopeCatalogue(catalogue.scopes + [scope])
                    Terminal.out("\(file): \(scope.id) v\(scope.version), SHA-256 \(scope.digest)".printable + "\n")
                } catch {
                    Terminal.note("\(error)")
                    refusals += 1
                }
            }
            guard refusals == 0 else {
                throw CommandError(
                    .refusedInput, refusals == 1 ? "one scope file was refused" : "\(refusals) scope files were refused"
                )
            }
        }
    }
}

/// Where a command finds its scopes: on a server, or in files of this machine.
struct ScopeSourceOptions: ParsableArguments {
    @Flag(help: "Ask no server: the scopes that come with this program, and those of --directory.")
    var offline = false

    @Option(
        help: ArgumentHelp("With --offline: a directory of custom scopes beside the built-in ones.", valueName: "DIR"))
    var directory: String?

    mutating func validate() throws {
        if directory != nil && !offline { throw ValidationError("--directory goes with --offline.") }
    }

    /// The scopes of this machine, or `nil` where a server is to be asked.
    func local() throws -> ScopeCatalogue? {
        guard offline else { return nil }
        let builtIn = try ScopeCatalogue.builtIn()
        return try directory.map { try builtIn.adding(try TextFile.yamlFiles(in: $0)) } ?? builtIn
    }

    /// The scope of this machine that an argument names, or `nil` where a server is to be asked for it.
    func local(_ argument: String) throws -> Scope? {
        if ScopeFiles.isFile(argument) {
            return try Scope.parse(try TextFile(path: argument).text, file: argument)
        }
        guard let catalogue = try local() else { return nil }
        do {
            return try catalogue.scope(argument)
        } catch {
            throw CommandError(.usage, "\(error)")
        }
    }

    static func ask(_ client: APIClient, _ id: String) async throws -> ReceivedResponse {
        // Anything else is no id, and would be another path.
        guard NameRule.isIdentifier(id, maxBytes: Scope.maxIdentifierBytes) else {
            throw CommandError(.usage, "'\(id.printable)' is no scope id: see `steelyard scope list`")
        }
        return try await Waiting.for("asking") { try await client.get("/v1/scopes/\(id)") }
    }
}

/// Scope files that are named on a command line.
enum ScopeFiles {
    /// Whether an argument names a file rather than an id: ids have neither slashes nor dots.
    static func isFile(_ argument: String) -> Bool { argument.contains("/") || argument.contains(".") }

    /// The file itself, or the scope files of a directory.
    static func named(_ argument: String) throws(FileProblems) -> [String] {
        let kind = try? FileManager.default.attributesOfItem(atPath: argument)[.type] as? FileAttributeType
        guard kind == .typeDirectory else { return [argument] }
        return try TextFile.yamlPaths(in: argument)
    }
}

enum ScopeTables {
    static func list(_ answer: ScopesResponse, figures: Figures) -> String {
        let fields = ScopeDefinition.columns
        var table = AnswerTable<ScopeDefinition>(figures)
        table.add([fields[\.id], fields[\.version], fields[\.measure], fields[\.aggregate], fields[\.entity]])
        table.add(.text(figures.words("Title", "名称"))) { figures.words($0.title) }
        table.add([fields[\.imports]])
        return table.rendered(answer.scopes)
    }

    /// The definition, a line for each key; what isn't limited says `all`.
    static func one(_ scope: ScopeDefinition, figures: Figures) -> String {
        var table = TextTable([.text(figures.words("Key", "项")), .text(figures.words("Value", "值"))])
        func add(_ key: String, value: String) { table.append([key, value]) }
        add("id", value: scope.id)
        add("version", value: String(scope.version))
        add("sha256", value: scope.sha256.text)
        add("title", value: figures.words(scope.title))
        add("citation", value: scope.citation)
        add("measure", value: [scope.measure, scope.currency].compactMap { $0 }.joined(separator: ", "))
        for key in ScopeFilterNames.keys {
            add("filters.\(key)", value: scope.filters[key]?.joined(separator: ", ") ?? "all")
        }
        if !scope.additions.isEmpty { add("additions", value: scope.additions.joined(separator: ", ")) }
        add("entity", value: scope.entity)
        if let top = scope.top { add("top", value: String(top)) }
        add("aggregate", value: scope.aggregate)
        add("zone", value: scope.zone)
        add("denominator", value: scope.denominator)
        add("precision", value: String(scope.precision))
        if !scope.needs.isEmpty { add("needs", value: scope.needs.joined(separator: ", ")) }
        if !scope.imports.isEmpty { add("imports", value: scope.imports.joined(separator: ", ")) }
        return table.rendered()
    }

    static func explanation(_ scope: ScopeDefinition, figures: Figures) -> String {
        figures.words(scope.explanation).printable + "\n"
    }
}
