import Foundation
import SourceFormats
import Testing
import UsageModel

/// `docs/usage-shapes.md` is made of ``UsageShapes`` and ``UsageRepair``; `STEELYARD_REGENERATE=1` writes it again.
@Suite struct UsageShapesDocumentTests {
    private static let url = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs/usage-shapes.md")

    @Test func `the page is made of the table`() throws {
        let page = Self.page()
        if ProcessInfo.processInfo.environment["STEELYARD_REGENERATE"] == "1" {
            try page.write(to: Self.url, atomically: true, encoding: .utf8)
        }
        let found = try? String(contentsOf: Self.url, encoding: .utf8)
        #expect(found == page, "docs/usage-shapes.md isn't what the table says: STEELYARD_REGENERATE=1 writes it")
    }

    /// Names that the rows speak of are those that are looked for, and the other way round.
    @Test func `every name that is looked for stands in a row`() throws {
        let rows = UsageShapes.all
        let spoken = Set(
            rows.flatMap { [$0.isToldBy, $0.input, $0.cached, $0.output, $0.reasoning] }.flatMap(Self.quoted))
        let examples = rows.map(\.example).joined()
        for names in UsageShapes.names {
            // Of the spellings of one name the first has to stand in a row, or in an example.
            let last = names[0].split(separator: ".").last.map(String.init) ?? ""
            #expect(spoken.contains(names[0]) || examples.contains("\"\(last)\""), "\(names[0])")
        }
        let known = Set(UsageShapes.names.flatMap { $0 })
        for name in spoken where !known.contains(name) && !Self.others.contains(name) {
            Issue.record("a row speaks of \(name), which nothing looks for")
        }
    }

    /// What rows quote and isn't a place of a count.
    private static let others: Set<String> = [
        "input_tokens_details", "input_token_details", "inputTokenDetails", "reasoning-is-additional: true",
        "billed_units",
        "tokens", "models", "anthropic", "cost",
    ]

    private static func quoted(_ text: String) -> [String] {
        let parts = text.split(separator: "`", omittingEmptySubsequences: false)
        return parts.indices.filter { $0 % 2 == 1 }.map { String(parts[$0]) }
    }

    private static func page() -> String {
        var lines = [
            "# Shapes of usage objects", "",
            "What the counts of a model API's `usage` object mean, by whose object it is. Formats that read one (`openai`,",
            "`fields.usage` of `mapped`, the presets) tell its shape from the object itself and count input with what came from a",
            "cache within it, and output with what was spent on reasoning within it.", "",
            "This page is made of the table in `Sources/SourceFormats/UsageShapes`; a test reads each example and compares.",
            "After a change `STEELYARD_REGENERATE=1 swift test --filter UsageShapesDocumentTests` writes it again.", "",
            "| shape | told by | input | cached input | output | reasoning | source |",
            "|---|---|---|---|---|---|---|",
        ]
        for row in UsageShapes.all {
            let cells = [row.name, row.isToldBy, row.input, row.cached, row.output, row.reasoning, row.source]
            lines.append("| \(cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ")) |")
        }
        lines += [
            "", "## What is repaired and what is refused", "",
            "Counts that don't add up plainly are counted where one rule explains them and nothing speaks against it.",
            "`steelyard_collector_repaired_total{rule=…}` counts the events by rule.", "", "| rule | what it does |",
            "|---|---|",
        ]
        lines += UsageRepair.allCases.map { "| `\($0.name)` | \($0.summary) |" }
        lines += [
            "",
            "Two sets of counts that disagree are refused (`inconsistent-counts`): two inputs, two outputs, a total that is less",
            "than its parts or more by something that no rule explains, more cached than input, more reasoning than output. An",
            "object with two spellings of one name is refused as well (`duplicate-field`).", "",
            "Where the object of a source can't be told (an AI SDK before v6 whose Anthropic cache is smaller than the input), its",
            "counts go through `mapped` with `cached-input-is-additional: true`, which also holds for `fields.usage`.",
            "",
            "## Examples", "",
        ]
        for row in UsageShapes.all {
            let counts = zip(["input", "cached", "output", "reasoning"], row.counts).map { "\($0) \($1)" }
            lines += [
                "**\(row.name)**: \(counts.joined(separator: ", "))"
                    + (row.repair.map { ", by `\($0.name)`" } ?? "") + ".", "", "```json", row.example, "```", "",
            ]
        }
        return lines.dropLast().joined(separator: "\n") + "\n"
    }
}
