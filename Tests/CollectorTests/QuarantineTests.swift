import Foundation
import Telemetry
import TestSupport
import Testing
import UsageModel

@testable import Collector
@testable import CollectorCore

@Suite struct QuarantineTests {
    private func entry(_ line: UInt64, bytes: Int = 10) -> QuarantineEntry {
        let record = [UInt8](repeating: 0x78, count: bytes)
        return unsafe QuarantineEntry(
            Rejection(.syntax, field: "f", detail: "d"), record: record.span.bytes,
            position: RecordPosition(line: line, byteOffset: 5), source: "s", file: "/var/log/x",
            timeMilliseconds: 1_767_225_600_123)
    }

    private func names(_ directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    }

    @Test func `a line says everything about a record`() throws {
        let line = try Quarantine.line(entry(7, bytes: 3))
        #expect(
            String(decoding: line, as: UTF8.self)
                == #"{"bytes":"eHh4","detail":"d","field":"f","file":"/var/log/x","line":7,"offset":5,"reason":"syntax","#
                + #""source":"s","time":"2026-01-01T00:00:00.123Z","truncated":false}"# + "\n")
    }

    @Test func `long records are cut`() {
        let limit = AccumulatorLimits.maxQuarantinedRecordBytes
        #expect(!entry(1, bytes: limit).isTruncated)
        let long = entry(1, bytes: limit + 1)
        #expect(long.isTruncated)
        #expect(long.bytes.count == limit)
    }

    @Test func `the oldest file goes when the directory is full and its records are counted`() async throws {
        try await ScratchDirectory.with("quarantine") { directory in
            let metrics = CollectorMetrics()
            var quarantine = try Quarantine(
                directory: directory, maxBytes: 20_000, nextSpoolSequence: 1, metrics: metrics)
            for spoolSequence in 1...6 as ClosedRange<UInt64> {
                try quarantine.write([entry(1, bytes: 4_000)], spoolSequence: spoolSequence)
            }
            #expect(quarantine.bytes <= 20_000)
            #expect(
                try names(directory) == [
                    "batch-000000000004.ndjson", "batch-000000000005.ndjson", "batch-000000000006.ndjson",
                ])
            #expect(metrics.quarantineDropped.value == 3)
        }
    }

    @Test func `files of batches that never became durable are dropped at the start`() async throws {
        try await ScratchDirectory.with("quarantine") { directory in
            let metrics = CollectorMetrics()
            var first = try Quarantine(directory: directory, maxBytes: 1 << 20, nextSpoolSequence: 1, metrics: metrics)
            try first.write([entry(1)], spoolSequence: 1)
            try first.write([entry(2)], spoolSequence: 2)
            try first.writePushed([entry(3)])
            _ = try Quarantine(directory: directory, maxBytes: 1 << 20, nextSpoolSequence: 2, metrics: metrics)
            #expect(try names(directory) == ["batch-000000000001.ndjson", "pushed-1.ndjson"])
        }
    }

    @Test func `pushed records after a restart go to a file of their own`() async throws {
        try await ScratchDirectory.with("quarantine") { directory in
            for _ in 0..<2 {
                var quarantine = try Quarantine(
                    directory: directory, maxBytes: 1 << 20, nextSpoolSequence: 1, metrics: CollectorMetrics())
                try quarantine.writePushed([entry(1)])
                try quarantine.writePushed([entry(2)])
            }
            #expect(try names(directory) == ["pushed-1.ndjson", "pushed-2.ndjson"])
        }
    }

    @Test func `nothing is written where nothing was rejected`() async throws {
        try await ScratchDirectory.with("quarantine") { directory in
            var quarantine = try Quarantine(
                directory: directory, maxBytes: 1 << 20, nextSpoolSequence: 1, metrics: CollectorMetrics())
            try quarantine.write([], spoolSequence: 1)
            try quarantine.writePushed([])
            #expect(try names(directory).isEmpty)
        }
    }
}
