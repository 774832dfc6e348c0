internal import APIModel
internal import HTTPSupport
internal import HTTPTypes
internal import Hummingbird
internal import Postgres
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

/// Export, history and import of facts: of the tenant registry under `/v1/tenants`, of every other kind under
/// `/v1/facts/{kind}`.
struct FactHandlers: Sendable {
    private let dependencies: QueryDependencies
    private var store: Store { dependencies.store }
    private let catalogue: ScopeCatalogue
    private let clock: any WallClock
    /// The kind of all requests; `nil` where the path names it.
    private let fixedKind: FactKind?

    init(_ dependencies: QueryDependencies, kind: FactKind?) {
        self.dependencies = dependencies
        catalogue = dependencies.scopes
        clock = dependencies.clock
        fixedKind = kind
    }

    private var now: Timestamp { Timestamp(milliseconds: clock.nowMilliseconds()) }

    /// `GET …`: what holds, or was known to at a moment.
    @Sendable func export(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        let question = try FactQuestion(kind(context), asked: request, by: caller)
        let format = try request.format([.json, .csv])
        switch format {
        case .json:
            let answer = try await json(of: question, caller: caller)
            try await store.noteExport("\(question.kind.rawValue).json", of: answer, by: caller, now: now)
            return APIResponse(answer, as: .json)
        case .csv:
            let name = "\(question.kind.rawValue).csv"
            let answer = try await csv(of: question, caller: caller)
            try await store.noteExport(name, of: answer, by: caller, now: now)
            return APIResponse(answer, as: .csv).file(name)
        }
    }

    private func json(of question: FactQuestion, caller: TokenRecord) async throws -> StoredAnswer {
        let (now, makeWriter) = (now, dependencies.answerWriter(isHashed: true))
        return try await dependencies.questions(of: caller).snapshot { session in
            let head = FactsResponse {
                $0.kind = question.kind.rawValue
                $0.asKnownAt = Moment(question.knownAt ?? now)
            }
            var encoder = try RowEncoder(json: head, to: makeWriter())
            try session.forEachFact(
                question.kind, where: question.keys, knownAt: question.knownAt, visibility: caller.visibility,
                maxRows: APILimits.maxFactRows
            ) { try encoder.append(FactRow($0)) }
            return try encoder.finish()
        }
    }

    private func csv(of question: FactQuestion, caller: TokenRecord) async throws -> StoredAnswer {
        let makeWriter = dependencies.answerWriter(isHashed: true)
        return try await dependencies.questions(of: caller).snapshot { session in
            let writer = makeWriter()
            var file = FactFile.versionWriter(question.kind)
            try session.forEachFact(
                question.kind, where: question.keys, knownAt: question.knownAt, visibility: caller.visibility,
                maxRows: APILimits.maxFactRows
            ) { version in
                FactFile.append(version, to: &file)
                try writer.append(&file)
            }
            try writer.append(&file, isComplete: true)
            return try writer.finish()
        }
    }

    /// `GET …/history`: everything that was ever recorded, newest first.
    @Sendable func history(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        let question = try FactQuestion(kind(context), asked: request, by: caller)
        _ = try request.format([.json])
        if question.kind == .tenants, question.keys["tenant"] == nil {
            throw Problem.badParameter("tenant", detail: "is needed: the tenant's name")
        }
        let makeWriter = dependencies.answerWriter()
        let answer = try await dependencies.questions(of: caller).snapshot { session in
            let head = FactHistoryResponse { $0.kind = question.kind.rawValue }
            var encoder = try RowEncoder(json: head, to: makeWriter())
            try session.forEachFactVersion(
                question.kind, where: question.keys, knownAt: question.knownAt, visibility: caller.visibility,
                maxRows: APILimits.maxFactRows
            ) { try encoder.append(FactRow($0)) }
            return try encoder.finish()
        }
        return APIResponse(answer, as: .json)
    }

    /// `POST …`: a CSV file, all of it or none; with `preview`, what it would change.
    @Sendable func `import`(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        let kind = try kind(context)
        let preview = try PreviewQuestion(try request.parameters(PreviewQuestion.parameters), catalogue: catalogue)
        guard request.mediaType == AnswerFormat.csv.rawValue else {
            throw Problem.unsupportedMediaType("Facts are imported as Content-Type: text/csv.")
        }
        let bytes = try await request.boundedBody(limitBytes: APILimits.maxFactsBodyBytes)
        let records: [FactRecord]
        do throws(FileProblems) {
            records = try FactFile.parse(bytes, kind: kind, file: "body")
        } catch {
            throw Problem.refused(error, code: "invalid-facts", title: "The facts were refused")
        }
        let (now, actor) = (now, caller.actor)
        if let preview {
            let seen = try await store.previewImport(
                of: records, kind: kind, by: actor, now: now, question: preview.question)
            return .json(
                ImportedFactsResponse(kind, seen.change, count: records.count) {
                    $0.preview = true
                    $0.effect = PreviewEffect(seen.effect)
                })
        }
        let origin = AuditEntry.file(bytes, of: caller)
        let change = try await store.transaction(retry: .imports) {
            try $0.importFacts(records, kind: kind, by: actor, origin: origin, now: now)
        }
        return .json(ImportedFactsResponse(kind, change, count: records.count))
    }

    private func kind(_ context: QueryContext) throws(Problem) -> FactKind {
        if let fixedKind { return fixedKind }
        let name = context.parameters.get("kind") ?? ""
        guard let kind = FactKind.marketKinds.first(where: { $0.rawValue == name }) else {
            let known = FactKind.marketKinds.map(\.rawValue)
            throw Problem(
                status: 404, code: "unknown-fact-kind", title: "There is no such kind of facts",
                detail: "\"\(name.prefix(64))\" is not one of \(known.joined(separator: ", ")).",
                extensions: [
                    JSONMember("parameter", "kind"), JSONMember("allowed", .array(known.map { .string($0) })),
                ])
        }
        return kind
    }
}

/// Which facts of a kind are asked for, and as known when.
private struct FactQuestion: Sendable {
    var kind: FactKind
    /// Cells of key columns that the facts must have.
    var keys: [String: String] = [:]
    /// `nil` for now.
    var knownAt: Timestamp?

    init(_ kind: FactKind, asked request: Request, by caller: TokenRecord) throws {
        self.kind = kind
        let columns = kind.definition.subjectColumns.filter { $0.role == .key }
        let parameters = try request.parameters(columns.map(\.parameter) + ["as-known-at"])
        for column in columns { keys[column.name] = parameters[column.parameter] }
        try caller.checkProviders(keys["provider"].map { [$0] })
        knownAt = try parameters.knownAt()
    }
}

extension FactColumn {
    /// The column's name as parameters are written.
    fileprivate var parameter: String { name.replacing("_", with: "-") }
}

extension FactRow {
    fileprivate init(_ version: FactVersion) {
        self.init()
        cells = version.record.kind.definition.columns.map { column in
            let text = version.record[column.name]
            return NamedText(column.name, text.isEmpty ? nil : text)
        }
        recordedAt = Moment(version.recordedAt)
        recordedBy = version.recordedBy
        supersededAt = version.supersededAt.map { Moment($0) }
    }
}

extension ImportedFactsResponse {
    fileprivate init(
        _ kind: FactKind, _ change: FactChange, count: Int, completed: (inout Self) -> Void = { _ in }
    ) {
        self.init()
        self.kind = kind.rawValue
        records = count
        counts = ImportCounts {
            $0.recorded = change.recorded
            $0.unchanged = change.unchanged
            $0.superseded = change.superseded
            $0.split = change.split
        }
        if kind == .tenants { newTenants = change.newTenants }
        recordedAt = Moment(change.recordedAt)
        completed(&self)
    }
}

extension Problem {
    /// 422 with every mistake of a file and its line.
    static func refused(_ problems: FileProblems, code: String, title: String) -> Problem {
        let listed = problems.problems.prefix(FileProblems.maxListed).map { problem -> JSONValue in
            [
                "line": .integer(Int64(problem.line)), "field": .optional(problem.field),
                "message": .string(problem.message),
            ]
        }
        let count = problems.problems.count
        return Problem(
            status: 422, code: code, title: title,
            detail: "The file has \(count) \(count == 1 ? "mistake" : "mistakes"); none of it was applied.",
            extensions: [
                JSONMember("errors", .array(listed)),
                JSONMember("error_count", .integer(Int64(count))),
            ])
    }
}
