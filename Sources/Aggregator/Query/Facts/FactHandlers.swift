internal import APIModel
internal import HTTPTypes
internal import Hummingbird
internal import Postgres
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

/// Export and import of the facts beside tokens.
struct FactHandlers: Sendable {
    private let store: Store
    private let catalogue: ScopeCatalogue
    private let clock: any WallClock

    init(_ dependencies: QueryDependencies) {
        store = dependencies.store
        catalogue = dependencies.scopes
        clock = dependencies.clock
    }

    /// `GET /v1/facts/{kind}`.
    @Sendable func export(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws
        -> APIResponse
    {
        let kind = try Self.kind(context)
        let parameters = try request.parameters(["as-known-at"])
        let format = try request.format([.json, .csv])
        let knownAt = try parameters.knownAt()
        let facts = try await store.exportFacts(kind, knownAt: knownAt, visibility: caller.visibility)
        switch format {
        case .json:
            let asked = knownAt ?? Timestamp(milliseconds: clock.nowMilliseconds())
            return .json(
                FactsResponse {
                    $0.kind = kind.rawValue
                    $0.asKnownAt = Moment(asked)
                    $0.facts = facts.map { FactRow($0) }
                })
        case .csv:
            let recorded = facts.map {
                RecordedFact(
                    record: $0.record, recordedAt: RFC3339.text($0.recordedAt), recordedBy: $0.recordedBy)
            }
            let text = FactFile.emit(recorded: recorded, kind: kind)
            return APIResponse(contentType: AnswerFormat.csv.contentType, body: Array(text.utf8)).file(
                "\(kind.rawValue).csv")
        }
    }

    /// `POST /v1/facts/{kind}`: a CSV file, all of it or none; with `preview`, what it would change.
    @Sendable func `import`(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws
        -> APIResponse
    {
        let kind = try Self.kind(context)
        let preview = try PreviewQuestion(try request.parameters(PreviewQuestion.parameters), catalogue: catalogue)
        guard request.mediaType == AnswerFormat.csv.rawValue else {
            throw Problem.unsupportedMediaType("Facts are imported as Content-Type: text/csv.")
        }
        let bytes = try await request.boundedBody(limitBytes: APILimits.maxRegistryBodyBytes)
        let records: [FactRecord]
        do throws(FileProblems) {
            records = try FactFile.parse(bytes, kind: kind, file: "body")
        } catch {
            throw Problem.refused(error, code: "invalid-facts", title: "The facts were refused")
        }
        let now = Timestamp(milliseconds: clock.nowMilliseconds())
        let actor = "token \(caller.id)"
        if let preview {
            let seen = try await store.previewFacts(
                records, kind: kind, by: actor, now: now, question: preview.question)
            return .json(
                ImportedFactsResponse(kind, seen.change, count: records.count) {
                    $0.preview = true
                    $0.effect = PreviewEffect(seen.effect)
                })
        }
        let change = try await store.importFacts(records, kind: kind, by: actor, now: now)
        return .json(ImportedFactsResponse(kind, change, count: records.count))
    }

    private static func kind(_ context: QueryContext) throws(Problem) -> FactKind {
        let name = context.parameters.get("kind") ?? ""
        guard let kind = FactKind(rawValue: name) else {
            let known = FactKind.allCases.map(\.rawValue)
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

extension FactRow {
    fileprivate init(_ fact: StoredFact) {
        self.init()
        cells = fact.record.kind.columns.map { column in
            let text = fact.record[column.name]
            return NamedText(column.name, text.isEmpty ? nil : text)
        }
        recordedAt = Moment(fact.recordedAt)
        recordedBy = fact.recordedBy
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
            $0.asserted = Int(change.asserted)
            $0.unchanged = Int(change.unchanged)
            $0.superseded = Int(change.superseded)
            $0.remainders = Int(change.remainders)
        }
        recordedAt = Moment(change.recordedAt)
        completed(&self)
    }
}
