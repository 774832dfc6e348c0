import Foundation
import Testing

/// `steelyard-collector try`: what each record of a sample becomes, field by field, or why it counts nothing.
@Suite struct TryCommandTests {
    private static let configuration = """
        provider: p
        collector: c
        data: DIRECTORY/data
        region: north
        window: {back: 36500d}
        sources:
          gateway:
            type: file
            paths: [DIRECTORY/*.log]
            wrapping: [cri]
            format: openai
            openai: {tenant: [team]}
            except: [error]
          bill:
            type: file
            paths: [DIRECTORY/*.csv]
            content: replaced
            format: mapped
            layout: csv
            csv: {delimiter: ";"}
            fields: {time: day, tenant: customer, model: product, input-tokens: in, output-tokens: out}

        """

    private func with(
        _ body: (_ run: (String...) async throws -> Outcome, _ write: (String, String) throws -> String) async throws ->
            Void
    ) async throws {
        try await withScratchDirectory("try") { scratch in
            let file = "\(scratch)/c.yaml"
            try Self.configuration.replacing("DIRECTORY", with: scratch)
                .write(toFile: file, atomically: true, encoding: .utf8)
            try await body(
                { (arguments: String...) in
                    try await Program.run("steelyard-collector", list: ["try", "--config", file] + arguments)
                },
                { name, text in
                    try text.write(toFile: "\(scratch)/\(name)", atomically: true, encoding: .utf8)
                    return "\(scratch)/\(name)"
                })
            // Nothing is kept, written or sent.
            #expect(!FileManager.default.fileExists(atPath: "\(scratch)/data"))
        }
    }

    private static let log = """
        2026-06-01T02:00:05.1Z stdout F {"created":1780279205,"team":"acme","model":"gpt-4o","usage":{"prompt_tokens":9,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":4}}}
        2026-06-01T02:00:06.1Z stdout F {"created":1780279206,"team":"acme","model":"gpt-4o","error":"timeout"}
        2026-06-01T02:00:07.1Z stdout F {"created":1780279207,"model":"gpt-4o","usage":{"prompt_tokens":9,"completion_tokens":1}}
        2026-06-01T02:00:08.1Z stdout F {"created":1780279208,"team":"acme","model":"gpt-4o","usage":{"prompt_tokens":0,"completion_tokens":0}}

        """

    @Test func `each record of a sample is shown field by field, or why it counts nothing`() async throws {
        try await with { run, write in
            let sample = try write("sample.log", Self.log)
            let shown = try await run("--source", "gateway", sample)
            #expect(shown.exitCode == 0, "\(shown.errors)")
            #expect(
                shown.output == """
                    record 1: counted
                      minute                   2026-06-01T02:00Z
                      tenant                   acme
                      model                    gpt-4o
                      region                   north
                      layer                    maas
                      workload                 online
                      modality                 text
                      requests                 1
                      input_tokens             9
                      cached_input_tokens      4
                      output_tokens            1
                      reasoning_output_tokens  0
                    record 2, line 2: ignored
                      reason  filtered
                    record 3, line 3: rejected
                      reason  missing-field
                      field   team
                      detail  \(Self.missing(in: shown.output))
                    record 4, line 4: ignored
                      reason  no-usage
                    4 records: 1 counted, 2 ignored (1 filtered, 1 no-usage), 1 rejected

                    """)
        }
    }

    /// The sentence that is shown for the missing tenant, whose words are tested elsewhere.
    private static func missing(in output: String) -> String {
        output.split(separator: "\n").first { $0.hasPrefix("  detail  ") }.map { String($0.dropFirst(10)) } ?? "none"
    }

    @Test func `as JSON, one object stands for each record`() async throws {
        try await with { run, write in
            let sample = try write(
                "sample.csv", "day;customer;product;in;out\n2026-06-01T02:00:00Z;acme;m;12;3\nnever;acme;m;12;3\n")
            let shown = try await run("--source", "bill", "--json", sample)
            #expect(shown.exitCode == 0, "\(shown.errors)")
            let objects = try shown.output.split(separator: "\n").map {
                try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
            #expect(objects.map { $0["result"] as? String } == ["counted", "rejected"])
            #expect(objects.first?["input_tokens"] as? Int == 12)
            #expect(objects.first?["tenant"] as? String == "acme")
            #expect(objects.last?["reason"] as? String == "bad-time")
            #expect(objects.last?["line"] as? Int == 3)
        }
    }

    @Test func `a sample that is compressed is read, and what can't be is told`() async throws {
        try await with { run, write in
            let sample = try write("sample.log", Self.log)
            _ = try await Program.run(path: "/usr/bin/env", list: ["gzip", sample])
            let shown = try await run("--source", "gateway", sample + ".gz")
            #expect(shown.output.hasSuffix("1 counted, 2 ignored (1 filtered, 1 no-usage), 1 rejected\n"))
            for (source, file, text) in [
                ("nosuch", sample + ".gz", "there is no source nosuch; there are gateway, bill, http"),
                ("gateway", sample, "can't be opened"),
            ] {
                let refused = try await run("--source", source, file)
                #expect(refused.exitCode != 0)
                #expect(refused.errors.contains(text), "\(refused.errors)")
            }
        }
    }
}
