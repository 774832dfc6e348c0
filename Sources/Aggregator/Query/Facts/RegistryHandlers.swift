internal import HTTPTypes
internal import Hummingbird
internal import Postgres
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
    @Sendable func export(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws -> Answer {
        let parameters = try request.parameters(["provider", "as-known-at"])
        let format = try request.format([.json, .csv])
        let provider = parameters["provider"]
        try caller.checkProviders(provider.map { [$0] })
        let knownAt = try FigureHandlers.knownAt(parameters)
        let all = try await store.exportRegistry(knownAt: knownAt, visibility: caller.visibility)
        let records = all.filter { provider == nil || $0.entry.provider == provider }
        switch format {
        case .json:
            let asked = knownAt ?? Timestamp(milliseconds: clock.nowMilliseconds())
            return .json([
                "as_known_at": .string(RFC3339.text(asked)), "tenants": .array(records.map(Self.json)),
            ])
        case .csv:
            let recorded = records.map {
                RecordedRegistryEntry(
                    entry: $0.entry, recordedAt: RFC3339.text($0.recordedAt), recordedBy: $0.recordedBy)
            }
            let text = RegistryFile.emit(recorded: recorded)
            return Answer(contentType: AnswerFormat.csv.contentType, body: Array(text.utf8)).file("tenants.csv")
        }
    }

    /// `GET /v1/tenants/history`: everything that was ever recorded of one tenant, newest first.
    @Sendable func history(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws -> Answer {
        let parameters = try request.parameters(["provider", "tenant", "as-known-at"])
        _ = try request.format([.json])
        let provider = parameters["provider"]
        let tenant = try parameters.required("tenant", "the tenant's name")
        try caller.checkProviders(provider.map { [$0] })
        let records = try await store.registryHistory(
            tenant: tenant, provider: provider, knownAt: try FigureHandlers.knownAt(parameters),
            visibility: caller.visibility)
        return .json(["tenants": .array(records.reversed().map(Self.json))])
    }

    private static func json(_ record: RegistryRecord) -> JSONValue {
        let entry = record.entry
        return [
            "provider": .string(entry.provider), "tenant": .string(entry.tenant), "kind": .string(entry.kind.name),
            "legal_entity": .string(entry.legalEntity), "effective_from": .string("\(entry.effectiveFrom)"),
            "effective_to": .optional(entry.effectiveTo.map { "\($0)" }), "reason": .string(entry.reason),
            "recorded_at": .string(RFC3339.text(record.recordedAt)), "recorded_by": .string(record.recordedBy),
            "superseded_at": .optional(record.supersededAt.map(RFC3339.text)),
        ]
    }

    /// `POST /v1/tenants`: a CSV file, all of it or none; with `preview`, what it would change.
    @Sendable func `import`(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws -> Answer {
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
            return .json(.object(Self.members(seen.change, entries.count) + PreviewQuestion.members(seen.effect)))
        }
        let change = try await store.importRegistry(entries, by: actor, now: now)
        return .json(.object(Self.members(change, entries.count)))
    }

    private static func members(_ change: RegistryChange, _ count: Int) -> [JSONMember] {
        [
            JSONMember("assertions", .integer(Int64(count))), JSONMember("asserted", .integer(Int64(change.asserted))),
            JSONMember("unchanged", .integer(Int64(change.unchanged))),
            JSONMember("superseded", .integer(Int64(change.superseded))),
            JSONMember("remainders", .integer(Int64(change.remainders))),
            JSONMember("new_tenants", .integer(Int64(change.newTenants))),
            JSONMember("recorded_at", .string(RFC3339.text(change.recordedAt))),
        ]
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
