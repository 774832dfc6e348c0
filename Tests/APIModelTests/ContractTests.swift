import APIModel
import Foundation
import Testing

/// Holds the schemas of answers and requests in Protocols/openapi.yaml to the fields that they are written from: names,
/// types, what is always there, values and descriptions.
@Suite struct ContractTests {
    private static let file = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Sources/Aggregator/OpenAPI/openapi.yaml")

    private static let begin =
        "    # Generated from the fields in Sources/APIModel; `STEELYARD_REGENERATE=1` on ContractTests.\n"
    private static let end = "    # End of what is generated.\n"

    /// Every answer. What it is made of comes with it.
    private static let answers: [any APIObject.Type] = [
        UsageResponse.self, SharesResponse.self, RankResponse.self, TrendResponse.self, GrowthResponse.self,
        ConcentrationResponse.self, BridgeResponse.self, PeakResponse.self, CoverageResponse.self,
        MonthlyShareResponse.self, StatementsResponse.self, StatementResponse.self, ScopesResponse.self,
        CollectorsResponse.self, FactsResponse.self, FactHistoryResponse.self, ImportedFactsResponse.self,
        LookAlikesResponse.self,
        TokensResponse.self, CreatedTokenResponse.self,
        LivenessResponse.self, ReadinessResponse.self,
    ]

    /// What callers send.
    private static let requests: [any APIObject.Type] = [
        StatementRequest.self, StatementWithdrawal.self, TokenRequest.self, TokenRotationRequest.self,
    ]

    /// The document before, between and after the two comments.
    private static func parts(_ document: String) throws -> (head: Substring, generated: Substring, tail: Substring) {
        let first = try #require(document.range(of: begin), "openapi.yaml has lost the comment that begins the schemas")
        let last = try #require(
            document.range(of: end, range: first.upperBound..<document.endIndex),
            "openapi.yaml has lost the comment that ends the schemas")
        return (
            document[..<first.upperBound], document[first.upperBound..<last.lowerBound], document[last.lowerBound...]
        )
    }

    @Test func `the schemas of answers are the fields that they are written from`() throws {
        let document = try String(contentsOf: Self.file, encoding: .utf8)
        let (head, generated, tail) = try Self.parts(document)
        let expected = SchemaYAML(of: Self.answers + Self.requests).text
        if ProcessInfo.processInfo.environment["STEELYARD_REGENERATE"] == "1" {
            return try (head + expected + tail).write(to: Self.file, atomically: true, encoding: .utf8)
        }
        let (lines, others) = (expected.split(separator: "\n"), generated.split(separator: "\n"))
        let differing = zip(lines, others).first { $0 != $1 }
        #expect(
            generated == expected,
            """
            the first line that differs is \(differing.map { "\"\($0.1)\", which should be \"\($0.0)\"" } ?? "missing"); \
            run this test once with STEELYARD_REGENERATE=1
            """)
    }

    @Test func `every schema that is referred to is there`() throws {
        let document = try String(contentsOf: Self.file, encoding: .utf8)
        let named = document.matches(of: /#\/components\/schemas\/([A-Za-z0-9]+)/).map { String($0.1) }
        #expect(named.count > 100)
        let missing = Set(named).filter { !document.contains("\n    \($0):\n") }
        #expect(missing.isEmpty, "no schema \(missing.sorted())")
    }

    /// A check that finds nothing proves nothing.
    @Test(arguments: [
        ("        rank:\n", "        rang:\n"), ("type: [integer, 'null']", "type: integer"),
        ("required: [numerator, ", "required: ["), ("description: The numerator of the denominator.", "description: X"),
    ])
    func `the check can fail`(_ text: String, _ other: String) throws {
        let expected = SchemaYAML(of: Self.answers + Self.requests).text
        #expect(expected.contains(text), "\(text) is no longer in the schemas")
        #expect(expected.replacing(text, with: other) != expected)
    }

    @Test func `a schema says all that its fields say`() {
        let yaml = SchemaYAML(of: [ShareTotal.self]).text
        #expect(
            yaml.hasPrefix("    ShareTotal:\n      type: object\n      required: [numerator, published, external, "),
            "\(yaml)")
        #expect(
            yaml.contains(
                """
                        numerator: { $ref: '#/components/schemas/Amount' }
                        published:
                          $ref: '#/components/schemas/Amount'
                          description: The figure as the scope publishes it, a sum or an average per day.

                """), "\(yaml)")
        #expect(
            yaml.contains(
                """
                        revenue_from:
                          type: [string, 'null']
                          enum: [imported, price-book, imported+price-book, null]

                """), "\(yaml)")
        #expect(yaml.contains("    Amount:\n      type: string\n      pattern: '^-?[0-9]+([.][0-9]+)?$'\n"), "\(yaml)")
    }
}
