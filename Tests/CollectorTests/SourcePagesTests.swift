import CollectorCore
import Foundation
import Settings
import SourceFormats
import Testing
import UsageModel

@testable import Collector

/// The pages of `docs/sources`: their configuration of the collector is loaded, their records are read by it, and what
/// is counted is what the page says.
@Suite struct SourcePagesTests {
    private static let directory = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs/sources")

    /// The pages that say what is counted of records.
    private static let pages: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return names.filter { $0.hasSuffix(".md") }.sorted().filter {
            (try? text($0))?.contains(recordsComment) == true
        }
    }()

    private static let recordsComment = "<!-- records: "
    private static let countedComment = "<!-- counted -->"
    private static let configurationStart = "```yaml\n# collector.yaml\n"

    private static func text(_ page: String) throws -> String {
        try String(contentsOf: directory.appendingPathComponent(page), encoding: .utf8)
    }

    @Test func `there are pages`() {
        #expect(Self.pages.contains("litellm.md") && Self.pages.count >= 10, "\(Self.pages)")
    }

    @Test func `every page's configuration can be used`() throws {
        var count = 0
        for page in try FileManager.default.contentsOfDirectory(atPath: Self.directory.path).sorted() {
            guard page.hasSuffix(".md") else { continue }
            guard let configuration = Self.block(of: try Self.text(page), after: Self.configurationStart) else {
                continue
            }
            count += 1
            #expect(throws: Never.self, "\(page)") { try Self.settings(configuration, of: page) }
        }
        #expect(count >= 12)
    }

    private static func settings(_ configuration: String, of page: String) throws -> CollectorSettings {
        try CollectorSettings(
            CollectorKeys.schema.load(
                yaml: "provider: volcengine\ncollector: edge-1\ndata: /var/lib/x\n" + configuration, file: page,
                environment: [:]))
    }

    @Test(arguments: pages)
    func `a page's records are counted by its configuration as it says`(_ page: String) throws {
        let text = try Self.text(page)
        let configuration = try #require(Self.block(of: text, after: Self.configurationStart), "no configuration")
        let settings = try Self.settings(configuration, of: page)
        let name = try #require(Self.line(of: text, after: Self.recordsComment)?.split(separator: " ").first)
        let source = try #require(settings.sources.first { $0.name == String(name) })
        let fence = try #require(text.range(of: Self.recordsComment))
        let opening = try #require(text[fence.upperBound...].range(of: "\n```"))
        let afterFence = try #require(text[opening.upperBound...].firstIndex(of: "\n"))
        let closing = try #require(text[afterFence...].range(of: "\n```"))
        let records = Array(text[afterFence..<closing.lowerBound].utf8.dropFirst())

        for framing in SourceFraming.allCases {
            var parser = try source.format.makeParser(defaults: source.defaults, framing: framing)
            var sink = PageSink()
            var pending = records
            let used = unsafe parser.consume(pending.span.bytes, endOfInput: true, into: &sink)
            pending.removeFirst(used)
            #expect(pending.isEmpty)
            #expect(sink.rejections == [])
            #expect(sink.counted == Self.rows(of: text))
        }
    }

    /// What stands from behind `start` to the end of its block.
    private static func block(of text: String, after start: String) -> String? {
        guard let begin = text.range(of: start), let end = text[begin.upperBound...].range(of: "\n```") else {
            return nil
        }
        return String(text[begin.upperBound..<end.lowerBound])
    }

    private static func line(of text: String, after start: String) -> Substring? {
        guard let begin = text.range(of: start) else { return nil }
        return text[begin.upperBound...].prefix { $0 != "\n" }
    }

    /// The rows of the table of what is counted, without its head.
    private static func rows(of text: String) -> [String] {
        guard let begin = text.range(of: countedComment) else { return [] }
        let lines = text[begin.upperBound...].split(separator: "\n", omittingEmptySubsequences: false)
        let table = lines.drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }
        return table.dropFirst(2).map(String.init)
    }
}

/// Writes each event as a row of a page.
private struct PageSink: UsageEventSink {
    var counted: [String] = []
    var rejections: [String] = []

    mutating func accept(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection) {
        func text(_ range: FieldRange) -> String {
            let bytes = range.isInScratch ? scratch : record
            let place = Int(range.start)..<Int(range.start) + Int(range.count)
            return String(decoding: place.map { bytes.byte(at: $0) }, as: UTF8.self)
        }
        let (year, month, day) = CivilTime.date(days: event.minute / 1_440)
        let minute = String(
            format: "%04d-%02d-%02dT%02d:%02dZ", year, month, day, event.minute % 1_440 / 60, event.minute % 60)
        let counts = event.counts
        let cells = [
            minute, text(event.tenant), text(event.model), "\(counts.input)", "\(counts.cachedInput)",
            "\(counts.output)",
            "\(counts.reasoningOutput)", event.isEstimated ? "yes" : "no",
        ]
        counted.append("| \(cells.joined(separator: " | ")) |")
    }

    mutating func reject(_ rejection: Rejection, record: RawSpan, position: RecordPosition) {
        rejections.append("\(rejection)")
    }

    mutating func ignore(_ reason: IgnoredReason, record: RawSpan, position: RecordPosition) {}
}
