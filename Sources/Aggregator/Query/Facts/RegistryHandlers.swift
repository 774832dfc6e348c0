internal import APIModel
internal import HTTPTypes
internal import Hummingbird
internal import Postgres
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

/// Export and import of the tenant registry.
struct RegistryHandlers: Sendable {
    private let store: Store
    private let catalogue: ScopeCatalogue
    private let clock: any WallClock

    init(_ dependencies: QueryDependencies) {
        store = dependencies.store
        catalogue = dependencies.scopes
        clock = dependencies.clock
    }

    /// `GET /v1/tenants`.
    @Sendable func export(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws
        -> APIResponse
    {
        let parameters = try request.parameters(["provider", "as-known-at"])
        let format = try request.format([.json, .csv])
        let provider = parameters["provider"]
        try caller.checkProviders(provider.map { [$0] })
        let knownAt = try parameters.knownAt()
        let all = try await store.exportRegistry(knownAt: knownAt, visibility: caller.visibility)
        let records = all.filter { provider == nil || $0.entry.provider == provider }
        switch format {
        case .json:
            let asked = knownAt ?? Timestamp(milliseconds: clock.nowMilliseconds())
            return .json(
                TenantsResponse {
                    $0.asKnownAt = Moment(asked)
                    $0.tenants = records.map { TenantRow($0) }
                })
        case .csv:
            let recorded = records.map {
                RecordedRegistryEntry(
                    entry: $0.entry, recordedAt: RFC3339.text($0.recordedAt), recordedBy: $0.recordedBy)
            }
            let text = RegistryFile.emit(recorded: recorded)
            return APIResponse(contentType: AnswerFormat.csv.contentType, body: Array(text.utf8)).file("tenants.csv")
        }
    }

    /// `GET /v1/tenants/history`: everything that was ever recorded of one tenant, newest first.
    @Sendable func history(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws
        -> APIResponse
    {
        let parameters = try request.parameters(["provider", "tenant", "as-known-at"])
        _ = try request.format([.json])
        let provider = parameters["provider"]
        let tenant = try parameters.required("tenant", "the tenant's name")
        try caller.checkProviders(provider.map { [$0] })
        let records = try await store.registryHistory(
            tenant: tenant, provider: provider, knownAt: try parameters.knownAt(),
            visibility: caller.visibility)
        return .json(TenantHistoryResponse { $0.tenants = records.reversed().map { TenantRow($0) } })
    }

    /// `POST /v1/tenants`: a CSV file, all of it or none; with `preview`, what it would change.
    @Sendable func `import`(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws
        -> APIResponse
    {
        let preview = try PreviewQuestion(try request.parameters(PreviewQuestion.parameters), catalogue: catalogue)
        guard request.mediaType == AnswerFormat.csv.rawValue else {
            throw Problem.unsupportedMediaType("The registry is imported as Content-Type: text/csv.")
        }
        let bytes = try await request.boundedBody(limitBytes: APILimits.maxRegistryBodyBytes)
        let entries: [RegistryEntry]
        do throws(FileProblems) {
            entries = try RegistryFile.parse(bytes, file: "body")
        } catch {
            throw Problem.refused(error, code: "invalid-registry", title: "The registry file was refused")
        }
        let now = Timestamp(milliseconds: clock.nowMilliseconds())
        let actor = "token \(caller.id)"
        if let preview {
            let seen = try await store.previewRegistry(entries, by: actor, now: now, question: preview.question)
            return .json(
                ImportedTenantsResponse(seen.change, count: entries.count) {
                    $0.preview = true
                    $0.effect = PreviewEffect(seen.effect)
                })
        }
        let change = try await store.importRegistry(entries, by: actor, now: now)
        return .json(ImportedTenantsResponse(change, count: entries.count))
    }
}

extension TenantRow {
    fileprivate init(_ record: RegistryRecord) {
        self.init()
        let entry = record.entry
        provider = entry.provider
        tenant = entry.tenant
        kind = entry.kind.name
        legalEntity = entry.legalEntity
        effectiveFrom = Day("\(entry.effectiveFrom)")
        effectiveTo = entry.effectiveTo.map { Day("\($0)") }
        reason = entry.reason
        recordedAt = Moment(record.recordedAt)
        recordedBy = record.recordedBy
        supersededAt = record.supersededAt.map { Moment($0) }
    }
}

extension ImportedTenantsResponse {
    fileprivate init(_ change: RegistryChange, count: Int, completed: (inout Self) -> Void = { _ in }) {
        self.init()
        assertions = count
        counts = ImportCounts {
            $0.asserted = Int(change.asserted)
            $0.unchanged = Int(change.unchanged)
            $0.superseded = Int(change.superseded)
            $0.remainders = Int(change.remainders)
        }
        newTenants = Int(change.newTenants)
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
        return Problem(
            status: 422, code: code, title: title,
            detail: "The file has \(problems.problems.count) mistakes; none of it was applied.",
            extensions: [
                JSONMember("errors", .array(listed)),
                JSONMember("error_count", .integer(Int64(problems.problems.count))),
            ])
    }
}
