internal import Foundation

/// A directory of a test's own, removed when the test is over and kept when it failed by throwing.
package enum ScratchDirectory {
    /// Runs `body` with the path of a new, empty directory.
    package static func with<Value>(_ name: String = "test", _ body: (String) async throws -> Value) async throws
        -> Value
    {
        let path = try make(name)
        do {
            let value = try await body(path)
            try? FileManager.default.removeItem(atPath: path)
            return value
        } catch {
            print("scratch directory kept: \(path)")
            throw error
        }
    }

    /// A new, empty directory that the caller removes.
    package static func make(_ name: String) throws -> String {
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        let path = "\(base)/steelyard-\(name)-\(UInt64.random(in: 0...UInt64.max).hexadecimal)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }
}

extension UInt64 {
    package var hexadecimal: String { String(self, radix: 16) }
}
