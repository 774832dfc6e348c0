internal import Foundation
internal import Subprocess
internal import SystemPackage
internal import UsageModel

/// One of the real daemons as a child of `up`.
struct ChildPlan: Sendable {
    /// `aggregator`, or `collector-P`.
    var name: String
    var executable: String
    var configuration: String
    var log: String
    /// How long it may drain after SIGTERM before it is killed.
    var drainTime = Duration.seconds(30)
}

/// Keeps a child running until it is cancelled: a child that dies is started again, later each time.
struct Supervisor: Sendable {
    /// Waits before a child that died is started again.
    static let backoff = Backoff(first: .seconds(1), last: .seconds(30), jitter: .none)
    /// A child that ran this long before it died is started again at once, as if for the first time.
    static let steadyAfter = Duration.seconds(60)

    let plan: ChildPlan
    /// Called with the process id at each start.
    let onStart: @Sendable (Int32) -> Void
    let say: @Sendable (String) -> Void

    /// Runs until the task is cancelled, then stops the child with SIGTERM and waits for it.
    func run() async {
        var backoff = Self.backoff
        while !Task.isCancelled {
            let started = ContinuousClock.now
            let outcome = await runOnce()
            if Task.isCancelled { return }
            if ContinuousClock.now - started >= Self.steadyAfter { backoff.reset() }
            let pause = backoff.next()
            say(
                "\(plan.name) ended (\(outcome)); starting it again in \(pause.components.seconds) s. Its log: \(plan.log)"
            )
            try? await Task.sleep(for: pause)
        }
    }

    private func runOnce() async -> String {
        do {
            return try await launch()
        } catch {
            return "it can't be started: \(error)"
        }
    }

    private func launch() async throws -> String {
        let log = try FileDescriptor.open(
            FilePath(plan.log), .writeOnly, options: [.create, .append, .closeOnExec, .noFollow],
            permissions: [.ownerReadWrite])
        defer { try? log.close() }
        var options = PlatformOptions()
        // A process group of its own: Ctrl-C in the terminal reaches `up` alone, which stops its children in order.
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: plan.drainTime)]
        let result = try await Subprocess.run(
            .path(FilePath(plan.executable)), arguments: ["run", "--config", plan.configuration],
            platformOptions: options, input: .none,
            output: .fileDescriptor(log, closeAfterSpawningProcess: false),
            error: .fileDescriptor(log, closeAfterSpawningProcess: false)
        ) { execution in
            onStart(execution.processIdentifier.value)
        }
        return "\(result.terminationStatus)"
    }

    /// Runs `body` beside supervised children, and stops them when it ends, however it ends.
    static func with<Value: Sendable>(
        _ supervisors: [Supervisor], _ body: () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for supervisor in supervisors { group.addTask { await supervisor.run() } }
            // Leaving the group, by return or error, waits for the children to end.
            defer { group.cancelAll() }
            return try await body()
        }
    }
}
