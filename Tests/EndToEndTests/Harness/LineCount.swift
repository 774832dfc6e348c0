internal import Foundation

/// How many lines of a file are ended.
func lineCount(of path: String) throws -> UInt64 {
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    var scanner = ByteScanner(bytes)
    var lines: UInt64 = 0
    while let end = try? scanner.find(UInt8(ascii: "\n"), from: scanner.position) {
        lines += 1
        scanner.position = end + 1
    }
    return lines
}
