internal import Foundation
package import TextFormats

extension MarketDescription {
    /// The descriptions that come with Steelyard.
    package static let builtInNames = ["china-2025-h1", "china-2024-2025"]

    /// Reads a built-in description.
    ///
    /// - Throws: ``FileProblems`` when there is none of that name, or the installation is damaged.
    package static func builtIn(_ name: String) throws(FileProblems) -> MarketDescription {
        let file = "\(name.excerpt).yaml"
        guard builtInNames.contains(name) else {
            let message = "no built-in market of that name: there is \(builtInNames.joined(separator: ", "))"
            throw FileProblems(file: file, problems: [FileProblem(line: 1, message: message)])
        }
        guard let url = Bundle.module.url(forResource: name, withExtension: "yaml", subdirectory: "BuiltIn"),
            let text = try? String(contentsOf: url, encoding: .utf8)
        else {
            throw FileProblems(
                file: file, problems: [FileProblem(line: 1, message: "missing from the installation")])
        }
        return try parse(text, file: file)
    }
}
