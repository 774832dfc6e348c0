internal import Foundation

/// Deals with the children of an `up` that was killed: they run on, hold ports and spools, and must end before new ones
/// start.
enum OrphanCleanup {
    /// How long a leftover gets to drain after SIGTERM before it is killed.
    static let patience = Duration.seconds(20)
    private static let pollInterval = Duration.milliseconds(50)

    /// Stops the children that `state` names and that are still the processes it means. Collectors go first, so that
    /// they can still ship.
    ///
    /// - Returns: the names of what was stopped.
    static func stop(_ state: UpState) async throws -> [String] {
        var stopped: [String] = []
        let inOrder =
            state.children.filter { $0.name != "aggregator" } + state.children.filter { $0.name == "aggregator" }
        for child in inOrder where isOurs(child) {
            kill(child.pid, SIGTERM)
            let deadline = ContinuousClock.now + patience
            while isOurs(child), ContinuousClock.now < deadline { try await Task.sleep(for: pollInterval) }
            if isOurs(child) { kill(child.pid, SIGKILL) }
            while isOurs(child) { try await Task.sleep(for: pollInterval) }
            stopped.append(child.name)
        }
        return stopped
    }

    /// Whether the recorded process still runs one of our programs with the recorded configuration file. A process id
    /// alone proves nothing: it may have been given to somebody else since.
    static func isOurs(_ child: UpState.Child) -> Bool {
        guard let raw = FileManager.default.contents(atPath: "/proc/\(child.pid)/cmdline"), !raw.isEmpty else {
            return false
        }
        let arguments = raw.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        guard let program = arguments.first.map({ ($0 as NSString).lastPathComponent }) else { return false }
        return ["steelyard-aggregator", "steelyard-collector"].contains(program)
            && arguments.contains(child.configuration)
    }
}
