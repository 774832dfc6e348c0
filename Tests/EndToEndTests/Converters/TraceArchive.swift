internal import Foundation

/// Streams the regular files of a compressed ustar archive, one member in memory at a time.
///
/// The decompressor is the system's `gzip` or `zstd`; the archives here hold plain files with short names only, and
/// anything else stops the reading with an error.
struct TraceArchive {
    enum Problem: Error {
        case unknownCompression(String)
        case decompressorFailed(String, status: Int32)
        case truncated(member: String)
        case badHeader(String)
    }

    private static let blockBytes = 512

    let path: String

    /// Calls `body` with each member's name and content, in the archive's order.
    func forEachMember(_ body: (_ name: String, _ content: [UInt8]) throws -> Void) throws {
        let stream = try DecompressedStream(path: path)
        do {
            while let header = try stream.read(exactly: Self.blockBytes), header[0] != 0 {
                let name = Self.text(header[0..<100])
                guard let size = Int(Self.text(header[124..<136]), radix: 8) else { throw Problem.badHeader(name) }
                let padded = (size + Self.blockBytes - 1) / Self.blockBytes * Self.blockBytes
                guard var content = try stream.read(exactly: padded) else { throw Problem.truncated(member: name) }
                content.removeLast(padded - size)
                if header[156] == UInt8(ascii: "0") || header[156] == 0 { try body(name, content) }
            }
            try stream.drain()
        } catch {
            stream.abandon()
            throw error
        }
        try stream.finish()
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String {
        let end = field.firstIndex { $0 == 0 || $0 == 0x20 } ?? field.endIndex
        return String(decoding: field[field.startIndex..<end], as: UTF8.self)
    }
}

/// The decompressed bytes of a `.gz` or `.zst` file, read from the pipe of the system's decompressor.
final class DecompressedStream {
    private let process = Process()
    private let output: FileHandle
    private let path: String

    init(path: String) throws {
        self.path = path
        let pipe = Pipe()
        output = pipe.fileHandleForReading
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        switch (path as NSString).pathExtension {
        case "gz": process.arguments = ["gzip", "-dc", path]
        case "zst": process.arguments = ["zstd", "-dcq", path]
        default: throw TraceArchive.Problem.unknownCompression(path)
        }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        try process.run()
    }

    /// Exactly `count` bytes, or `nil` at the end of the stream.
    func read(exactly count: Int) throws -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            guard let part = try output.read(upToCount: count - bytes.count), !part.isEmpty else {
                if bytes.isEmpty && count > 0 { return nil }
                throw TraceArchive.Problem.truncated(member: path)
            }
            bytes.append(contentsOf: part)
        }
        return bytes
    }

    /// Everything up to the end.
    func readToEnd() throws -> [UInt8] {
        try output.readToEnd().map { [UInt8]($0) } ?? []
    }

    /// Reads and drops what is left, so that the decompressor ends by itself.
    func drain() throws {
        while let part = try output.read(upToCount: 1 << 16), !part.isEmpty {}
    }

    /// Waits for the decompressor and checks that it liked its input.
    func finish() throws {
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw TraceArchive.Problem.decompressorFailed(path, status: process.terminationStatus)
        }
    }

    /// Stops the decompressor after an error; its own status no longer matters.
    func abandon() {
        process.terminate()
        process.waitUntilExit()
    }
}

/// A whole `.gz` or `.zst` file, decompressed.
func decompressed(_ path: String) throws -> [UInt8] {
    let stream = try DecompressedStream(path: path)
    let bytes = try stream.readToEnd()
    try stream.finish()
    return bytes
}
