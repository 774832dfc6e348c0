internal import Foundation
internal import Identity
internal import Subprocess
internal import SystemPackage

/// The token with which the command line on this machine may do everything: made at the first start.
enum AdminToken {
    private static let maxOutputBytes = 64 << 10

    /// Makes the token unless its file is there. To replace a lost or leaked one, revoke it and delete the file.
    static func ensure(_ directory: DataDirectory, programs: Executables) async throws {
        guard !FileManager.default.fileExists(atPath: directory.adminToken) else { return }
        let result = try await Subprocess.run(
            .path(FilePath(programs.aggregator)),
            arguments: [
                "token", "create", "--config", directory.aggregatorConfiguration, "--role", "admin", "--note",
                "steelyard up",
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
