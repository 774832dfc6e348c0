import Foundation
import SourceFormats
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
        let line = try QuarantinedRecord(entry(7, bytes: 3)).encoded()
        #expect(
            String(decoding: line, as: UTF8.self)
                == #"{"bytes":"eHh4","detail":"d","field":"f","file":"/var/log/x","kept":"record","line":7,"offset":5,"#
                + #""reason":"syntax","source":"s","time":"2026-01-01T00:00:00.123Z"}"# + "\n")
        let read = try #require(QuarantinedRecord(line: line.dropLast()))
        #expect(try read.encoded() == line)
    }

    private static let prompt = #""messages":[{"role":"user","content":"a secret \"story\" }"}],"#

    /// A record of the OpenAI format whose tenant is missing, with a prompt of the given size.
    private func rejected(_ promptBytes: Int, _ rule: QuarantineRule) throws -> QuarantineEntry {
        let padding = String(repeating: "p", count: promptBytes)
        let record = Array(
            (#"{"created":1748736000,\#(Self.prompt)"pad":"\#(padding)","model":"m","usage":{"prompt_tokens":9,"#
                + #""completion_tokens":1}}"#).utf8)
        let parser = try OpenAIFormat().makeParser(defaults: EventDefaults(provider: "p"), framing: .document)
        var entry = unsafe QuarantineEntry(
            Rejection(.missingField, field: "tenant"), record: record.span.bytes,
            position: RecordPosition(line: 1, byteOffset: 0), source: "s", file: "", timeMilliseconds: 0)
        entry.settle(rule, by: parser)
        return entry
    }

    @Test func `records are kept whole up to a size and by their fields beyond it`() throws {
        let rule = QuarantineRule(recordBytes: 1_000)
        let whole = try rejected(100, rule)
        #expect(whole.kept == .record)
        #expect(String(decoding: whole.bytes, as: UTF8.self).contains("a secret"))
        let long = try rejected(100_000, rule)
        #expect(long.kept == .fields)
        #expect(
            String(decoding: long.bytes, as: UTF8.self)
                == #"{"created":1748736000,"model":"m","usage":{"prompt_tokens":9,"completion_tokens":1}}"#)
    }

    @Test func `where only fields are kept no prompt is`() throws {
        let entry = try rejected(10, QuarantineRule(keepsFieldsAlone: true))
        #expect(entry.kept == .fields)
        #expect(!String(decoding: entry.bytes, as: UTF8.self).contains("secret"))
    }

    @Test func `a torn record's fields aren't taken for the whole`() throws {
        let record = Array(#"{"created":1748736000,"model":"m","usage":{"prompt_tokens":9,"messages":"a sec"#.utf8)
        let parser = try OpenAIFormat().makeParser(defaults: EventDefaults(provider: "p"), framing: .document)
        let fields = unsafe parser.mappedFields(of: record.span.bytes)
        let text = String(decoding: fields, as: UTF8.self)
        #expect(text.hasPrefix(#"{"created":1748736000,"model":"m","usage":{"prompt_tokens":9"#))
        #expect(!text.contains("sec") && !text.hasSuffix("}}"))
    }

    @Test func `a CSV row keeps its columns, and the header that names them`() throws {
        var parser = try MappedFormat.csv(columns: ["time": "when", "input-tokens": "in"])
        var sink = Refusing()
        let file = Array("when,prompt,in\n2025-12-31T00:00:00Z,\"a \"\"secret\"\", story\",7\n".utf8)
        _ = unsafe parser.consume(file.span.bytes, endOfInput: true, into: &sink)
        var entry = try #require(sink.entries.first)
        entry.settle(QuarantineRule(keepsFieldsAlone: true), by: parser)
        #expect(String(decoding: entry.bytes, as: UTF8.self) == "2025-12-31T00:00:00Z,,7")
        #expect(String(decoding: entry.memory, as: UTF8.self) == "when,prompt,in")
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

/// Refuses every event.
private struct Refusing: UsageEventSink {
    var entries: [QuarantineEntry] = []

    mutating func accept(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection) {
        throw Rejection(.missingField)
    }

    mutating func ignore(_ reason: IgnoredReason, record: RawSpan, position: RecordPosition) {}

    mutating func reject(_ rejection: Rejection, record: RawSpan, position: RecordPosition) {
        entries.append(
            QuarantineEntry(
                rejection, record: record, position: position, source: "s", file: "", timeMilliseconds: 0))
    }
}

extension MappedFormat {
    /// A parser of CSV with a header.
    fileprivate static func csv(columns: [String: String]) throws -> any SourceParser {
        var given = ["layout": ["csv"], "constants.tenant": ["t"], "constants.model": ["m"]]
        for (field, column) in columns { given["fields.\(field)"] = [column] }
        let format = try #require(SourceFormatRegistry.format(named: MappedFormat.name))
        return try SourceFormatRegistry.makeFormat(format, given: given).get()
            .makeParser(defaults: EventDefaults(provider: "p"), framing: .document)
    }
}
