internal import APIModel
internal import ArgumentParser
internal import Scopes
internal import TextFormats

/// What every question to the server has: where it is asked, and how the answer is written.
struct QuestionOptions: ParsableArguments {
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    /// Asks, and writes the answer: as it came for programs, through `table` for people.
    func ask<Value: APITable>(
        _ path: String, _ query: [(String, String?)], as type: Value.Type,
        table: @Sendable (Value, Figures) -> String
    ) async throws {
        let output = output
        try await APIClient.with(connection) { client in
            let response = try await Waiting.for("asking") {
                try await client.get(path, query, accept: output.format.accept)
            }
            try output.write(response, as: type) { table($0, output.figures) }
        }
    }

    /// The same of each scope; the answers of several come below each other, all with what the first one knew.
    func ask<Value: ScopeAnswer & APITable>(
        _ path: String, under scopes: [String], _ query: [(String, String?)], knowledge: KnowledgeOptions,
        as type: Value.Type, table: @Sendable (Value, Figures) -> String
    ) async throws {
        let output = output
        try await APIClient.with(connection) { client in
            var answers: [Value] = []
            for scope in scopes {
                let question = query + knowledge.query(asOf: answers.first?.asKnownAt.text) + [("scope", scope)]
                let response = try await Waiting.for("asking") {
                    try await client.get(path, question, accept: output.format.accept)
                }
                if scopes.count == 1 {
                    return try output.write(response, as: type) { table($0, output.figures) }
                }
                answers.append(try response.decoded(type))
            }
            Terminal.out(answers.map { table($0, output.figures) }.joined(separator: "\n"))
            try ReceivedResponse.requireRows(answers.contains { $0.csv.hasRecords })
        }
    }
}

/// An answer under one scope.
protocol ScopeAnswer: APIObject {
    /// Up to which moment what was recorded is taken into account.
    var asKnownAt: Moment { get }
}

extension TrendResponse: ScopeAnswer {}
extension GrowthResponse: ScopeAnswer {}
extension ConcentrationResponse: ScopeAnswer {}

/// What one `--scope` of a command that takes several names: a scope, or several with commas between them.
struct ScopeIDs: ExpressibleByArgument, Sendable {
    var ids: [String]

    init?(argument: String) {
        ids = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard !ids.contains("") else { return nil }
    }
}

extension [ScopeIDs] {
    /// The scopes that all of them name, each once.
    func checked() throws(ValidationError) -> [String] {
        let all = flatMap(\.ids)
        guard Set(all).count == all.count else { throw ValidationError("A scope is named twice.") }
        return all
    }

    /// The same for a question that is asked of one scope at a time, whose answers stand together only in tables; the
    /// default one where none is named.
    func checked(for format: OutputFormat) throws(ValidationError) -> [String] {
        let named = try checked()
        guard named.count < 2 || format == .table else {
            throw ValidationError("Ask for one --scope at a time with --format \(format.rawValue).")
        }
        return named.isEmpty ? [ShareCommand.defaultScope] : named
    }
}

/// Words that several tables of answers have.
enum AnswerText {
    /// What the whole is divided among, as a column's title.
    static func entity(_ word: String, _ figures: Figures) -> String {
        figures.words(Dimension.heading(of: word))
    }

    /// How many there are of it, as a column's title.
    static func entities(_ word: String, _ figures: Figures) -> String {
        switch word {
        case "model": figures.words("Models", "模型数")
        case "family": figures.words("Families", "模型系列数")
        case "developer": figures.words("Developers", "模型开发方数")
        default: figures.words("Providers", "云厂商数")
        }
    }

    static func heading(_ scope: ScopeName, _ figures: Figures) -> String {
        let title = figures.words(scope.title)
        return "\(scope.id) v\(scope.version): \(title)".printable + "\n"
    }

    /// Why something is short or has no answer. The server says it in English, with its figures, and in a stable word,
    /// which `chinese` is the meaning of where it is known.
    static func reason(_ english: String, chinese: String?, _ figures: Figures) -> String {
        figures.words(english, chinese.map { "\($0)（\(english)）" } ?? english)
    }

    /// The row of all entities together.
    static func total(_ figures: Figures) -> String { figures.words("Total", "合计") }

    static func footer(_ span: String, position: Int?, asKnownAt: Moment?, _ figures: Figures) -> String {
        let known = asKnownAt.map {
            figures.words(", facts as known at \($0)", "，事实认定截至 \($0)")
        }
        let counted = position.map {
            figures.words(", counted up to ledger position \($0)", "，统计至标记 \($0)")
        }
        return span + (counted ?? "") + (known ?? "") + "\n"
    }

    /// A line on what is counted under `(over-limit)`, for tables without a column of it; empty where nothing is.
    static func overLimit(_ overLimit: OverLimitAmount, under scope: ScopeName, _ figures: Figures) -> String {
        guard OverLimitAmount.columns[\.amount].isPresent?(overLimit) ?? true else { return "" }
        let (amount, percent) = (figures.count(overLimit.amount), figures.percent(overLimit.percent))
        return figures.words(
            "\(scope.id): \(amount) (\(percent)) counted under (over-limit), beyond a day's budget of new names",
            "\(scope.id)：\(amount)（\(percent)）计入 (over-limit)，即超出每日新名称限额的用量"
        ).printable + "\n"
    }

    /// A line on what is somebody's estimate, for tables without a column of it; empty where nothing is.
    static func estimated(_ estimated: EstimatedAmount, under scope: ScopeName, _ figures: Figures) -> String {
        guard EstimatedAmount.columns[\.amount].isPresent?(estimated) ?? true else { return "" }
        let (amount, percent) = (figures.count(estimated.amount), figures.percent(estimated.percent))
        return figures.words(
            "\(scope.id): \(amount) (\(percent)) of what is counted is estimated",
            "\(scope.id)：计入量中 \(amount)（\(percent)）为估算值"
        ).printable + "\n"
    }

    /// A line on figures below 0; empty where there are none.
    static func negative(_ warning: LocalizedText?, under scope: ScopeName, _ figures: Figures) -> String {
        warning.map { ("\(scope.id)" + figures.words(": ", "：") + figures.words($0)).printable + "\n" } ?? ""
    }

    /// An amount with its thousands separated, its sign kept.
    static func change(_ text: String?, _ figures: Figures) -> String {
        guard let text else { return "–" }
        let sign = text.prefix { $0 == "+" || $0 == "-" }
        return sign + figures.count(String(text.dropFirst(sign.count)))
    }
}
