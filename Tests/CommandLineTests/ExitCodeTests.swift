import Foundation
import Identity
import Testing
import UsageModel

@testable import steelyard

@Suite struct ExitCodeTests {
    @Test func `help and version are successes`() async throws {
        let help = try await Program.run("--help")
        #expect(help.exitCode == 0)
        #expect(help.output.contains("Exit codes: 0 done, 1 failed"))
        let commands = [
            "up", "usage", "share", "rank", "trend", "growth", "bridge", "concentration", "peak", "coverage", "export",
            "close", "statement", "collectors", "scope", "tenants", "facts", "token", "ca", "simulate",
        ]
        for command in commands {
            #expect(help.output.contains("  \(command) "), "\(command) is in the help")
            #expect(try await Program.run(command, "--help").exitCode == 0)
        }
        let version = try await Program.run("--version")
        #expect(version.exitCode == 0)
        #expect(version.output == SoftwareVersion.text + "\n")
    }

    @Test(arguments: [
        ["nonsense"], ["usage"], ["usage", "--period", "2025", "--from", "2025-01-01"], ["share", "--nonsense"],
        ["share", "--period", "2025", "--format", "xml"],
        ["share", "--period", "2025", "--format", "csv", "--scope", "idc", "--scope", "all-traffic"],
        ["share", "--period", "2025", "--format", "json", "--scope", "idc,all-traffic"],
        ["share", "--period", "2025", "--scope", "idc,"], ["rank", "--period", "2025", "--scope", "idc,idc"],
        ["trend", "--period", "2025", "--format", "csv", "--scope", "idc,all-traffic"],
        ["growth", "2024", "2025", "--format", "json", "--scope", "idc", "--scope", "all-traffic"],
        ["concentration", "--period", "2025", "--scope", "idc,idc"],
        ["token", "create", "--role", "king"], ["simulate"], ["simulate", "--to", "http://127.0.0.1:1"],
        ["simulate", "--out", "-", "--into-up"], ["simulate", "--out", "-", "--market", "/nowhere.yaml"],
        ["up", "--provider", "Bad_Name"], ["up", "--zone", "Mars/Olympus"], ["up", "--window-back", "soon"],
        ["up", "--window-back", "36501d"], ["up", "--window-back", "59s"], ["up", "--window-back", "+5d"],
        ["up", "--provider", "a", "--provider", "a"], ["close"], ["close", "2025"], ["close", "June"],
        ["close", "2025-06", "--override-reason", " "], ["close", "2025-06", "--format", "csv"],
        ["statement", "show", "2025-Q2", "--scope", "idc"], ["statement", "show", "x"],
        ["statement", "show", "7", "--scope", "idc"],
        ["statement", "show", "7", "--canonical", "--restated"], ["statement", "withdraw", "7"],
        ["statement", "verify", "7", "--sha256", "00"], ["statement", "list", "--month", "x"],
        ["statement", "verify", "2025-06", "--sha256", String(repeating: "g", count: 64)],
        ["export", "monthly-share", "--month", "2025-06-01"],
    ])
    func `wrong arguments end with 2`(_ arguments: [String]) async throws {
        let outcome = try await Program.run(list: arguments)
        #expect(outcome.exitCode == 2)
        #expect(outcome.output.isEmpty, "standard output is for answers")
        #expect(!outcome.errors.isEmpty)
    }

    @Test func `a day in place of a month is told what to write`() async throws {
        for arguments in [
            ["export", "monthly-share", "--month", "2025-06-01"], ["statement", "list", "--month", "2025-06-01"],
            ["close", "2025-06-01"],
        ] {
            let outcome = try await Program.run(list: arguments)
            #expect(outcome.errors.contains("Write 2025-06 for the month of 2025-06-01."), "\(outcome.errors)")
        }
    }

    @Test func `nothing listening ends with 4`() async throws {
        try await withScratchDirectory("unreachable") { scratch in
            guard let port = ListeningSocket(port: 0)?.port else { throw CocoaError(.fileNoSuchFile) }
            let token = scratch + "/token"
            try PrivateFile.write("sy_a_b\n", to: token, for: .ownerOnly, overwriting: false)
            let outcome = try await Program.run(
                "share", "--period", "2025-H1", "--url", "http://127.0.0.1:\(port)", "--token-file", token)
            #expect(outcome.exitCode == 4)
            #expect(outcome.errors.contains("http://127.0.0.1:\(port)"))
        }
    }

    @Test func `a missing token ends with 1 and says what to do`() async throws {
        try await withScratchDirectory("no-token") { scratch in
            let outcome = try await Program.run("collectors", "--data", scratch)
            #expect(outcome.exitCode == 1)
            #expect(outcome.errors.contains("steelyard up"))
        }
    }

    @Test func `a bad registry ends with 5 and every line`() async throws {
        try await withScratchDirectory("registry") { scratch in
            let file = scratch + "/tenants.csv"
            try PrivateFile.write(
                """
                provider,tenant,kind,legal_entity,effective_from,effective_to,reason
                aliyun,acme,external-customer,Acme Ltd,2025-01-01,,contract
                aliyun,beta,extern,Beta Ltd,2025-01-01,,contract
                aliyun,gamma,trial,Gamma Ltd,2025-02-30,,contract

                """, to: file, for: .everybody, overwriting: false)
            let outcome = try await Program.run("tenants", "import", file, "--dry-run")
            #expect(outcome.exitCode == 5)
            #expect(outcome.errors.contains("line 3"))
            #expect(outcome.errors.contains("line 4"))
            #expect(!outcome.errors.contains("line 2"))
        }
    }

    @Test func `no installation to feed ends with 4`() async throws {
        try await withScratchDirectory("no-up") { scratch in
            let outcome = try await Program.run("simulate", "--into-up", "--data", scratch)
            #expect(outcome.exitCode == 4)
        }
    }
}
