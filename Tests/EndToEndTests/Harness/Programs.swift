internal import Foundation

/// The binaries that were built beside the test bundle.
enum Programs {
    struct Missing: Error, CustomStringConvertible {
        var name: String
        var folder: String
        var description: String { "\(name) is not in \(folder); build it with `swift build --build-tests`" }
    }

    static let collector = "steelyard-collector"
    static let aggregator = "steelyard-aggregator"
    static let commandLine = "steelyard"

    /// The folder of the running test bundle: products stand side by side.
    private static let folder: String = {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: bundle).resolvingSymlinksInPath().deletingLastPathComponent().path
    }()

    static func path(_ name: String) throws -> String {
        let path = "\(folder)/\(name)"
        guard FileManager.default.isExecutableFile(atPath: path) else { throw Missing(name: name, folder: folder) }
        return path
    }
}
