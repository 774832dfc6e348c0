internal import Foundation

/// A file named on the command line, or standard input.
enum InputFile {
    static func read(_ path: String) throws(CommandError) -> [UInt8] {
        if path == "-" { return Array(FileHandle.standardInput.readDataToEndOfFile()) }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandError(.failure, "\(path) can't be read; is it there, and may you read it?")
        }
        return Array(data)
    }
}
