import Foundation
import SourceFormats
import Testing
import UsageModel

/// The traces beside the package (`../shared/data`), which are not part of the repository.
enum Traces {
    static let directory: String? = {
        let package = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let named = ProcessInfo.processInfo.environment["STEELYARD_SHARED_DATA"]
        let beside = package.appendingPathComponent("../shared/data").standardizedFileURL.path
        let found = [named, beside].compactMap { $0 }.first {
            FileManager.default.fileExists(atPath: "\($0)/totals.json")
        }
        if found == nil {
            print("SKIPPED: no ../shared/data beside the package and no STEELYARD_SHARED_DATA; trace tests don't run")
        }
        return found
    }()

    /// The bytes of a gzipped trace.
    static func bytes(_ name: String) throws -> [UInt8] {
        let gzip = Process()
        gzip.executableURL = URL(fileURLWithPath: "/usr/bin/gzip")
        gzip.arguments = ["-dc", "\(try #require(directory))/\(name)"]
        let output = Pipe()
        gzip.standardOutput = output
        try gzip.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        gzip.waitUntilExit()
        #expect(gzip.terminationStatus == 0)
        return [UInt8](data)
    }

    /// Requests, input and output by minute, as `totals.json` has them.
    static func totals(_ name: String) throws -> [String: [UInt64]] {
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(try #require(directory))/totals.json"))
        let all = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let file = try #require(all[name] as? [String: Any])
        let minutes = try #require(file["by_minute"] as? [String: [NSNumber]])
        return minutes.mapValues { $0.map(\.uint64Value) }
    }
}

extension Collected {
    /// Requests, input and output by minute.
    func byMinute(_ name: (Int64) -> String) -> [String: [UInt64]] {
        var minutes: [String: [UInt64]] = [:]
        for event in events {
            let counts = [event.counts.requests, event.counts.input, event.counts.output]
            let sum = minutes[name(event.minute)] ?? [0, 0, 0]
            minutes[name(event.minute)] = zip(sum, counts).map { $0 + $1 }
        }
        return minutes
    }
}

@Suite(.enabled(if: Traces.directory != nil)) struct RealTracesTests {
    @Test(arguments: [4_096, Int.max])
    func `Azure is read as it is to the token`(chunk: Int) throws {
        let name = "AzureLLMInferenceTrace_conv.csv.gz"
        let mapping = MappedFormat(
            layout: .csv(CSVLayout()),
            [
                .tenant: .constant("conversation"), .model: .constant("unpublished"), .time: .column("TIMESTAMP"),
                .input: .column("ContextTokens"), .output: .column("GeneratedTokens"),
            ], timeFormat: .wallClock(.utc))
        let sink = try collect(try Traces.bytes(name), mapping, chunk: chunk)
        #expect(sink.rejections.isEmpty)
        let minutes = sink.byMinute { minute in
            let (year, month, day) = CivilTime.date(days: minute / 1_440)
            return String(format: "%04d-%02d-%02d %02d:%02d", year, month, day, minute % 1_440 / 60, minute % 60)
        }
        #expect(minutes == (try Traces.totals(name)))
        #expect(sink.totals == TokenCounts(requests: 19_366, input: 22_361_870, output: 4_088_665))
    }

    @Test(arguments: [4_096, Int.max])
    func `Mooncake is read as it is to the token`(chunk: Int) throws {
        let name = "mooncake_conversation_trace.lines_1-5719.jsonl.gz"
        let start = try #require(StartTime(rfc3339: "2025-06-01T00:00:00Z"))
        let mapping = MappedFormat(
            layout: .jsonLines,
            [
                .tenant: .constant("kimi"), .model: .constant("k"), .time: .path("timestamp"),
                .input: .path("input_length"), .output: .path("output_length"),
            ], timeFormat: .offset(.milliseconds, start: start))
        let sink = try collect(try Traces.bytes(name), mapping, chunk: chunk)
        #expect(sink.rejections.isEmpty)
        #expect(sink.byMinute { String($0 - june2025) } == (try Traces.totals(name)))
        #expect(sink.totals == TokenCounts(requests: 5_719, input: 73_604_194, output: 1_977_204))
    }
}
