internal import Foundation

/// The binaries that were built beside the test bundle.
package enum Executables {
    package struct Missing: Error, CustomStringConvertible {
        package var name: String
        package var directory: String
        package var description: String { "\(name) is not in \(directory); build it with `swift build --build-tests`" }
    }

    package static let collector = "steelyard-collector"
    package static let aggregator = "steelyard-aggregator"
    package static let commandLine = "steelyard"

    /// The directory of the running test bundle: products stand side by side.
    private static let directory: String = {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: bundle).resolvingSymlinksInPath().deletingLastPathComponent().path
    }()

    package static func path(_ name: String) throws -> String {
        let path = "\(directory)/\(name)"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Missing(name: name, directory: directory)
        }
        return path
    }
}
