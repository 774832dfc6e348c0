internal import Foundation
internal import Identity

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
    ///
    /// Whoever could write to one of them, or put a link in the place of a file, would have this user's programs use
    /// keys and write files of their choice: what others can change, or have made, is refused. So is everything that is
    /// in them already, since it may come from a time when others could.
    ///
    /// - Throws: ``IdentityError`` that names path, owner, mode and remedy.
    func prepare() throws(IdentityError) {
        try TrustedDirectory.make(path, mode: 0o755, isExclusive: true)
        for name in ["ca", "config", "logs", "tokens", "aggregator", "collectors"] {
            try TrustedDirectory.make("\(path)/\(name)", mode: 0o700, isExclusive: true)
            try TrustedDirectory.checkEntries(of: "\(path)/\(name)")
        }
        for file in [lock, state] { try TrustedDirectory.checkFile(file) }
    }
}
