import Foundation
import SourceFormats
import Testing

/// `docs/operating/collector.md` says what the registry declares.
@Suite struct FormatDocumentationTests {
    private static let page: String? = try? String(
        contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/operating/collector.md"), encoding: .utf8)

    @Test func `every format has its row`() throws {
        let page = try #require(Self.page)
        for type in SourceFormatRegistry.formats {
            var bodies: [String] = []
            for example in type.examples {
                let format = try SourceFormatRegistry.makeFormat(type, given: example.settings).get()
                let types = format.mediaTypes.map { "`\($0)`" }.joined(separator: ", ")
                if !bodies.contains(types) { bodies.append(types) }
            }
            let row = "| `\(type.name)` | \(bodies.joined(separator: "; ")) | \(type.summary) |"
            #expect(page.contains(row), "\(row)")
        }
    }

    /// Settings of one kind for each field stand in one row, `fields.FIELD`, with the fields below.
    @Test func `every setting is named`() throws {
        let page = try #require(Self.page)
        for setting in SourceFormatRegistry.settings {
            let last = setting.name.split(separator: ".").last.map(String.init) ?? ""
            #expect(page.contains("`\(setting.name)`") || page.contains("`\(last)`"), "\(setting.name)")
        }
    }
}
