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

/// The whole aggregator, put together from its configuration: two listeners, the directory, maintenance, health, reload.
package struct AggregatorDaemon: Sendable {
    package let configuration: AggregatorConfiguration
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
    private let readLogLevel: @Sendable () throws -> String

    /// How long what is under way at SIGTERM may take, in seconds.
    package static let drainSeconds = 20
    /// The longest pause between attempts to reach the database at start.
    static let maxStartPause = Duration.seconds(5)

    /// Reads certificates, scopes and events, and connects to nothing yet.
    ///
    /// - Parameter readLogLevel: reads the log level again on SIGHUP.
    package init(
        _ configuration: AggregatorConfiguration, clock: any WallClock, logger: Logger,
        readLogLevel: (@Sendable () throws -> String)? = nil
    ) throws {
        self.readLogLevel = readLogLevel ?? { configuration.logLevel }
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
        scopes = try configuration.loadScopes()
        events = try configuration.loadEvents()
        ingestTLS = try ReloadableTLS(files: configuration.ingestTLS)
        queryTLS = try configuration.queryTLS.map { try ReloadableTLS(files: $0) }
        revocations = try configuration.revokedFile.map { try Revocations(file: $0, logger: logger) } ?? Revocations()
        store = Self.makeStore(configuration, logger: logger)
        listening = ListeningFile(path: configuration.listeningFile, expected: ["ingest", "query"])
    }

    /// A store on a pool of its own.
    package static func makeStore(_ configuration: AggregatorConfiguration, logger: Logger) -> Store {
        let pool = ConnectionPool(
            configuration.connection, pool: PoolOptions(maxConnections: configuration.connections), logger: logger)
        return Store(pool: pool, calendar: configuration.calendar, logger: logger)
    }

    /// Waits for the database, migrates if that is asked for, and refuses a schema or calendar that doesn't fit.
    ///
    /// A database that is away is waited for: an aggregator that starts before its database needs no help.
    package func prepareDatabase() async throws {
        var pause = Duration.milliseconds(100)
        while true {
            do {
                if configuration.migrate { try await store.prepare() } else { try await store.check() }
                return
            } catch let error as PostgresError where error.isRetryable {
                logger.warning("the database is not available yet", [.error: "\(error)"])
                try await Task.sleep(for: pause)
                pause = min(pause * 2, Self.maxStartPause)
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
            MaintenanceService(store: store, policy: configuration.retention, clock: clock, logger: logger)
        ]
        if configuration.rollupEnabled {
            services.append(
                RollupWorker(
                    store: store, limits: configuration.rollupLimits, poll: configuration.rollupPoll, signal: signal,
                    registry: registry, logger: logger))
        }
        services.append(query(health))
        services.append(ingest(signal))
        services.append(health)
        services.append(
            ReloadService(
                tls: [ingestTLS] + (queryTLS.map { [$0] } ?? []), revocations: revocations,
                readLogLevel: readLogLevel, logger: logger))
        return services
    }

    private func ingest(_ signal: WakeSignal) -> any Service {
        let intake = BatchIngest(
            store: store, clock: clock, decodePlaces: Self.decodePlaces, rollupSignal: signal, registry: registry)
        let limiter = ConcurrencyLimiter(
            limit: configuration.batchesInFlight, limitPerCollector: APILimits.maxBatchesInFlightPerCollector)
        let dependencies = IngestDependencies(
            store: store, intake: intake, limiter: limiter, clock: clock, trustDomain: configuration.trustDomain,
            revocations: revocations, registry: registry, logger: logger)
        var options = ListenerOptions()
        options.maxConnections = configuration.ingestMaxConnections
        options.maxBodyBytes = Limits.maxSealedBatchBytes + APILimits.maxControlBodyBytes
        return buildIngestApplication(
            dependencies,
            listener: listener("ingest", configuration.ingestAddress, tls: ingestTLS, options: options))
    }

    private func query(_ health: HealthMonitor) -> any Service {
        var dependencies = QueryDependencies(
            store: store, scopes: scopes, clock: clock, health: { health.health }, registry: registry, logger: logger)
        dependencies.events = events
        dependencies.silenceMinutes = configuration.silenceMinutes
        dependencies.statementRules = configuration.statementRules
        var options = ListenerOptions()
        options.maxConnections = configuration.queryMaxConnections
        return buildQueryApplication(
            dependencies,
            listener: listener("query", configuration.queryAddress, tls: queryTLS, options: options))
    }

    /// Batches that are decoded at once: as many as there are processors, and no more than memory is planned for.
    static let decodePlaces = max(1, min(4, NIOCore.System.coreCount))

    private func listener(
        _ name: String, _ address: ListenAddress, tls: ReloadableTLS?, options: ListenerOptions
    ) -> Listener {
        let (listening, logger) = (listening, logger)
        return Listener(host: address.host, port: address.port, tls: tls, options: options) { bound in
            logger.info("listening", [.address: "\(bound)", .source: "\(name)"])
            do {
                try listening.add(name, address: bound)
            } catch {
                logger.error("the listening file can't be written", [.error: "\(error)"])
            }
        }
    }
}
