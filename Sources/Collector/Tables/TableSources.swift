internal import CollectorCore
internal import ServiceLifecycle
internal import SourceFormats

/// The sources that read tables of databases, each beside the others.
struct TableSources: Service {
    private let sources: [TableSource]

    init(settings: CollectorSettings, writer: Writer, recovered: RecoveredFiles, parts: CollectorDependencies) {
        sources = settings.databaseSources.compactMap { source in
            guard case .database(let database) = source.kind,
                let plan = try? SourcePlan(source.format, defaults: source.defaults, framing: .stream)
            else { return nil }
            return TableSource(
                name: source.name, database: database, plan: plan, checkpoint: recovered.tables[source.name],
                reader: .besideThis, writer: writer, parts: parts)
        }
    }

    func run() async throws {
        guard !sources.isEmpty else {
            try? await gracefulShutdown()
            return
        }
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                for source in sources { group.addTask { await source.run() } }
            }
        }
    }

    /// What keeps tables from being read now.
    func problems() -> [SourceProblem] { sources.compactMap(\.problem) }
}
