import CollectorCore
import Foundation
import Settings
import Telemetry
import TestSupport
import Testing
import UsageModel

@testable import Collector

/// Ids in followed files, and records that one id has several of, with real files.
@Suite struct RepeatsTests {
    private static func yaml(_ directory: String, _ more: String = "") -> String {
        "sources: {log: {type: file, paths: ['\(directory)/app.log*']\(more)}}\n"
    }

    /// What a new process over the directory reads and seals, with everything that was sealed before.
    private func totals(_ directory: String, _ yaml: String) async throws -> SealedTotals {
        let rig = try await Rig.open(directory, yaml)
        await rig.readAll()
        await rig.seal()
        return try await rig.sealedTotals()
    }

    @Test func `an id that comes again in a file counts once, before and after a seal and a restart`() async throws {
        try await ScratchDirectory.with("repeats") { directory in
            let yaml = Self.yaml(directory)
            let log = "\(directory)/app.log"
            try LogFile.append(Lines.event(id: "a", input: 1) + Lines.event(id: "a", input: 1), to: log)
            #expect(try await totals(directory, yaml).counts.input == 1)
            // Not sealed when the process ends: the write-ahead record has it.
            do {
                let rig = try await Rig.open(directory, yaml)
                try LogFile.append(Lines.event(id: "b", input: 2) + Lines.event(id: "a", input: 1), to: log)
                await rig.readAll()
            }
            try LogFile.append(Lines.event(id: "b", input: 2) + Lines.event(input: 4), to: "\(log).copy")
            let totals = try await totals(directory, yaml)
            #expect(totals.counts.input == 7)
            #expect(totals.events == 3)
        }
    }

    @Test func `duplicates of files are told in the metrics`() async throws {
        try await ScratchDirectory.with("repeats") { directory in
            let rig = try await Rig.open(directory, Self.yaml(directory))
            try LogFile.append(String(repeating: Lines.event(id: "a"), count: 3), to: "\(directory)/app.log")
            await rig.readAll()
            let text = rig.parts.metrics.registry.render()
            #expect(text.contains(#"steelyard_collector_duplicate_events_total{source="log"} 2"#))
            #expect(text.contains(#"steelyard_collector_events_total{source="log"} 1"#))
        }
    }

    @Test(arguments: [["gzip", "-c"], ["zstd", "-q", "-c"]])
    func `a compressed file's ids count, and one that lies beside what was read adds nothing`(
        _ tool: [String]
    ) async throws {
        try await ScratchDirectory.with("repeats") { directory in
            let yaml = Self.yaml(directory)
            let text = (0..<2_000).map { Lines.event(id: "id-\($0)", input: 1) }.joined()
            let path = "\(directory)/app.log-1.\(tool[0] == "gzip" ? "gz" : "zst")"
            try LogFile.compress(Data((text + text).utf8), with: tool, to: path)
            let totals = try await totals(directory, yaml)
            #expect(totals.counts.input == 2_000 && totals.rejections.isEmpty)
            #expect(try await self.totals(directory, yaml).counts.input == 2_000)
        }
    }

    @Test func `a whole file's last record without line end has an id as well`() async throws {
        try await ScratchDirectory.with("repeats") { directory in
            let yaml = Self.yaml(directory, ", whole: true")
            let line = Lines.event(id: "a", input: 1)
            try LogFile.append(String(line.dropLast()), to: "\(directory)/app.log")
            #expect(try await totals(directory, yaml).counts.input == 1)
            try LogFile.append(Lines.event(input: 2) + String(line.dropLast()), to: "\(directory)/app.log-2")
            #expect(try await totals(directory, yaml).counts.input == 3)
        }
    }

    @Test func `running totals count as the greatest, taken back over batches`() async throws {
        try await ScratchDirectory.with("repeats") { directory in
            let yaml = Self.yaml(directory, ", repeats: last")
            for (input, right) in [(3, 3), (9, 9), (5, 9), (9, 9), (12, 12)] as [(Int, Int128)] {
                try LogFile.append(Lines.event(id: "a", input: input), to: "\(directory)/app.log")
                let totals = try await totals(directory, yaml)
                #expect(totals.counts.input == right && totals.counts.requests == 1, "\(input)")
            }
        }
    }

    @Test func `a record with an id may be longer than a chunk`() async throws {
        try await ScratchDirectory.with("repeats") { directory in
            let yaml = Self.yaml(directory, ", format: openai, openai: {id: [id]}")
            let prompt = String(repeating: "x", count: 900_000)
            let line =
                #"{"id":"a","ts":"2025-12-31T23:59:00Z","tenant":"t","model":"m","prompt":"\#(prompt)","usage":"#
                + #"{"prompt_tokens":1,"completion_tokens":0}}"# + "\n"
            try LogFile.append(line + line, to: "\(directory)/app.log")
            let totals = try await totals(directory, yaml)
            #expect(totals.counts.input == 1 && totals.events == 1)
        }
    }

    @Test func `very many short records that are refused fit into records of a bounded size`() async throws {
        try await ScratchDirectory.with("repeats") { directory in
            let yaml = Self.yaml(directory)
            let text = Lines.event(id: "a", input: 1) + String(repeating: "x\n", count: 60_000)
            try LogFile.append(text + Lines.event(id: "b", input: 2), to: "\(directory)/app.log")
            let totals = try await totals(directory, yaml)
            #expect(totals.counts.input == 3)
            #expect(totals.rejections == [.syntax: 60_000])
        }
    }

    @Test func `one line that is refused in very many pieces is passed over`() async throws {
        try await ScratchDirectory.with("repeats") { directory in
            let yaml = Self.yaml(directory)
            let line = "{" + String(repeating: "{}", count: 60_000) + "\n"
            try LogFile.append(
                Lines.event(id: "a", input: 1) + line + Lines.event(id: "b", input: 2), to: "\(directory)/app.log")
            #expect(try await totals(directory, yaml).counts.input == 3)
            #expect(try await totals(directory, yaml).counts.input == 3)
        }
    }

    @Test(arguments: [
        (
            ", repeats: sum, id: {parts: [\(String(repeating: "x", count: 256))]}", "id.parts",
            "an ending is as long as an id may be"
        ),
        (", id: {parts: [-a]}", "id.parts", "is for repeats: sum"),
        (", content: replaced, repeats: last", "repeats", "is for files that grow"),
        (", content: replaced, id: {scope: collector}", "id.scope", "is for files that grow"),
        (", repeats: newest", "repeats", "once, last, sum"),
    ])
    func `what can't work is refused`(_ more: String, _ key: String, _ message: String) throws {
        let error = #expect(throws: SettingsError.self) {
            _ = try Rig.settings("/x", Self.yaml("/x", more))
        }
        let text = "\(String(describing: error))"
        #expect(text.contains("sources.log.\(key)") && text.contains(message), "\(text)")
    }

    @Test func `records of calls need ids that are remembered, also where the format says that they repeat`() throws {
        for source in ["repeats: last", "format: claude-code, tenant: t"] {
            let yaml = Self.yaml("/x", ", \(source)") + "deduplication: {horizon: 0s}\n"
            let error = #expect(throws: SettingsError.self) { _ = try Rig.settings("/x", yaml) }
            #expect("\(String(describing: error))".contains("deduplication.horizon"), "\(source)")
        }
        let error = #expect(throws: SettingsError.self) {
            _ = try Rig.settings("/x", "deduplication: {horizon: 1m, window: 2m}\n")
        }
        #expect("\(String(describing: error))".contains("deduplication.window"))
        let short = try Rig.settings("/x", "deduplication: {horizon: 1m}\n")
        #expect(short.deduplication.windowMilliseconds == 60_000)
        let claude = try Rig.settings("/x", Self.yaml("/x", ", format: claude-code, tenant: t"))
        #expect(claude.sources.first?.ids == IDRules(repeats: .last))
    }
}
