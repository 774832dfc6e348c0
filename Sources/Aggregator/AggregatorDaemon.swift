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
    package let store: Store
    package let listening: ListeningFile
    private let registry = MetricsRegistry()
    private let clock: any WallClock
    private let logger: Logger
    private let scopes: ScopeCatalogue
    private let events: TrendEvents
    private let ingestTLS: ReloadableTLS
    private let queryTLS: ReloadableTLS?
    private let revocations: Revocations
    private let readAgain: @Sendable () throws -> AggregatorSettings

    /// How long what is under way at SIGTERM may take, in seconds.
    package static let drainSeconds = 20
    /// The longest pause between attempts to reach the database at start.
    static let maxStartPause = Duration.seconds(5)

    /// Reads certificates, scopes and events, and connects to nothing yet.
    ///
    /// - Parameter readAgain: loads the settings as they are now, for SIGHUP.
    package init(
        _ settings: AggregatorSettings, clock: any WallClock, logger: Logger,
        readAgain: (@Sendable () throws -> AggregatorSettings)? = nil
    ) throws {
        self.readAgain = readAgain ?? { settings }
        self.settings = settings
        self.clock = clock
        self.logger = logger
        scopes = try settings.loadScopes()
        events = try settings.loadEvents()
        ingestTLS = try ReloadableTLS(files: settings.ingestTLS)
        queryTLS = try settings.queryTLS.map { try ReloadableTLS(files: $0) }
        revocations = try settings.revokedFile.map { try Revocations(file: $0, logger: logger) } ?? Revocations()
        store = Self.makeStore(settings, logger: logger)
        listening = ListeningFile(path: settings.listeningFile, listeners: ["ingest", "query"], logger: logger)
    }

    /// A store on a pool of its own.
    package static func makeStore(_ settings: AggregatorSettings, logger: Logger) -> Store {
        let pool = ConnectionPool(
            settings.connection, pool: PoolOptions(maxConnections: settings.connections), logger: logger)
        return Store(pool: pool, calendar: settings.calendar, logger: logger)
    }

    /// Waits for the database, migrates if that is asked for, and refuses a schema or calendar that doesn't fit.
    ///
    /// A database that is away is waited for: an aggregator that starts before its database needs no help.
    package func prepareDatabase() async throws {
        var backoff = Backoff(first: .milliseconds(100), last: Self.maxStartPause, jitter: .none)
        while true {
            do {
                if settings.migrate { try await store.prepare() } else { try await store.check() }
                return
            } catch let error as PostgresError where error.isRetryable {
                logger.warning("the database is not available yet", [.error: "\(error)"])
                try await Task.sleep(for: backoff.next())
            }
        }
    }

    /// Runs until SIGTERM or SIGINT; then drains and returns.
    package func run() async throws {
        try await prepareDatabase()
        var group = ServiceGroupConfiguration(
            services: services().map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(Self.drainSeconds)
        try await ServiceGroup(configuration: group).run()
        await store.pool.close()
        logger.info("stopped")
    }

    /// Every long-lived part; the last is stopped first.
    package func services() -> [any Service] {
        let signal = WakeSignal()
        let health = HealthMonitor(store: store, clock: clock, registry: registry, logger: logger)
        var services: [any Service] = [
            MaintenanceService(store: store, policy: settings.retention, clock: clock, logger: logger)
        ]
        if settings.rollupEnabled {
            services.append(
                RollupWorker(
                    store: store, limits: settings.rollupLimits, poll: settings.rollupPoll, signal: signal,
                    registry: registry, logger: logger))
        }
        services.append(query(health))
        services.append(ingest(signal))
        services.append(listening)
        services.append(health)
        services.append(
            ReloadService(settings, logger: logger, readAgain: readAgain) { [ingestTLS, queryTLS, revocations] _ in
                try ingestTLS.reload()
                try queryTLS?.reload()
                try revocations.reload()
            })
        return services
    }

    private func ingest(_ signal: WakeSignal) -> any Service {
        let intake = BatchIngest(
            store: store, clock: clock, decodePlaces: Self.decodePlaces, rollupSignal: signal, registry: registry)
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
            store: store, scopes: scopes, clock: clock, health: { health.health }, registry: registry, logger: logger)
        dependencies.events = events
        dependencies.silenceMinutes = settings.silenceMinutes
        dependencies.statementRules = settings.statementRules
        var options = ListenerOptions()
        options.maxConnections = settings.queryMaxConnections
        return buildQueryApplication(
            dependencies,
            listener: listener("query", settings.queryAddress, tls: queryTLS, options: options))
    }

    /// Batches that are decoded at once: as many as there are processors, and no more than memory is planned for.
    static let decodePlaces = max(1, min(4, NIOCore.System.coreCount))

    private func listener(
        _ name: String, _ address: ListenAddress, tls: ReloadableTLS?, options: ListenerOptions
    ) -> Listener {
        Listener(host: address.host, port: address.port, tls: tls, options: options) { [listening] bound in
            listening.add(name, address: bound)
        }
    }
}
