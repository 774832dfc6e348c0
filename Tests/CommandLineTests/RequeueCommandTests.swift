import Foundation
import Testing

/// A collector that runs, whose configuration is repaired: what it refused counts, once.
@Suite struct RequeueCommandTests {
    private func configuration(_ scratch: String, gateway: String) -> String {
        """
        provider: p
        collector: c
        data: \(scratch)/data
        listen: 127.0.0.1:0
        window: {back: 36500d}
        sources:
          gateway: {type: http, format: openai, openai: {tenant: [\(gateway)]}}
        """
    }

    @Test func `a running collector reads refused records again as the file says now`() async throws {
        try await withScratchDirectory("requeue") { scratch in
            let file = "\(scratch)/c.yaml"
            func write(_ text: String) throws {
                try text.write(toFile: file, atomically: true, encoding: .utf8)
            }
            func collector(_ arguments: String...) async throws -> Outcome {
                try await Program.run("steelyard-collector", list: arguments + ["--config", file])
            }
            try write(configuration(scratch, gateway: "wrong"))
            let before = try await collector("requeue", "--source", "gateway")
            #expect(before.exitCode == 1)
            #expect(before.errors.contains("no collector is running"))

            let process = Process()
            process.executableURL = URL(fileURLWithPath: Built.program("steelyard-collector"))
            process.arguments = ["run", "--config", file]
            process.standardError = FileHandle.nullDevice
            try process.run()
            defer { process.terminate() }
            let listening = "\(scratch)/data/listening.json"
            try await eventually("it listens") { FileManager.default.fileExists(atPath: listening) }
            let addresses = try JSONDecoder().decode(
                [String: String].self, from: Data(contentsOf: URL(fileURLWithPath: listening)))
            let record =
                #"{"created":1748736000,"team":"t","model":"m","usage":{"prompt_tokens":9,"completion_tokens":1}}"#
            let pushed = try await Program.run(
                path: "/usr/bin/env",
                list: [
                    "curl", "--silent", "--header", "Content-Type: application/x-ndjson", "--data-binary", record,
                    "http://\(addresses["http"] ?? "")/v1/events/gateway",
                ])
            #expect(pushed.output.contains("all-rejected"), "\(pushed.output)")
            let status = try await collector("status")
            #expect(status.exitCode == 0)
            #expect(status.output.contains("missing-field (wrong)"), "\(status.output)")
            #expect(status.output.contains(#"{"created":1748736000,"team":"…","model":"…""#), "\(status.output)")

            try write(configuration(scratch, gateway: "team"))
            for (source, reason, code) in [("nosuch", nil, 64), ("gateway", "nonsense", 64)]
                as [(String, String?, Int32)]
            {
                let arguments = ["requeue", "--source", source] + (reason.map { ["--reason", $0] } ?? [])
                let refused = try await Program.run("steelyard-collector", list: arguments + ["--config", file])
                #expect(refused.exitCode == code, "\(refused.errors)")
            }
            let counted = try await collector("requeue", "--source", "gateway", "--since", "1h")
            #expect(counted.exitCode == 0, "\(counted.errors)")
            #expect(counted.output.contains("counted           1\n"), "\(counted.output)")
            let again = try await collector("requeue", "--source", "gateway")
            #expect(again.output.contains("counted           0\n"), "\(again.output)")
        }
    }
}
