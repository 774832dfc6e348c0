internal import APIModel
internal import Foundation

/// The process's own streams.
enum Terminal {
    /// Writes to standard output; a closed pipe ends the process quietly, as with any filter.
    static func out(_ text: String) { write(Array(text.utf8), to: STDOUT_FILENO) }

    static func out(bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

    /// Writes an answer as one line of JSON, as the server does.
    static func out(json object: some APIObject) { out(bytes: object.json + [UInt8(ascii: "\n")]) }

    /// Writes a line to standard error.
    static func note(_ line: String) { write(Array((line + "\n").utf8), to: STDERR_FILENO) }

    static func note(raw text: String) { write(Array(text.utf8), to: STDERR_FILENO) }

    static var isErrorATerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Columns of the terminal behind standard error, as its environment says, or 80.
    static var columns: Int {
        ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) }.map { min(max($0, 40), 240) } ?? 80
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Foundation.write(descriptor, buffer.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            written += count
        }
    }
}
