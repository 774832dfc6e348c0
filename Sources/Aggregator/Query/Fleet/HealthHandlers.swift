internal import Hummingbird
internal import Store
internal import Telemetry
internal import TextFormats

/// Liveness, readiness, metrics, and the contract itself.
struct HealthHandlers: Sendable {
    private let health: @Sendable () -> Health
    private let registry: MetricsRegistry

    init(_ dependencies: QueryDependencies) {
        health = dependencies.health
        registry = dependencies.registry
    }

    @Sendable func live(_ request: Request, _ context: QueryContext) async throws -> Answer {
        .json(["status": "ok"])
    }

    @Sendable func ready(_ request: Request, _ context: QueryContext) async throws -> Answer {
        let health = health()
        let reason: String
        switch health.state {
        case .ready:
            return .json([
                "status": "ready", "position": .integer(Int64(clamping: health.position)),
                "pending_batches": .integer(Int64(clamping: health.pendingBatches)),
                "fold_lag_seconds": .integer(health.rollupLagSeconds),
            ])
        case .starting: reason = "The server has not looked at its database yet."
        case .databaseUnreachable: reason = "The database does not answer."
        case .databaseUnsuitable: reason = "The database's schema or calendar is not what this server needs."
        case .stopping: reason = "The server is stopping."
        }
        throw Problem.unavailable(reason, code: "not-ready")
    }

    @Sendable func metrics(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws -> Answer {
        _ = try request.parameters()
        return Answer(contentType: MetricsRegistry.contentType, body: Array(registry.render().utf8))
    }

    @Sendable func openAPI(_ request: Request, _ context: QueryContext) async throws -> Answer {
        Answer(contentType: "application/yaml", body: OpenAPIDocument.bytes)
    }
}
