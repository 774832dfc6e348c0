internal import EmbeddedPostgres
internal import UsageModel

/// Keeps the private PostgreSQL running: a server that ends is started again, later each time.
struct DatabaseSupervisor: Sendable {
    private static let pollInterval = Duration.milliseconds(250)

    let cluster: EmbeddedCluster
    let log: String
    let say: @Sendable (String) -> Void

    /// Runs `body` beside the supervisor, which ends with it.
    func during(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await run() }
            // Leaving the group waits for the supervisor: afterwards nobody starts the server any more.
            defer { group.cancelAll() }
            try await body()
        }
    }

    private func run() async {
        var backoff = Supervisor.backoff
        var problem = "PostgreSQL ended"
        while !Task.isCancelled {
            let started = ContinuousClock.now
            while await cluster.isAlive(), !Task.isCancelled { try? await Task.sleep(for: Self.pollInterval) }
            if Task.isCancelled { return }
            if ContinuousClock.now - started >= Supervisor.steadyAfter { backoff.reset() }
            let pause = backoff.next()
            say("\(problem); starting it again in \(pause.components.seconds) s. Its log: \(log)")
            try? await Task.sleep(for: pause)
            if Task.isCancelled { return }
            problem = await startAgain()
        }
    }

    /// - Returns: what to say where the server doesn't run afterwards.
    private func startAgain() async -> String {
        // A start that is cut short could leave a server behind that nobody stops: cancellation doesn't reach it.
        let starting = Task { [cluster] in try await cluster.start() }
        do {
            try await starting.value
            return "PostgreSQL ended"
        } catch {
            return "PostgreSQL can't be started (\(error))"
        }
    }
}
