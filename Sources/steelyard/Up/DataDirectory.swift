internal import Foundation

/// Where `steelyard up` keeps everything, and where the other commands look for it.
struct DataDirectory: Sendable, Hashable {
    /// Absolute, without a trailing slash.
    let path: String

    init(_ path: String) {
        self.path = URL(fileURLWithPath: (path as NSString).expandingTildeInPath).standardizedFileURL.path
    }

    /// The directory used where none is named: `STEELYARD_DATA`, else `/var/lib/steelyard` for root (an unprivileged
    /// user, whom PostgreSQL needs, can't enter root's home), else `~/.local/share/steelyard`.
    static func standard(
        environment: [String: String] = ProcessInfo.processInfo.environment, isRoot: Bool = geteuid() == 0
    ) -> DataDirectory {
        if let named = environment["STEELYARD_DATA"], !named.isEmpty { return DataDirectory(named) }
        return DataDirectory(isRoot ? "/var/lib/steelyard" : "~/.local/share/steelyard")
    }

    var lock: String { "\(path)/up.lock" }
    var state: String { "\(path)/up.json" }
    var authority: String { "\(path)/ca" }
    var postgres: String { "\(path)/postgres" }
    var postgresLog: String { "\(postgres)/postgres.log" }
    var logs: String { "\(path)/logs" }
    var adminToken: String { "\(path)/tokens/admin.token" }
    var aggregatorConfiguration: String { "\(path)/config/aggregator.yaml" }
    var aggregatorListening: String { "\(path)/aggregator/listening.json" }

    func collectorConfiguration(_ provider: String) -> String { "\(path)/config/collector-\(provider).yaml" }
    func collectorData(_ provider: String) -> String { "\(path)/collectors/\(provider)" }
    func collectorListening(_ provider: String) -> String { "\(collectorData(provider))/listening.json" }
    func log(_ name: String) -> String { "\(logs)/\(name).log" }

    /// Makes the directories that must be there before anything starts. The data directory itself may be entered by the
    /// user that PostgreSQL runs as; keys, tokens and configuration are in directories that may not.
    func prepare() throws {
        let manager = FileManager.default
        try manager.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        for name in ["ca", "config", "logs", "tokens", "aggregator", "collectors"] {
            try manager.createDirectory(
                atPath: "\(path)/\(name)", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
    }
}
