internal import Foundation
internal import Testing

/// A page of `docs/sources`, whose configurations are what the tests run.
struct SourcePage {
    private let text: String

    init(_ name: String) throws {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs/sources/\(name).md")
        text = try String(contentsOf: page, encoding: .utf8)
    }

    /// The collector's sources, as ``CollectorSetup`` wants them.
    func sources() throws -> String {
        let block = try #require(Self.block(of: text, after: "```yaml\n# collector.yaml\n"))
        let start = try #require(block.range(of: "sources:\n"))
        return String(block[start.upperBound...])
    }

    /// Variables of a sender's environment, those of the block that is headed so.
    func environment(_ head: String = "environment") throws -> [String: String] {
        let block = try #require(Self.block(of: text, after: "```\n# \(head)\n"))
        return Dictionary(
            uniqueKeysWithValues: try block.split(separator: "\n").map { line in
                let equals = try #require(line.firstIndex(of: "="))
                return (String(line[..<equals]), String(line[line.index(after: equals)...]))
            })
    }

    /// The sender's configuration, at the address of a test and in another log format.
    func senderConfiguration(endpoint: String, logFormat: String) throws -> String {
        let block = try #require(Self.block(of: text, after: "```yaml\n# config.yaml\n"))
        return block.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let key = line.trimmingCharacters(in: .whitespaces)
            let indent = line.prefix { $0 == " " }
            if key.hasPrefix("endpoint:") { return "\(indent)endpoint: \(endpoint)" }
            return key.hasPrefix("log_format:") ? "\(indent)log_format: \(logFormat)" : String(line)
        }.joined(separator: "\n")
    }

    private static func block(of text: String, after start: String) -> String? {
        guard let begin = text.range(of: start), let end = text[begin.upperBound...].range(of: "\n```") else {
            return nil
        }
        return String(text[begin.upperBound..<end.lowerBound])
    }
}
