import Foundation
import Identity
import Testing

@testable import steelyard

/// What `up` refuses to work in: see `TrustedDirectoryTests` for each way.
@Suite struct DataDirectoryTests {
    private static let names = ["ca", "config", "logs", "tokens", "aggregator", "collectors"]

    private func refusal(_ directory: DataDirectory) -> IdentityError? {
        do throws(IdentityError) {
            try directory.prepare()
            return nil
        } catch {
            return error
        }
    }

    @Test func `is made for its owner alone, but for the way to PostgreSQL`() async throws {
        try await withScratchDirectory("data") { scratch in
            let directory = DataDirectory(scratch + "/data")
            try directory.prepare()
            try directory.prepare()
            for (path, mode) in [("", 0o755)] + Self.names.map({ ("/\($0)", 0o700) }) {
                let found =
                    try FileManager.default.attributesOfItem(atPath: directory.path + path)[.posixPermissions]
                    as? NSNumber
                #expect(found?.intValue == mode, "\(path)")
            }
        }
    }

    @Test func `refuses each directory that others can write to, and each that is a link`() async throws {
        try await withScratchDirectory("data") { scratch in
            let directory = DataDirectory(scratch + "/data")
            try directory.prepare()
            for name in [""] + Self.names.map({ "/\($0)" }) {
                let path = directory.path + name
                let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
                try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: path)
                let found = try #require(refusal(directory), "\(path)")
                #expect(found.message.hasPrefix("\(path) (owner "), "\(found)")
                #expect(found.message.contains("mode 0777"), "\(found)")
                try FileManager.default.setAttributes([.posixPermissions: mode?.intValue ?? 0], ofItemAtPath: path)
                guard !name.isEmpty else { continue }
                try FileManager.default.moveItem(atPath: path, toPath: scratch + "/moved")
                try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: scratch + "/moved")
                #expect(refusal(directory)?.message.contains("is a symbolic link") == true, "\(path)")
                try FileManager.default.removeItem(atPath: path)
                try FileManager.default.moveItem(atPath: scratch + "/moved", toPath: path)
            }
            #expect(refusal(directory) == nil)
        }
    }

    @Test func `refuses links in the place of its files`() async throws {
        try await withScratchDirectory("data") { scratch in
            let directory = DataDirectory(scratch + "/data")
            try directory.prepare()
            for path in [
                directory.lock, directory.state, directory.adminToken, directory.log("aggregator"),
                directory.authority + "/ca.pem", directory.aggregatorConfiguration,
            ] {
                try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: scratch + "/target")
                #expect(refusal(directory)?.message.hasPrefix(path) == true, "\(path)")
                try FileManager.default.removeItem(atPath: path)
            }
            #expect(!FileManager.default.fileExists(atPath: scratch + "/target"))
        }
    }

    @Test func `up says so and ends with 1`() async throws {
        try await withScratchDirectory("data") { scratch in
            let path = scratch + "/data"
            try DataDirectory(path).prepare()
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: path + "/ca")
            let outcome = try await Program.run("up", "--data", path, "--port-base", "0")
            #expect(outcome.exitCode == 1)
            #expect(outcome.errors.contains("\(path)/ca (owner ") && outcome.errors.contains("mode 0777"))
        }
    }
}
