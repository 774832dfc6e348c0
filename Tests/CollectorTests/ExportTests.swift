import CollectorCore
import Foundation
import Settings
import Telemetry
import TestSupport
import Testing
import UsageModel

@testable import Collector

/// `content: replaced` by a whole collector over real files.
@Suite struct ExportTests {
    private func sources(_ more: String = "") -> String {
        """
        sources:
          bill:
            type: file
            paths: ['exports/*.csv', 'exports/*.csv.gz']
            content: replaced
            format: mapped
            layout: csv
            fields: {time: day, tenant: customer, model: product, input-tokens: in, output-tokens: out}
        \(more)
        """
    }

    /// An export with a row for each number of tokens.
    private func export(_ tokens: [Int]) -> String {
        "day,customer,product,in,out\n"
            + tokens.enumerated().map { "2025-12-31T0\($0.offset % 10):00:00Z,acme,m,\($0.element),0\n" }.joined()
    }

    /// Reads what has settled, and seals it.
    private func read(_ rig: Rig) async {
        await rig.readAll()
        rig.clock.advance(by: .seconds(11))
        await rig.readAll()
        await rig.seal()
    }

    private func inDirectory(_ body: (_ directory: String, _ path: String) async throws -> Void) async throws {
        try await ScratchDirectory.with("exports") { directory in
            try FileManager.default.createDirectory(
                atPath: "\(directory)/exports", withIntermediateDirectories: true)
            try await body(directory, "\(directory)/exports/month.csv")
        }
    }

    @Test func `versions count in the place of each other, in place, renamed over, and after a kill`() async throws {
        try await inDirectory { directory, path in
            let clock = HandClock()
            var expected: Int128 = 0
            for (index, tokens) in [[1, 2, 4], [1, 2, 4, 8], [1, 16, 4], [100]].enumerated() {
                // Each by a process of its own; the one before was killed.
                let rig = try await Rig.open(directory, sources(), clock: clock)
                if index % 2 == 0 {
                    try Data(export(tokens).utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
                } else {
                    if FileManager.default.fileExists(atPath: path) { try LogFile.truncate(path) }
                    try LogFile.append(export(tokens), to: path)
                }
                await read(rig)
                expected = Int128(tokens.reduce(0, +))
                #expect(try await rig.sealedTotals().counts.input == expected)
                #expect(rig.parts.metrics.registry.render().contains("counted_versions_total 1\n"))
                await read(rig)
                #expect(try await rig.sealedTotals().counts.input == expected)
            }
            let kept = try FileManager.default.contentsOfDirectory(atPath: "\(directory)/data/versions")
            #expect(kept.count <= 2, "\(kept)")
        }
    }

    @Test func `what it is compressed to goes on for it`() async throws {
        try await inDirectory { directory, path in
            let rig = try await Rig.open(directory, sources())
            try LogFile.append(export([1, 2, 4]), to: path)
            await read(rig)
            try LogFile.compress(Data(export([1, 2, 4]).utf8), with: ["gzip", "-c"], to: path + ".gz")
            await read(rig)
            try FileManager.default.removeItem(atPath: path)
            await read(rig)
            #expect(try await rig.sealedTotals().counts.input == 7)
            try LogFile.compress(Data(export([1, 2, 8]).utf8), with: ["gzip", "-c"], to: path + ".gz")
            await read(rig)
            #expect(try await rig.sealedTotals().counts.input == 11)
        }
    }

    @Test func `a version that is damaged is told in readiness and metrics, and takes nothing away`() async throws {
        try await inDirectory { directory, path in
            let rig = try await Rig.open(directory, sources())
            try LogFile.append(export([1, 2, 4]), to: path)
            await read(rig)
            try LogFile.truncate(path)
            await read(rig)
            #expect(try await rig.sealedTotals().counts.input == 7)
            let problems = await rig.reader.problems()
            #expect(problems.map(\.reason) == [.versionHeld])
            #expect(problems.first?.detail.contains("month.csv: no record") == true, "\(problems)")
            #expect(rig.parts.metrics.registry.render().contains("held_versions_total 1\n"))
            try LogFile.append(export([1, 2]), to: path)
            await read(rig)
            #expect(try await rig.sealedTotals().counts.input == 3)
            #expect(await rig.reader.problems().isEmpty)
        }
    }

    @Test func `refused records count once the configuration can read them, without requeue`() async throws {
        try await inDirectory { directory, path in
            let clock = HandClock()
            try LogFile.append(export([1]) + "2025-12-31T09:00:00Z,acme,m,\"1,200\",0\n", to: path)
            let before = try await Rig.open(directory, sources(), clock: clock)
            await read(before)
            #expect(try await before.sealedTotals().counts.input == 1)
            #expect(try LogFile.quarantined(directory).count == 1)
            await read(before)
            #expect(try LogFile.quarantined(directory).count == 1)
            let settings = try Rig.settings(directory, sources("    thousands-separator: comma"))
            await before.reader.reload(settings)
            await read(before)
            #expect(try await before.sealedTotals().counts.input == 1_201)
            let requeuer = Requeuer(writer: before.writer, parts: before.parts, readAgain: { settings })
            await #expect(throws: Requeuer.Refusal.readsWholeVersions) {
                try await requeuer.run(RequeueRequest(source: "bill"))
            }
        }
    }

    @Test func `settings of files that grow are refused for exports, and the other way round`() throws {
        for (lines, key) in [
            ("content: replaced\n    whole: true", "sources.a.whole"),
            ("content: replaced\n    olddir: ['old']", "sources.a.olddir"),
            ("content: replaced\n    read-from: end", "sources.a.read-from"),
            ("settles-after: 5s", "sources.a.settles-after"), ("next-period: count", "sources.a.next-period"),
            ("content: other", "sources.a.content"),
        ] {
            let problems = try #require(throws: SettingsError.self) {
                try Rig.settings("/nowhere", "sources:\n  a:\n    type: file\n    paths: ['x']\n    \(lines)\n")
            }
            #expect("\(problems)".contains(key), "\(problems)")
        }
    }

    @Test func `status says how many records of a source were not for counting`() async throws {
        try await inDirectory { directory, path in
            let rig = try await Rig.open(directory, sources("    except: [\"in = 2\"]"))
            try LogFile.append(export([1, 2, 2, 0]), to: path)
            await read(rig)
            let readiness = Readiness(
                intakeSwitch: rig.parts.intakeSwitch, board: rig.board, ignored: rig.parts.metrics.ignoredRecords,
                nowMilliseconds: 0, provider: "p", collector: "c", version: "1")
            #expect(
                readiness.ignored == [
                    Readiness.Ignored(source: "bill", reason: "filtered", records: 2),
                    Readiness.Ignored(source: "bill", reason: "no-usage", records: 1),
                ])
            #expect(CollectorStatus.table(readiness).contains("2 records of bill: filtered"))
            let json = Data(CollectorStatus.json(readiness).utf8)
            #expect(try JSONDecoder().decode(Readiness.self, from: json).ignored == readiness.ignored)
        }
    }
}
