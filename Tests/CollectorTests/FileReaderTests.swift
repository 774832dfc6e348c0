import CollectorCore
import Foundation
import Telemetry
import TestSupport
import Testing
import UsageModel

@testable import Collector

@Suite struct FileReaderTests {
    private func sources(_ extra: String = "", paths: String = "logs/*.log") -> String {
        "sources:\n  app:\n    type: file\n    paths: ['\(paths)']\n\(extra)"
    }

    private func withLogs(_ body: (_ directory: String, _ log: String) async throws -> Void) async throws {
        try await ScratchDirectory.with("files") { directory in
            try FileManager.default.createDirectory(
                atPath: "\(directory)/logs", withIntermediateDirectories: true)
            try await body(directory, "\(directory)/logs/app.log")
        }
    }

    private func sum(_ range: Range<Int>) -> Int128 { range.reduce(0) { $0 + Int128($1) } }

    @Test func `a growing file is followed`() async throws {
        try await withLogs { directory, log in
            try LogFile.append(Lines.events(0..<50), to: log)
            let rig = try await Rig.open(directory, sources())
            await rig.readAll()
            try LogFile.append(Lines.events(50..<100), to: log)
            await rig.readAll()
            await rig.seal()
            let totals = try await rig.sealedTotals()
            #expect(totals.events == 100)
            #expect(totals.counts.input == sum(0..<100))
        }
    }

    @Test func `a batch carries the checkpoint of the lines that it has`() async throws {
        try await withLogs { directory, log in
            do {
                let rig = try await Rig.open(directory, sources(), sealRows: 1)
                try LogFile.append(Lines.events(0..<50), to: log)
                await rig.readAll()
                // Rotates what is there; these lines are in the open table while that is sealed.
                try LogFile.append(Lines.events(50..<100), to: log)
                await rig.readAll()
                await rig.writer.sealDue()
                #expect(try await rig.sealedTotals().events == 50)
            }
            let rig = try await Rig.open(directory, sources())
            await rig.readAll()
            await rig.seal()
            let totals = try await rig.sealedTotals()
            #expect(totals.events == 100)
            #expect(totals.counts.input == sum(0..<100))
        }
    }

    @Test func `a partial last line waits for its end`() async throws {
        try await withLogs { directory, log in
            let line = Lines.event(input: 5)
            try LogFile.append(String(line.dropLast(20)), to: log)
            let rig = try await Rig.open(directory, sources())
            await rig.readAll()
            #expect(rig.parts.accumulator.isEmpty)
            try LogFile.append(String(line.suffix(20)), to: log)
            await rig.readAll()
            await rig.seal()
            #expect(try await rig.sealedTotals().counts.input == 5)
        }
    }

    @Test func `a last line without end is taken after the idle time`() async throws {
        try await withLogs { directory, log in
            try LogFile.append(Lines.event(input: 1) + String(Lines.event(input: 2).dropLast()), to: log)
            let rig = try await Rig.open(directory, sources("    complete-last-line-after: 5s\n"))
            await rig.readAll()
            rig.clock.advance(by: .seconds(4))
            await rig.readAll()
            await rig.seal()
            #expect(try await rig.sealedTotals().counts.input == 1)
            rig.clock.advance(by: .seconds(2))
            await rig.readAll()
            await rig.seal()
            #expect(try await rig.sealedTotals().counts.input == 3)
        }
    }

    @Test func `whole files end their last record at once`() async throws {
        try await withLogs { directory, log in
            try LogFile.append(String(Lines.event(input: 9).dropLast()), to: log)
            let rig = try await Rig.open(directory, sources("    whole: true\n"))
            await rig.readAll()
            await rig.seal()
            #expect(try await rig.sealedTotals().counts.input == 9)
        }
    }

    @Test func `reading resumes exactly behind the last sealed batch`() async throws {
        try await withLogs { directory, log in
            try LogFile.append(Lines.events(0..<40), to: log)
            do {
                let rig = try await Rig.open(directory, sources())
                await rig.readAll()
                await rig.seal()
                try LogFile.append(Lines.events(40..<60), to: log)
                await rig.readAll()
                // Dropped here: what was read after the seal is only in memory.
            }
            try LogFile.append(Lines.events(60..<70), to: log)
            let rig = try await Rig.open(directory, sources())
            await rig.readAll()
            await rig.seal()
            let totals = try await rig.sealedTotals()
            #expect(totals.batches == 2)
            #expect(totals.events == 70)
            #expect(totals.counts.input == sum(0..<70))
        }
    }

    @Test func `a file renamed away is finished and its successor read`() async throws {
        try await withLogs { directory, log in
            let rig = try await Rig.open(directory, sources())
            try LogFile.append(Lines.events(0..<10), to: log)
            await rig.readAll()
            try LogFile.append(Lines.events(10..<20), to: log)
            try FileManager.default.moveItem(atPath: log, toPath: "\(directory)/logs/app.log.1")
            try LogFile.append(Lines.events(20..<30), to: log)
            await rig.readAll()
            try LogFile.append(Lines.events(30..<40), to: "\(directory)/logs/app.log.1")
            await rig.readAll()
            await rig.seal()
            #expect(try await rig.sealedTotals().counts.input == sum(0..<40))
        }
    }

    @Test func `a file renamed while the collector was down is finished after the start`() async throws {
        try await withLogs { directory, log in
            try LogFile.append(Lines.events(0..<10), to: log)
            do {
                let rig = try await Rig.open(directory, sources())
                await rig.readAll()
                await rig.seal()
            }
            try LogFile.append(Lines.events(10..<20), to: log)
            try FileManager.default.moveItem(atPath: log, toPath: "\(directory)/logs/app.log.1")
            try LogFile.append(Lines.events(20..<30), to: log)
            let rig = try await Rig.open(directory, sources())
            await rig.readAll()
            await rig.seal()
            #expect(try await rig.sealedTotals().counts.input == sum(0..<30))
        }
    }

    @Test func `a renamed file that the glob still matches is not read twice`() async throws {
        try await withLogs { directory, log in
            let rig = try await Rig.open(directory, sources(paths: "logs/*"))
            try LogFile.append(Lines.events(0..<10), to: log)
            await rig.readAll()
            try FileManager.default.moveItem(atPath: log, toPath: "\(directory)/logs/app.log.1")
            await rig.readAll()
            await rig.seal()
            #expect(try await rig.sealedTotals().events == 10)
        }
    }

    @Test func `a file emptied and written anew is read from its start`() async throws {
        try await withLogs { directory, log in
            let rig = try await Rig.open(directory, sources())
            try LogFile.append(Lines.events(0..<20), to: log)
            await rig.readAll()
            try LogFile.truncate(log)
            try LogFile.append(Lines.events(100..<105), to: log)
            await rig.readAll()
            await rig.seal()
            #expect(try await rig.sealedTotals().counts.input == sum(0..<20) + sum(100..<105))
        }
    }

    @Test func `a file emptied and grown past its old size is told by its first bytes`() async throws {
        try await withLogs { directory, log in
            let rig = try await Rig.open(directory, sources())
            try LogFile.append(Lines.events(0..<20), to: log)
            await rig.readAll()
            try LogFile.truncate(log)
            try LogFile.append(Lines.events(100..<200), to: log)
            await rig.readAll()
            await rig.seal()
            #expect(try await rig.sealedTotals().counts.input == sum(0..<20) + sum(100..<200))
        }
    }

    @Test func `an inode that another file got is read from its start`() async throws {
        try await withLogs { directory, log in
            try LogFile.append(Lines.events(0..<20), to: log)
            do {
                let rig = try await Rig.open(directory, sources())
                await rig.readAll()
                await rig.seal()
            }
            try LogFile.truncate(log)
            try LogFile.append(Lines.events(500..<600), to: log)
            let rig = try await Rig.open(directory, sources())
            await rig.readAll()
            await rig.seal()
            #expect(try await rig.sealedTotals().counts.input == sum(0..<20) + sum(500..<600))
        }
    }

    @Test(arguments: [("gz", ["gzip", "-c"]), ("zst", ["zstd", "-q", "-c"])])
    func `compressed files are read whole`(ending: String, tool: [String]) async throws {
        try await withLogs { directory, _ in
            let text = String(Lines.events(0..<20_000).dropLast())
            try LogFile.compress(Data(text.utf8), with: tool, to: "\(directory)/logs/old.log.\(ending)")
            let yaml = sources(paths: "logs/*.\(ending)")
            do {
                let rig = try await Rig.open(directory, yaml)
                // One round only: the file is in the middle when the batch is sealed and everything is dropped.
                _ = await rig.reader.poll()
                await rig.seal()
                _ = await rig.reader.poll()
            }
            let rig = try await Rig.open(directory, yaml)
            await rig.readAll()
            await rig.seal()
            let totals = try await rig.sealedTotals()
            #expect(totals.events == 20_000)
            #expect(totals.counts.input == sum(0..<20_000))
            let again = try await Rig.open(directory + "/other", yaml)
            #expect(again.parts.accumulator.isEmpty)
        }
    }

    @Test func `a finished compressed file is not read again after a restart`() async throws {
        try await withLogs { directory, _ in
            try LogFile.compress(
                Data(Lines.events(0..<10).utf8), with: ["gzip", "-c"], to: "\(directory)/logs/a.log.gz")
            for _ in 0..<2 {
                let rig = try await Rig.open(directory, sources(paths: "logs/*.gz"))
                await rig.readAll()
                await rig.seal()
                #expect(try await rig.sealedTotals().events == 10)
            }
        }
    }

    @Test func `a damaged compressed file stops only itself`() async throws {
        try await withLogs { directory, log in
            let path = "\(directory)/logs/bad.gz"
            try LogFile.compress(Data(Lines.events(0..<5_000).utf8), with: ["gzip", "-c"], to: path)
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            bytes[bytes.count / 2] ^= 0xFF
            try bytes.write(to: URL(fileURLWithPath: path))
            try LogFile.append(Lines.events(0..<10), to: log)
            let rig = try await Rig.open(directory, sources(paths: "logs/*"))
            await rig.readAll()
            #expect(rig.parts.metrics.registry.render().contains("steelyard_collector_file_errors_total 1\n"))
        }
    }

    @Test func `reading from the end takes only what comes later`() async throws {
        try await withLogs { directory, log in
            try LogFile.append(Lines.events(0..<10), to: log)
            let rig = try await Rig.open(directory, sources("    read-from: end\n"))
            await rig.readAll()
            try LogFile.append(Lines.events(10..<15), to: log)
            try LogFile.append(Lines.events(15..<20), to: "\(directory)/logs/new.log")
            await rig.readAll()
            await rig.seal()
            #expect(try await rig.sealedTotals().counts.input == sum(10..<20))
        }
    }

    @Test func `bad lines are quarantined and the good ones around them counted`() async throws {
        try await withLogs { directory, log in
            let good = Lines.event(input: 3)
            try LogFile.append(good + "{\"cut\": \n" + good + Lines.event(time: "1999-01-01T00:00:00Z") + good, to: log)
            let rig = try await Rig.open(directory, sources())
            await rig.readAll()
            await rig.seal()
            let totals = try await rig.sealedTotals()
            #expect(totals.events == 3)
            #expect(totals.rejections[.timeTooOld] == 1)
            #expect(totals.rejections.values.reduce(0, +) == 2)
            let kept = try LogFile.quarantined(directory)
            #expect(kept.count == 2)
            #expect(kept[0]["line"] as? Int == 2)
            #expect(kept[0]["offset"] as? Int == good.utf8.count)
            #expect(kept[0]["source"] as? String == "app")
            let bytes = Data(base64Encoded: try #require(kept[0]["bytes"] as? String))
            #expect(bytes == Data("{\"cut\": ".utf8))
            #expect(kept[1]["reason"] as? String == "time-too-old")
        }
    }

    @Test func `quarantined lines of a batch that never became durable stand there once`() async throws {
        try await withLogs { directory, log in
            try LogFile.append("bad one\n" + Lines.event(), to: log)
            for _ in 0..<3 {
                let rig = try await Rig.open(directory, sources())
                await rig.readAll()
            }
            let rig = try await Rig.open(directory, sources())
            await rig.readAll()
            await rig.seal()
            #expect(try LogFile.quarantined(directory).count == 1)
            #expect(try await rig.sealedTotals().rejections.values.reduce(0, +) == 1)
        }
    }

    @Test func `records longer than the limit are rejected and passed`() async throws {
        try await withLogs { directory, log in
            let long = String(repeating: "x", count: Limits.maxRecordBytes + 10)
            try LogFile.append(Lines.event(input: 1) + long + "\n" + Lines.event(input: 2), to: log)
            let rig = try await Rig.open(directory, sources())
            await rig.readAll()
            await rig.seal()
            let totals = try await rig.sealedTotals()
            #expect(totals.counts.input == 3)
            #expect(totals.rejections == [.recordTooLong: 1])
        }
    }

    @Test func `a full table seals early and nothing is lost`() async throws {
        try await withLogs { directory, log in
            let text = (0..<30_000).map { Lines.event(tenant: "t-\($0)", input: 1) }.joined()
            try LogFile.append(text, to: log)
            let rig = try await Rig.open(directory, sources(), sealRows: 1_000)
            await rig.readAll()
            await rig.seal()
            let totals = try await rig.sealedTotals()
            #expect(totals.batches > 3)
            #expect(totals.events == 30_000)
            #expect(totals.byTenant.count == 30_000)
        }
    }

    @Test func `nothing is read while intake is closed`() async throws {
        try await withLogs { directory, log in
            try LogFile.append(Lines.events(0..<10), to: log)
            let rig = try await Rig.open(directory, sources())
            rig.parts.intakeSwitch.set(.spoolFull, true)
            await rig.readAll()
            #expect(rig.parts.accumulator.isEmpty)
            rig.parts.intakeSwitch.set(.spoolFull, false)
            await rig.readAll()
            await rig.seal()
            #expect(try await rig.sealedTotals().events == 10)
        }
    }
}
