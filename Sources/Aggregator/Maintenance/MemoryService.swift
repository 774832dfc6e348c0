internal import DaemonSupport
internal import ServiceLifecycle

/// Gives memory that nothing uses any more back to the system, so that what batches, segments and answers took at their
/// peak isn't kept while little happens.
struct MemoryService: Service {
    /// How often: looking costs about a millisecond.
    static let interval = Duration.seconds(15)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.interval)
                ProcessMemory.giveBack()
            }
        }
    }
}
