package import DaemonSupport
package import HTTPSupport
package import Logging
internal import NIOCore
internal import Postgres
package import Scopes
package import ServiceLifecycle
internal import Settings
package import Store
internal import Telemetry
internal import UnixSignals
package import UsageModel

/// The whole aggregator, put together from its settings: two listeners, the rollup, maintenance, health, reload.
package struct AggregatorDaemon: Sendable {
    package let settings: AggregatorSettings
    /// For batches, rollups and maintenance; no question takes its connections.
    package let store: Store
    /// For everything on the query listener.
    package let queryStore: Store
    package let listening: ListeningFile
    private let registry = MetricsRegistry()
    private let clock: any WallClock
    private let logger: Logger
    private let scopes: ScopeCatalogue
    private let events: TrendEvents
    private let ingestTLS: ReloadableTLS
    private let queryTLS: ReloadableTLS?
    private let revocations: Revocations
    private let trail: AuditTrail
    private let answers: AnswerFiles
    private let reloadSettings: @Sendable () throws -> AggregatorSettings

    /// Grace period for in-flight work after SIGTERM.
    package static let drainTimeout = Duration.seconds(20)

    /// Reads certificates, scopes and events, and connects to nothing yet.
    ///
    /// - Parameter reloadSettings: loads the settings as they are now, for SIGHUP.
    package init(
        _ settings: AggregatorSettings, clock: any WallClock, logger: Logger,
        reloadSettings: (@Sendable () throws -> AggregatorSettings)? = nil
    ) throws {
        self.reloadSettings = reloadSettings ?? { settings }
        self.settings = settings
        self.clock = clock
        self.logger = logger
        scopes = try settings.loadScopes()
        events = try settings.loadEvents()
        ingestTLS = try ReloadableTLS(files: settings.ingestTLS)
        queryTLS = try settings.queryTLS.map { try ReloadableTLS(files: $0) }
        if let file = settings.revokedFile {
            revocations = try Revocations(file: file, logger: logger, registry: registry)
        } else {
            revocations = Revocations()
        }
        store = Self.makeStore(settings, scopes: scopes, logger: logger)
        queryStore = Self.makeQueryStore(settings, logger: logger)
        trail = AuditTrail(store: store, clock: clock, logger: logger)
        answers = AnswerFiles(directory: settings.answersDirectory, logger: logger)
        try answers.check()
        let names = ["ingest", "query"] + (settings.metricsAddress == nil ? [] : ["metrics"])
        listening = ListeningFile(path: settings.listeningFile, listeners: names, logger: logger)
    }

    /// Connections of the owner's login that the query listener has for what isn't a question: tokens, imports,
    /// closing.
    package static let administrationConnections = 4

    /// A store whose questions run as the reader, or as the owner where that was accepted.
    private static func makeQueryStore(_ settings: AggregatorSettings, logger: Logger) -> Store {
        func pool(_ options: ConnectionOptions, _ count: Int) -> ConnectionPool {
            ConnectionPool(options, pool: PoolOptions(maxConnections: count), logger: logger)
        }
        let questions: QuestionAccess =
            if let reader = settings.readerConnection {
                .reader(pool(reader, settings.readerConnections))
            } else {
                .ownerAlone(pool(settings.connection, settings.readerConnections))
            }
        return Store(
            pool: pool(settings.connection, administrationConnections), questions: questions,
            calendar: settings.calendar, logger: logger)
    }

    /// A store on a pool of its own, which asks no questions.
    ///
    /// - Parameter scopes: those that cubes are made for; `nil` for the built-in ones.
    package static func makeStore(
        _ settings: AggregatorSettings, scopes: ScopeCatalogue? = nil, logger: Logger
    ) -> Store {
        let pool = ConnectionPool(
            settings.connection, pool: PoolOptions(maxConnections: settings.connections), logger: logger)
        return Store(
            pool: pool, calendar: settings.calendar, scopeZones: scopes.map { Set($0.scopes.map(\.zone)) },
            logger: logger)
    }

    /// Runs until SIGTERM or SIGINT; then drains and returns.
    ///
    /// - Throws: where an address can't be bound, and what is wrong with a database that answers.
    package func run() async throws {
        ProcessMemory.limit()
        let openFiles = try OpenFiles.raise()
        var group = ServiceGroupConfiguration(
            services: services(openFiles).map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger)
        group.maximumGracefulShutdownDuration = Self.drainTimeout
        try await ServiceGroup(configuration: group).run()
        await close()
        logger.info("stopped")
    }

    /// Closes all connections to the database.
    package func close() async {
        await store.close()
        await queryStore.close()
    }

    /// Every long-lived part; the last is stopped first.
    ///
    /// Health comes after the listeners: `/readyz` says that the process stops before they take no more connections, so
    /// that a load balancer looks elsewhere in time. The rollup comes before them: what the last batches and questions
    /// wait for is still rolled up.
    ///
    /// - Parameter openFiles: what connections are budgeted from; `nil` for as many as the settings say.
    package func services(_ openFiles: OpenFiles? = nil) -> [any Service] {
        let connections = connections(within: openFiles)
        let rollup = RollupSignals()
        let health = HealthMonitor(
            store: store, clock: clock, rollup: settings.rollupEnabled ? rollup : nil,
            newNames: settings.rollupLimits.newNames, revocations: revocations, registry: registry, logger: logger)
        let preparation = DatabasePreparation(
            store: store, queryStore: queryStore, migrates: settings.migrate, health: health, logger: logger)
        var services: [any Service] = [
            // First, and so stopped last: what is refused until the end is written, too.
            preparation.before(trail),
            MemoryService(),
            preparation.before(
                MaintenanceService(store: store, policy: settings.retention, clock: clock, logger: logger)),
        ]
        if settings.rollupEnabled {
            services.append(
                preparation.before(
                    RollupWorker(
                        store: store, limits: settings.rollupLimits, poll: settings.rollupPoll,
                        interval: settings.rollupInterval, signals: rollup, registry: registry, logger: logger)))
            services.append(
                preparation.before(SegmentWorker(store: store, clock: clock, registry: registry, logger: logger)))
        }
        // Listens from the start: until the database is prepared `/readyz` says so, and questions are answered 503.
        services.append(query(health, maxConnections: connections.query))
        services.append(preparation.before(ingest(rollup, health, maxConnections: connections.ingest)))
        if let address = settings.metricsAddress { services.append(metrics(health, at: address)) }
        services.append(
            CertificateWatcher(
                [("ingest", ingestTLS), ("query", queryTLS)].compactMap { name, tls in
                    tls.map { CertificateWatcher.Watched(name: name, tls: $0) }
                }, prefix: "steelyard_aggregator", registry: registry, logger: logger))
        services.append(listening)
        services.append(preparation.before(health))
        services.append(preparation)
        services.append(
            ReloadService(settings, logger: logger, readAgain: reloadSettings) { [ingestTLS, queryTLS, revocations] _ in
                try ingestTLS.reload()
                try queryTLS?.reload()
                try revocations.reload()
            })
        return services
    }

    private func connections(within openFiles: OpenFiles?) -> (ingest: Int, query: Int) {
        guard let openFiles else { return (settings.ingestMaxConnections, settings.queryMaxConnections) }
        let shares = openFiles.share(
            among: [
                OpenFiles.Use("ingest.max-connections", wanted: settings.ingestMaxConnections),
                OpenFiles.Use("query.max-connections", wanted: settings.queryMaxConnections),
                OpenFiles.Use("database.connections", wanted: settings.connections),
                OpenFiles.Use("answers", wanted: APILimits.maxUnreadAnswers),
            ], metrics: registry, prefix: "steelyard_aggregator", logger: logger)
        return (shares[0], shares[1])
    }

    private func ingest(_ rollup: RollupSignals, _ health: HealthMonitor, maxConnections: Int) -> any Service {
        let intake = BatchIngest(
            store: store, admission: settings.admission, quarantine: settings.quarantine, clock: clock,
            maxConcurrentDecodes: Self.maxConcurrentDecodes, rollup: rollup, keepsRows: settings.rollupEnabled,
            registry: registry)
        let limiter = ConcurrencyLimiter(
            limit: settings.batchesInFlight, limitPerCollector: APILimits.maxBatchesInFlightPerCollector)
        var dependencies = IngestDependencies(
            store: store, intake: intake, limiter: limiter, clock: clock, trustDomain: settings.trustDomain,
            revocations: revocations, registry: registry, logger: logger)
        dependencies.trail = trail
        dependencies.nameBudgets = { health.nameBudgets(of: $0) }
        var options = ListenerOptions()
        options.maxConnections = maxConnections
        options.maxBodyBytes = Limits.maxSealedBatchBytes + APILimits.maxControlBodyBytes
        return buildIngestApplication(
            dependencies,
            listener: listener(
                "ingest", settings.ingestAddress, tls: ingestTLS, options: options, hosts: settings.ingestHosts))
    }

    private func dependencies(_ health: HealthMonitor) -> QueryDependencies {
        QueryDependencies(
            store: queryStore, scopes: scopes, clock: clock, health: { health.health }, registry: registry,
            logger: logger)
    }

    /// Metrics and health for whoever reaches the address.
    private func metrics(_ health: HealthMonitor, at address: ListenAddress) -> any Service {
        var options = ListenerOptions()
        options.maxConnections = APILimits.maxMetricsConnections
        return buildMetricsApplication(
            dependencies(health),
            listener: listener("metrics", address, tls: nil, options: options, hosts: settings.queryHosts))
    }

    private func query(_ health: HealthMonitor, maxConnections: Int) -> any Service {
        var dependencies = dependencies(health)
        dependencies.budget = QuestionBudget(settings.questionLimits)
        dependencies.answers = answers
        dependencies.events = events
        dependencies.trail = trail
        dependencies.silenceMinutes = settings.silenceMinutes
        dependencies.statementRules = settings.statementRules
        var options = ListenerOptions()
        options.maxConnections = maxConnections
        return buildQueryApplication(
            dependencies,
            listener: listener(
                "query", settings.queryAddress, tls: queryTLS, options: options, hosts: settings.queryHosts))
    }

    /// Batches that are decoded at once: as many as there are processors, and at most four, because each may take
    /// `Limits.maxDecodedBatchBytes` of memory, whatever the machine's size.
    static let maxConcurrentDecodes = max(1, min(4, NIOCore.System.coreCount))

    private func listener(
        _ name: String, _ address: ListenAddress, tls: ReloadableTLS?, options: ListenerOptions, hosts: [String]
    ) -> Listener {
        Listener(host: address.host, port: address.port, tls: tls, options: options, hosts: hosts) {
            [listening] bound in
            listening.add(name, address: bound)
        }
    }
}
