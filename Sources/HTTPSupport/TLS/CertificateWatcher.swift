package import Logging
internal import ServiceLifecycle
package import Telemetry

/// Looks every few seconds whether the certificate files of the listeners were replaced, and reads them again.
///
/// Files that don't fit together, as between the replacement of a certificate and of its key, are tried again; until
/// they do, what was read before stays in force.
package struct CertificateWatcher: Service {
    package static let interval = Duration.seconds(5)

    package struct Watched: Sendable {
        /// The listener's name.
        package var name: String
        package var tls: ReloadableTLS

        package init(name: String, tls: ReloadableTLS) {
            self.name = name
            self.tls = tls
        }
    }

    let watched: [Watched]
    let interval: Duration
    /// What the names of metrics begin with.
    let prefix: String
    let registry: MetricsRegistry
    let logger: Logger

    package init(
        _ watched: [Watched], interval: Duration = Self.interval, prefix: String, registry: MetricsRegistry,
        logger: Logger
    ) {
        self.watched = watched
        self.interval = interval
        self.prefix = prefix
        self.registry = registry
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var looks = watched.map { Look(loaded: $0.tls.files.stamp) }
            for listener in watched { tellEnd(of: listener) }
            while !Task.isCancelled {
                try? await Task.sleep(for: interval)
                for index in watched.indices { look(at: watched[index], &looks[index]) }
            }
        }
    }

    private struct Look {
        var loaded: TLSFiles.Stamp
        /// The files as they were when they last wouldn't do.
        var refused: TLSFiles.Stamp?
    }

    private func look(at listener: Watched, _ look: inout Look) {
        let files = listener.tls.files
        let stamp = files.stamp
        guard stamp != look.loaded else { return }
        do {
            try listener.tls.reload()
            look = Look(loaded: stamp)
            tellEnd(of: listener)
            logger.info("read the certificate files again", [.source: "\(listener.name)"])
        } catch {
            guard look.refused != stamp else { return }
            look.refused = stamp
            logger.error(
                "changed certificate files won't do; those read before stay in force",
                [.source: "\(listener.name)", .error: "\(error)"])
        }
    }

    private func tellEnd(of listener: Watched) {
        guard let end = listener.tls.files.endSeconds else { return }
        registry.gauge(
            "\(prefix)_certificate_expiry_timestamp_seconds", help: "When a listener's certificate ends.",
            labels: [MetricLabel("listener", value: listener.name)]
        ).set(end)
    }
}
