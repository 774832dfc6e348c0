import BatchFormat
import CollectorCore
import Foundation
import SourceFormats
import Testing
import UsageModel

/// The cases beside the package (`../shared/cases`), which are not part of the repository: inputs shaped after public
/// reports, with their right values.
enum SharedCases {
    static let directory: String? = {
        let package = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let named = ProcessInfo.processInfo.environment["STEELYARD_SHARED_CASES"]
        let beside = package.appendingPathComponent("../shared/cases").standardizedFileURL.path
        let found = [named, beside].compactMap { $0 }.first {
            FileManager.default.fileExists(atPath: "\($0)/cases.json")
        }
        if found == nil {
            print("SKIPPED: no ../shared/cases beside the package and no STEELYARD_SHARED_CASES; cases don't run")
        }
        return found
    }()

    static let all: [SharedCase] = {
        guard let directory, let data = FileManager.default.contents(atPath: "\(directory)/cases.json"),
            let cases = try? JSONSerialization.jsonObject(with: data) as? [[String: Any]]
        else { return [] }
        return cases.compactMap(SharedCase.init)
    }()
}

/// Sums of a case, told apart by minute and names.
struct CaseRow: Hashable, Sendable, CustomStringConvertible {
    var minute: Int64
    var tenant: String
    var model: String
    var counts: TokenCounts

    static func == (left: CaseRow, right: CaseRow) -> Bool {
        left.minute == right.minute && left.tenant == right.tenant && left.model == right.model
            && left.counts == right.counts
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(minute)
        hasher.combine(tenant)
        hasher.combine(model)
    }

    var description: String {
        "\(minute) \(tenant) \(model): \(counts.requests) requests, \(counts.input) (\(counts.cachedInput)) in, "
            + "\(counts.output) (\(counts.reasoningOutput)) out"
    }
}

struct SharedCase: Sendable, CustomTestStringConvertible {
    var id: String
    var slug: String
    /// The settings by their names below the source.
    var settings: [String: [String]] = [:]
    var right: Set<CaseRow> = []
    var refused: Int
    /// The input's name; `nil` where a recipe makes it.
    var file: String?

    var testDescription: String { "\(id) \(slug)" }

    init?(_ json: [String: Any]) {
        guard let id = json["id"] as? String, let slug = json["slug"] as? String,
            let source = json["source"] as? [String: Any], let right = json["right"] as? [[Any]],
            let refused = json["refused"] as? Int
        else { return nil }
        (self.id, self.slug, self.refused) = (id, slug, refused)
        file = json["recipe"] == nil ? json["file"] as? String : nil
        Self.flatten(source, below: "", into: &settings)
        for row in right {
            guard row.count == 8, let minute = (row[0] as? String).flatMap(Self.minute), let tenant = row[1] as? String,
                let model = row[2] as? String
            else { return nil }
            let numbers = row[3...].compactMap { ($0 as? NSNumber)?.uint64Value }
            guard numbers.count == 5 else { return nil }
            self.right.insert(
                CaseRow(
                    minute: minute, tenant: NameRule.kept(tenant), model: model,
                    counts: TokenCounts(
                        requests: numbers[0], input: numbers[1], cachedInput: numbers[2], output: numbers[3],
                        reasoningOutput: numbers[4])))
        }
    }

    private static func flatten(_ object: [String: Any], below path: String, into settings: inout [String: [String]]) {
        for (name, value) in object {
            let key = path.isEmpty ? name : "\(path).\(name)"
            switch value {
            case let inner as [String: Any]: flatten(inner, below: key, into: &settings)
            case let texts as [String]: settings[key] = texts
            case let text as String: settings[key] = [text]
            case let number as NSNumber where isFlag(key): settings[key] = ["\(number.boolValue)"]
            case let number as NSNumber: settings[key] = ["\(number)"]
            default: continue
            }
        }
    }

    private static func isFlag(_ name: String) -> Bool {
        SourceFormatRegistry.settings.contains { $0.name == name && $0.kind == .flag }
    }

    /// Minutes since 1970 of `2026-06-01T02:00Z`.
    private static func minute(_ text: String) -> Int64? {
        StartTime(rfc3339: text.replacing("Z", with: ":00Z")).map { $0.milliseconds / 60_000 }
    }

    /// What a parser of these settings makes of an input.
    func collect(_ bytes: [UInt8], chunk: Int = .max) throws -> (rows: Set<CaseRow>, refused: Int) {
        let name = settings["format"]?.first ?? SourceFormatRegistry.defaultName
        let type = try #require(SourceFormatRegistry.format(named: name), "\(name) is no format")
        let own = settings.filter { key, _ in SourceFormatRegistry.settings.contains { $0.name == key } }
        let format = try SourceFormatRegistry.makeFormat(type, given: own).get()
        var defaults = testDefaults
        for field in EventField.all(for: .byDefault) {
            guard let text = settings[field.name]?.first else { continue }
            try defaults.set(field, to: text, setting: field.name)
        }
        let wrappings = (settings["wrapping"] ?? []).compactMap(Wrapping.init(rawValue:))
        // As the collector's own default.
        if settings["repeats"] != nil, defaults.region == nil { defaults.region = "unknown" }
        if let repeats = settings["repeats"]?.first.flatMap(IDRepeats.init(rawValue:)) {
            let plan = try SourcePlan(format, in: wrappings, defaults: defaults, framing: .stream)
            let rules = IDRules(repeats: repeats, parts: settings["id.parts"] ?? [])
            return Self.collect(bytes, by: plan.makeParser(), rules, chunk: chunk)
        }
        let sink = try SourceFormatsTests.collect(bytes, format, in: wrappings, defaults: defaults, chunk: chunk)
        var sums: [CaseRow: TokenCounts] = [:]
        for event in sink.events {
            let row = CaseRow(
                minute: event.minute, tenant: NameRule.kept(event.tenant), model: event.model, counts: TokenCounts())
            var sum = sums[row] ?? TokenCounts()
            _ = sum.add(event.counts)
            sums[row] = sum
        }
        let rows = sums.map { key, counts in
            CaseRow(minute: key.minute, tenant: key.tenant, model: key.model, counts: counts)
        }
        return (Set(rows), sink.rejections.count)
    }

    /// What a collector makes of records whose ids say that they belong together. A record that another one of its call
    /// takes the place of is refused in the sense of the cases: it counts for nothing.
    private static func collect(
        _ bytes: [UInt8], by unused: any SourceParser, _ rules: IDRules, chunk: Int
    ) -> (rows: Set<CaseRow>, refused: Int) {
        let now: Int64 = 1_780_279_260_000
        let window = TimeWindow(TimeWindow.Span(back: .seconds(86_400), ahead: .seconds(60)), nowMilliseconds: now)
        var buckets = AcceptedBuckets(
            context: ChunkContext(source: "case", file: "", nowMilliseconds: now, window: window, ids: rules),
            remembered: RememberedEvents())
        var parser = unused
        var (start, end) = (0, 0)
        while end < bytes.count {
            end = chunk < bytes.count - end ? end + chunk : bytes.count
            start += unsafe parser.consume(
                bytes.span.bytes.extracting(start..<end), endOfInput: end == bytes.count, into: &buckets)
        }
        let rows = buckets.accepted.rows
        let found = rows.rows.map { row in
            CaseRow(
                minute: row.minute, tenant: rows.tenants[Int(row.tenant)], model: rows.models[Int(row.model)],
                counts: row.counts)
        }
        let replaced = rules.repeats == .last ? buckets.duplicates : 0
        return (Set(found), Int(buckets.rejectedCount + replaced))
    }

    func input() throws -> [UInt8] {
        guard let file else {
            // The one input that is too large to be kept as a file.
            let start = #"{"ts":"2026-06-01T10:00:05+08:00","tenant":"e13","model":"m","#
            let image = String(repeating: "iVBORw0KGgo", count: 120_000)
            return Array(
                (start
                    + #""messages":[{"role":"user","content":[{"type":"image_url","image_url":"#
                    + #"{"url":"data:image/png;base64,\#(image)"}}]}],"#
                    + #""usage":{"prompt_tokens":1000,"completion_tokens":1,"total_tokens":1001}}"# + "\n" + start
                    + #""usage":{"prompt_tokens":10,"completion_tokens":1,"total_tokens":11}}"# + "\n").utf8)
        }
        let directory = try #require(SharedCases.directory)
        return try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(directory)/inputs/\(file)")))
    }
}
