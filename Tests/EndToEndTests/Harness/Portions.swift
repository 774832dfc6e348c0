internal import Foundation
internal import TestSupport

/// Writes a file bit by bit, in portions that end anywhere, as a program under load does.
struct Portions {
    private static let portionBytes = 1...60_000

    private let bytes: [UInt8]
    private let path: String

    /// The bytes to write: a file's, decompressed where it is compressed.
    init(of source: String, to path: String) throws {
        let isCompressed = source.hasSuffix(".gz") || source.hasSuffix(".zst")
        bytes = isCompressed ? try decompressed(source) : Array(try Data(contentsOf: URL(fileURLWithPath: source)))
        self.path = path
    }

    /// Appends every portion; `between` runs after each with the part written so far (0 to 1).
    func write(_ seeded: SeededGenerator, between: (Double) async throws -> Void = { _ in }) async throws {
        var random = seeded
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: Self.portionBytes, using: &random))
            try handle.write(contentsOf: bytes[start..<end])
            start = end
            try await between(Double(start) / Double(bytes.count))
        }
        try handle.close()
    }
}
