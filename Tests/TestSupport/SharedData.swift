internal import Foundation

/// The traces that tests read, beside the package: `../shared/data`. They are not part of the repository.
package enum SharedData {
    /// The directory, or `nil` where it is missing; tests that need it then say so loudly and are skipped.
    package static let directory: String? = {
        let package = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let named = ProcessInfo.processInfo.environment["STEELYARD_SHARED_DATA"]
        let beside = package.appendingPathComponent("../shared/data").standardizedFileURL.path
        let candidates: [String] = [named, beside].compactMap(\.self)
        let found = candidates.first { FileManager.default.fileExists(atPath: "\($0)/totals.json") }
        if found == nil {
            print("SKIPPED: no ../shared/data beside the package and no STEELYARD_SHARED_DATA; trace tests don't run")
        }
        return found
    }()

    /// For `.enabled(if:)` of tests.
    package static var isPresent: Bool { directory != nil }
}
