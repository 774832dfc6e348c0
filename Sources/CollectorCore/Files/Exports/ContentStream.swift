internal import Spool

/// The bytes of an open file from its start, after decompression.
struct ContentStream {
    /// Raw bytes that are read at a time.
    private static let rawChunkBytes = 64 << 10
    /// The largest window of a zstd file: what `zstd` itself takes without being told, 128 MiB.
    private static let maxWindowLog: Int32 = 27

    let handle: OpenFile
    let fileSystem: any FileSystem
    private let decompressor: (any Decompressor)?
    private var offset: UInt64 = 0
    private var raw: ArraySlice<UInt8> = []

    init(_ handle: OpenFile, on fileSystem: any FileSystem, by compression: Compression?) throws(DecompressionError) {
        self.handle = handle
        self.fileSystem = fileSystem
        decompressor = try compression?.makeDecompressor(maxWindowLog: Self.maxWindowLog)
    }

    /// The next bytes, at most about `count`; none at the end.
    ///
    /// - Throws: ``DecompressionError``, or what reading threw: `FileSystemError`.
    mutating func next(upTo count: Int) throws -> [UInt8] {
        guard let decompressor else { return try read(upTo: count) }
        var output: [UInt8] = []
        while output.isEmpty {
            if raw.isEmpty { raw = try read(upTo: Self.rawChunkBytes)[...] }
            let isEnd = raw.isEmpty
            let step = try decompressor.decompress(raw, into: &output, limit: count)
            raw = raw.dropFirst(step.consumed)
            if isEnd, step.produced == 0 {
                guard decompressor.isAtEnd else { throw DecompressionError(.truncated, "ends in the middle") }
                return []
            }
        }
        return output
    }

    /// Goes on at an offset of a file that isn't compressed.
    mutating func move(to start: UInt64) {
        precondition(decompressor == nil, "a compressed file has no offsets")
        offset = start
    }

    private mutating func read(upTo count: Int) throws(FileSystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        let read = try fileSystem.readAll(handle, at: offset, count: count, into: &bytes)
        offset += UInt64(read)
        if read < bytes.count { bytes.removeLast(bytes.count - read) }
        return bytes
    }
}
