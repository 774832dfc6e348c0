internal import DaemonSupport
package import HTTPSupport
package import Logging
internal import NIOCore
internal import Postgres
internal import Scopes
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
        revocations = try settings.revokedFile.map { try Revocations(file: $0, logger: logger) } ?? Revocations()
        store = Self.makeStore(settings, logger: logger)
        queryStore = Self.makeQueryStore(settings, logger: logger)
        listening = ListeningFile(path: settings.listeningFile, listeners: ["ingest", "query"], logger: logger)
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
    package static func makeStore(_ settings: AggregatorSettings, logger: Logger) -> Store {
        let pool = ConnectionPool(
            settings.connection, pool: PoolOptions(maxConnections: settings.connections), logger: logger)
        return Store(pool: pool, calendar: settings.calendar, logger: logger)
    }

    /// Runs until SIGTERM or SIGINT; then drains and returns.
    ///
    /// - Throws: where an address can't be bound, and what is wrong with a database that answers.
    package func run() async throws {
        var group = ServiceGroupConfiguration(
            services: services().map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
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
    package func services() -> [any Service] {
        let rollup = RollupSignals()
        let health = HealthMonitor(
            store: store, clock: clock, rollup: settings.rollupEnabled ? rollup : nil,
            newNames: settings.rollupLimits.newNames, registry: registry, logger: logger)
        let preparation = DatabasePreparation(
            store: store, queryStore: queryStore, migrates: settings.migrate, health: health, logger: logger)
        var services = [
            preparation.before(
                MaintenanceService(store: store, policy: settings.retention, clock: clock, logger: logger))
        ]
        if settings.rollupEnabled {
            services.append(
                preparation.before(
                    RollupWorker(
                        store: store, limits: settings.rollupLimits, poll: settings.rollupPoll, signals: rollup,
                        registry: registry, logger: logger)))
        }
        // Listens from the start: until the database is prepared `/readyz` says so, and questions are answered 503.
        services.append(query(health))
        services.append(preparation.before(ingest(rollup)))
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

    private func ingest(_ rollup: RollupSignals) -> any Service {
        let intake = BatchIngest(
            store: store, admission: settings.admission, clock: clock,
            maxConcurrentDecodes: Self.maxConcurrentDecodes, rollup: rollup, registry: registry)
        let limiter = ConcurrencyLimiter(
            limit: settings.batchesInFlight, limitPerCollector: APILimits.maxBatchesInFlightPerCollector)
        let dependencies = IngestDependencies(
            store: store, intake: intake, limiter: limiter, clock: clock, trustDomain: settings.trustDomain,
            revocations: revocations, registry: registry, logger: logger)
        var options = ListenerOptions()
        options.maxConnections = settings.ingestMaxConnections
        options.maxBodyBytes = Limits.maxSealedBatchBytes + APILimits.maxControlBodyBytes
        return buildIngestApplication(
            dependencies,
            listener: listener("ingest", settings.ingestAddress, tls: ingestTLS, options: options))
    }

    private func query(_ health: HealthMonitor) -> any Service {
        var dependencies = QueryDependencies(
            store: queryStore, scopes: scopes, clock: clock, health: { health.health }, registry: registry,
            logger: logger)
        dependencies.budget = QuestionBudget(settings.questionLimits)
        dependencies.events = events
        dependencies.silenceMinutes = settings.silenceMinutes
        dependencies.statementRules = settings.statementRules
        var options = ListenerOptions()
        options.maxConnections = settings.queryMaxConnections
        return buildQueryApplication(
            dependencies,
            listener: listener("query", settings.queryAddress, tls: queryTLS, options: options))
    }

    /// Batches that are decoded at once: as many as there are processors, and at most four, because each may take
    /// `Limits.maxDecodedBatchBytes` of memory, whatever the machine's size.
    static let maxConcurrentDecodes = max(1, min(4, NIOCore.System.coreCount))

    private func listener(
        _ name: String, _ address: ListenAddress, tls: ReloadableTLS?, options: ListenerOptions
    ) -> Listener {
        Listener(host: address.host, port: address.port, tls: tls, options: options) { [listening] bound in
            listening.add(name, address: bound)
        }
    }
}
