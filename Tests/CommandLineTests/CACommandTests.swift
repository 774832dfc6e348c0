import Foundation
import Identity
import Testing
import UsageModel

@testable import steelyard

@Suite struct CACommandTests {
    @Test func `makes an authority and issues under it`() async throws {
        try await withScratchDirectory("ca") { scratch in
            let directory = scratch + "/pki"
            #expect(
                try await Program.run("ca", "init", "--dir", directory, "--trust-domain", "example.org").exitCode == 0)
            let collector = try await Program.run(
                "ca", "issue", "--dir", directory, "--provider", "aliyun", "--collector", "hz-1")
            #expect(collector.exitCode == 0)
            #expect(collector.output == "\(directory)/aliyun-hz-1.pem\n\(directory)/aliyun-hz-1-key.pem\n")
            let pem = try String(contentsOfFile: directory + "/aliyun-hz-1.pem", encoding: .utf8)
            #expect(
                try CollectorIdentity(certificatePEM: pem)
                    == CollectorIdentity(trustDomain: "example.org", provider: "aliyun", name: "hz-1"))
            let server = try await Program.run(
                "ca", "issue", "--dir", directory, "--server", "ingest.example.org", "--server", "10.0.0.7")
            #expect(server.exitCode == 0)
            #expect(FileManager.default.fileExists(atPath: directory + "/ingest.example.org-key.pem"))
        }
    }

    @Test func `overwrites only when forced`() async throws {
        try await withScratchDirectory("ca-force") { scratch in
            #expect(try await Program.run("ca", "init", "--dir", scratch).exitCode == 0)
            let again = try await Program.run("ca", "init", "--dir", scratch)
            #expect(again.exitCode == 1)
            #expect(again.errors.contains("--force"))
            #expect(try await Program.run("ca", "init", "--dir", scratch, "--force").exitCode == 0)
        }
    }

    @Test func `a certificate holds for a day at least and no longer than its authority`() async throws {
        try await withScratchDirectory("ca-days") { scratch in
            for days in ["0", "-1", "10951"] {
                let none = try await Program.run("ca", "init", "--dir", scratch, "--days=\(days)")
                #expect(none.exitCode == 2)
                #expect(none.errors.contains("--days must lie between 1 and 10950"), "\(none.errors)")
            }
            #expect(try await Program.run("ca", "init", "--dir", scratch, "--days", "30").exitCode == 0)
            let issue = ["ca", "issue", "--dir", scratch, "--server", "a.example"]
            #expect(try await Program.run(list: issue + ["--days", "0"]).exitCode == 2)
            let refused = try await Program.run(list: issue + ["--days", "31"])
            #expect(refused.exitCode == 1)
            #expect(refused.errors.contains("would outlive its authority"), "\(refused.errors)")
            // Times in certificates are whole seconds: at first there may still be 30 days.
            #expect(
                ["at most 29 days", "at most 30 days"].contains { refused.errors.contains($0) }, "\(refused.errors)")
            #expect(!FileManager.default.fileExists(atPath: scratch + "/a.example.pem"))
            #expect(try await Program.run(list: issue + ["--days", "29"]).exitCode == 0)
            // Ninety days by default, or as long as the authority holds.
            #expect(try await Program.run(list: issue + ["--force"]).exitCode == 0)
        }
    }

    @Test func `says what is missing or wrong`() async throws {
        try await withScratchDirectory("ca-wrong") { scratch in
            let none = try await Program.run("ca", "issue", "--dir", scratch, "--server", "a.example")
            #expect(none.exitCode == 1)
            #expect(none.errors.contains("steelyard ca init"))
            #expect(try await Program.run("ca", "init", "--dir", scratch).exitCode == 0)
            let both = try await Program.run(
                "ca", "issue", "--dir", scratch, "--server", "a.example", "--provider", "aliyun", "--collector", "a")
            #expect(both.exitCode == 2)
            let domain = try await Program.run(
                "ca", "issue", "--dir", scratch, "--provider", "aliyun", "--collector", "a", "--trust-domain", "other")
            #expect(domain.exitCode == 2)
        }
    }

    @Test func `issues nothing over the authority, forced or not`() async throws {
        try await withScratchDirectory("ca-over") { scratch in
            #expect(try await Program.run("ca", "init", "--dir", scratch).exitCode == 0)
            let files = ["/ca.pem", "/ca-key.pem"].map { scratch + $0 }
            let before = try files.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
            for names in [
                ["--server", "ca"], ["--server", "ca-key"], ["--provider", "ca", "--collector", "key"],
                ["--server", "../ca"], ["--server", "/ca"], ["--provider", "..", "--collector", "ca"],
            ] {
                for force in [[], ["--force"]] {
                    let outcome = try await Program.run(list: ["ca", "issue", "--dir", scratch] + names + force)
                    #expect(outcome.exitCode != 0 && !outcome.errors.isEmpty, "\(names)")
                }
            }
            #expect(try files.map { try Data(contentsOf: URL(fileURLWithPath: $0)) } == before)
            #expect(try FileManager.default.contentsOfDirectory(atPath: scratch).count == 2)
        }
    }
}
