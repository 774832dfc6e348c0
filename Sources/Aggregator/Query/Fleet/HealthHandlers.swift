internal import APIModel
internal import HTTPSupport
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

    @Sendable func live(_ request: Request, _ context: QueryContext) async throws -> APIResponse {
        .json(LivenessResponse { $0.status = "ok" })
    }

    @Sendable func ready(_ request: Request, _ context: QueryContext) async throws -> APIResponse {
        let health = health()
        let reason: String
        switch health.state {
        case .ready:
            return .json(
                ReadinessResponse {
                    $0.status = "ready"
                    $0.rollupLagSeconds = Int(health.rollupLagSeconds)
                    $0.rollupStalledSeconds = Int(health.rollupStalledSeconds)
                    $0.rollupStallReason = health.rollupStallReason
                    $0.scarceNameBudgets = health.scarceNames.count
                    $0.hasRevocationListProblem = health.hasRevocationListProblem
                })
        case .starting: reason = "The server is waiting for its database."
        case .databaseUnreachable: reason = "The database does not answer."
        case .databaseUnsuitable: reason = "The database's schema or calendar is not what this server needs."
        case .stopping: reason = "The server is stopping."
        }
        throw Problem.unavailable(reason, code: "not-ready")
    }

    @Sendable func metrics(_ request: Request, context: QueryContext) async throws -> APIResponse {
        _ = try request.parameters()
        let registry = registry
        let text = try await WorkerThreads.monitoring.run { registry.render() }
        return APIResponse(contentType: MetricsRegistry.contentType, body: Array(text.utf8))
    }

    @Sendable func openAPI(_ request: Request, _ context: QueryContext) async throws -> APIResponse {
        APIResponse(contentType: "application/yaml", body: try OpenAPIDocument.bytes.get())
    }
}
