internal import Foundation
internal import Identity
internal import Subprocess
internal import SystemPackage

/// The token with which the command line on this machine may do everything but close months: made at the first start,
/// and made anew when half of its time is over, at a start or while it runs.
enum AdminToken {
    private static let maxOutputBytes = 64 << 10
    /// How long a token works; as long as any for which nothing else is said.
    private static let days = 90
    /// The age of the file at which another token is made, in seconds: half of the token's time.
    static let renewalSeconds: TimeInterval = Double(days) / 2 * 86_400
    /// How often a running `up` looks.
    static let checkInterval = Duration.seconds(86_400)

    /// Makes the token unless its file is there and young. The one before ends by itself; to replace a lost or leaked
    /// one, revoke it and delete the file.
    static func ensure(_ directory: DataDirectory, programs: Executables, now: Date = Date()) async throws {
        let attributes = try? FileManager.default.attributesOfItem(atPath: directory.adminToken)
        if let made = attributes?[.modificationDate] as? Date, now.timeIntervalSince(made) < renewalSeconds { return }
        let result = try await Subprocess.run(
            .path(FilePath(programs.aggregator)),
            arguments: [
                "token", "create", "--config", directory.aggregatorConfiguration, "--role", "admin", "--note",
                "steelyard up", "--expires", "\(days)d",
            ],
            output: .string(limit: maxOutputBytes), error: .string(limit: maxOutputBytes))
        let token = result.standardOutput.split(separator: "\n").map(String.init).last { $0.hasPrefix("sy_") }
        guard result.terminationStatus.isSuccess, let token else {
            throw CommandError(
                .failure, "the admin token can't be made: \(result.standardError.prefix(2_000))".trimmed)
        }
        try PrivateFile.write(token + "\n", to: directory.adminToken, for: .ownerOnly, overwriting: true)
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
