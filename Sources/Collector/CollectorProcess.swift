internal import CollectorCore
internal import DaemonSupport
internal import HTTPSupport
internal import Identity
package import Logging
internal import NIOSSL
internal import ServiceLifecycle
internal import Settings
internal import Telemetry
internal import UnixSignals
internal import UsageModel

/// A whole collector: opens the data directory, runs every part until it is told to stop, and leaves nothing half done.
package struct CollectorProcess: Sendable {
    /// What the listening file calls the listener of pushed events.
    static let listenerName = "http"
    /// What it calls the one of OTLP/gRPC.
    static let grpcListenerName = "grpc"
    /// What it calls the one of `metrics.listen`.
    static let metricsListenerName = "metrics"
    /// What it calls the one of this machine's own commands.
    static let controlListenerName = "control"

    private let settings: CollectorSettings
    private let version: String
    private let logger: Logger
    /// Reads the configuration anew, for SIGHUP.
    private let readAgain: @Sendable () throws -> CollectorSettings

    package init(
        settings: CollectorSettings, version: String, logger: Logger,
        readAgain: @escaping @Sendable () throws -> CollectorSettings
    ) {
        self.settings = settings
        self.version = version
        self.logger = logger
        self.readAgain = readAgain
    }

    /// Runs until SIGTERM or SIGINT; returns once everything accepted is sealed and synced.
    ///
    /// - Throws: where the data directory can't be opened or the address can't be bound.
    package func run() async throws {
        ProcessMemory.limit()
        let openFiles = try OpenFiles.raise()
        let board = StatusStore()
        let parts = CollectorDependencies(
            accumulator: Accumulator(limits: Accumulator.Limits(rows: settings.seal.rows), clock: SystemSteadyClock()),
            timeWindow: ReloadableTimeWindow(settings.window),
            remembered: RememberedEvents(limits: settings.deduplication), keeping: settings.storage.keeping,
            metrics: CollectorMetrics(), logger: logger)
        let opened = try await Writer.open(settings: settings, parts: parts, board: board, version: version)
        let shares = openFiles.share(
            among: [
                OpenFiles.Use("http.max-connections", wanted: settings.http.maxConnections),
                OpenFiles.Use("open-followed-files", wanted: settings.fileSources.isEmpty ? 1 : FileFollower.maxFiles),
                OpenFiles.Use("grpc.max-connections", wanted: settings.grpc?.maxConnections ?? 1),
            ], metrics: parts.metrics.registry, prefix: "steelyard_collector", logger: logger)
        let reader = FileReader(
            settings: settings, writer: opened.writer, recovered: opened.files, parts: parts, maxHandles: shares[1])
        let tables = TableSources(settings: settings, writer: opened.writer, recovered: opened.files, parts: parts)
        let monitor = SourceMonitor(settings: settings, reader: reader, tables: tables, parts: parts, board: board)
        let client = settings.aggregator.map {
            AggregatorClient(
                settings: $0, version: version, nameBudgets: parts.nameBudgets, metrics: parts.metrics)
        }
        var server = CollectorServer(
            settings: settings, parts: parts, board: board, writer: opened.writer, version: version)
        server.maxConnections = shares[0]
        server.maxGRPCConnections = shares[2]
        server.tls = try settings.http.tls.map { try ReloadableTLS(files: $0) }
        let (access, tls) = (server.access, server.tls)
        let names =
            [Self.listenerName] + (settings.grpc == nil ? [] : [Self.grpcListenerName])
            + (settings.http.metricsListen == nil ? [] : [Self.metricsListenerName])
            + [Self.controlListenerName]
        let listening = ListeningFile(path: settings.storage.listeningFile, listeners: names, logger: logger)
        let application = server.makeApplication { address in
            listening.add(Self.listenerName, address: address)
        }
        let grpcListener = server.makeGRPCListener { address in
            listening.add(Self.grpcListenerName, address: address)
        }
        let metricsApplication = server.makeMetricsApplication { address in
            listening.add(Self.metricsListenerName, address: address)
        }
        let control = server.makeControlApplication(
            ControlHandler(
                tokens: makeControlToken(),
                requeuer: Requeuer(writer: opened.writer, parts: parts, readAgain: readAgain), logger: logger)
        ) { address in
            listening.add(Self.controlListenerName, address: address)
        }
        registerGauges(parts, board)
        let reload = ReloadService(settings, logger: logger, readAgain: readAgain) { new in
            parts.timeWindow.set(new.window)
            await reader.reload(new)
            await monitor.reload(new)
            await client?.reload()
            try access.reload(new)
            try tls?.reload()
        }
        // Stopped from the last to the first: no more input, then the last seal, then what shipping is still possible.
        var services: [any Service] = [
            makeShipper(opened, client: client, parts: parts, board: board), opened.writer, reader, tables, monitor,
            reload,
            listening, application, control,
        ]
        if let grpcListener { services.append(grpcListener) }
        if let metricsApplication { services.append(metricsApplication) }
        if let tls {
            services.append(
                CertificateWatcher(
                    [CertificateWatcher.Watched(name: Self.listenerName, tls: tls)],
                    prefix: "steelyard_collector_listener", registry: parts.metrics.registry, logger: logger))
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
        ProcessMemory.letGoOfCode()
        try await group.run()
        try await opened.writer.close()
        logger.info("stopped; what isn't shipped stays in the spool")
    }

    /// Writes down the token of commands to this process. Where that fails, as on a full disk, there are none.
    private func makeControlToken() -> BearerTokens {
        let token = BearerTokens.makeToken()
        do throws(IdentityError) {
            try PrivateFile.write(
                token + "\n", to: settings.storage.controlTokenFile, for: .ownerOnly, overwriting: true)
            return BearerTokens(tokens: [token])
        } catch {
            logger.warning("the token of commands can't be written; requeue is refused", [.error: "\(error)"])
            return BearerTokens()
        }
    }

    private var quiet: Logger {
        var quiet = logger
        quiet.logLevel = .warning
        return quiet
    }

    private func makeShipper(
        _ opened: Writer.Opened, client: AggregatorClient?, parts: CollectorDependencies, board: StatusStore
    ) -> any Service {
        guard let client else {
            logger.warning("no aggregator.url is set; batches stay in the spool")
            return NoAggregator()
        }
        return Shipper(
            opened: opened, transport: client, parts: parts, board: board, drainTimeout: settings.drainTimeout)
    }

    private func registerGauges(_ parts: CollectorDependencies, _ board: StatusStore) {
        let registry = parts.metrics.registry
        let age = registry.gauge(
            "steelyard_collector_oldest_unshipped_age_seconds", help: "Age of the oldest batch that isn't shipped.")
        let success = registry.gauge(
            "steelyard_collector_last_success_age_seconds", help: "Time since the aggregator last took something.")
        let ready = registry.gauge("steelyard_collector_ready", help: "1 while input is taken.")
        let fenced = registry.gauge(
            "steelyard_collector_fenced", help: "1 once a newer process has this collector's identity.")
        let remembered = registry.gauge(
            "steelyard_collector_remembered_ids", help: "Ids of pushed events by which repeated ones are told.")
        let forgotten = registry.counter(
            "steelyard_collector_forgotten_ids_total",
            help: "Ids forgotten before deduplication.horizon, for want of room.")
        registry.beforeRendering {
            remembered.set(parts.remembered.count)
            forgotten.increment(by: parts.remembered.takeForgottenEarly())
            let now = parts.wallClock.nowMilliseconds()
            let (backlog, shipping) = (board.currentBacklog, board.currentShipping)
            age.set(backlog.oldestSealedAt.map { Double(max(0, now - $0)) / 1_000 } ?? 0)
            success.set(shipping.lastSuccessAt.map { Double(max(0, now - $0)) / 1_000 } ?? -1)
            ready.set(parts.intakeSwitch.isClosed ? 0 : 1)
            fenced.set(shipping.isFenced ? 1 : 0)
        }
    }
}
