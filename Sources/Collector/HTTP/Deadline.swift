/// Runs work for at most so long.
enum Deadline {
    /// The work's result, or `nil` where the time was over first; the work is then cancelled.
    static func run<Result: Sendable>(
        within duration: Duration, _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result? {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: duration)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}
