internal import Spool

/// What is looked at of a file to tell which one it is.
protocol FileView {
    /// Its size as it was last looked at, after decompression; `nil` where that isn't known.
    var byteCount: UInt64? { get }

    /// Up to `count` bytes from an offset, fewer at the end; `nil` where that place can't be looked at.
    mutating func bytes(at offset: UInt64, count: Int) throws(FileSystemError) -> [UInt8]?

    /// As many bytes from an offset as can be looked at, up to `count`.
    mutating func available(from offset: UInt64, count: Int) throws(FileSystemError) -> [UInt8]
}

extension FileView {
    /// How many zeros the file begins with: what stands there after a file was emptied under a writer that goes on at
    /// its own offset. `nil` where nothing else is in it.
    ///
    /// - Parameter known: how many are known to be there.
    mutating func leadingZeros(from known: UInt64) throws(FileSystemError) -> UInt64? {
        var offset = known
        while true {
            let piece = try available(from: offset, count: 64 << 10)
            if piece.isEmpty { return nil }
            let zeros = unsafe piece.span.bytes.leadingZeroBytes
            offset += UInt64(zeros)
            if zeros < piece.count { return offset }
        }
    }
}

/// A file as it lies on the disk.
struct PlainFileView: FileView {
    let handle: OpenFile
    let fileSystem: any FileSystem
    let size: UInt64

    var byteCount: UInt64? { size }

    func bytes(at offset: UInt64, count: Int) throws(FileSystemError) -> [UInt8]? {
        guard offset < size else { return [] }
        var buffer: [UInt8] = []
        let wanted = Int(min(UInt64(count), size - offset))
        let read = try fileSystem.readAll(handle, at: offset, count: wanted, into: &buffer)
        buffer.removeLast(buffer.count - read)
        return buffer
    }

    func available(from offset: UInt64, count: Int) throws(FileSystemError) -> [UInt8] {
        try bytes(at: offset, count: count) ?? []
    }
}

/// The beginning of a compressed file, decompressed.
struct DecompressedFileView: FileView {
    let beginning: [UInt8]
    /// Whether that is all of it.
    let isWhole: Bool

    var byteCount: UInt64? { isWhole ? UInt64(beginning.count) : nil }

    func bytes(at offset: UInt64, count: Int) -> [UInt8]? {
        guard offset < UInt64(beginning.count) else { return isWhole ? [] : nil }
        let start = Int(offset)
        if start + count > beginning.count, !isWhole { return nil }
        return Array(beginning[start..<min(start + count, beginning.count)])
    }

    func available(from offset: UInt64, count: Int) -> [UInt8] {
        Array(beginning.dropFirst(Int(clamping: offset)).prefix(count))
    }
}
