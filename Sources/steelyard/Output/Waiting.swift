/// Shows on a terminal that something with no measure of progress is still being waited for.
enum Waiting {
    private static let tick = Duration.milliseconds(200)

    /// Runs `work`; from two seconds on, tells how many seconds it has taken.
    static func `for`<Value: Sendable>(
        _ label: String, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let bar = ProgressBar(label, unit: " s")
        defer { bar.finish() }
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                let started = ContinuousClock.now
                while !Task.isCancelled {
                    try? await Task.sleep(for: tick)
                    bar.update(seconds: (ContinuousClock.now - started).components.seconds)
                }
                return nil
            }
            defer { group.cancelAll() }
            while let next = try await group.next() {
                if let value = next { return value }
            }
            throw CancellationError()
        }
    }
}

extension ProgressBar {
    /// Says how long something without a measure has taken.
    func update(seconds: Int64) {
        update(done: Int(seconds))
    }
}
