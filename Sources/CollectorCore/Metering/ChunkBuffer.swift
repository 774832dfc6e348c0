internal import Glibc

/// A reusable block of memory that files are read into.
///
/// One owner at a time: an actor keeps it and lends it to the accumulator for the length of a call.
/// Every access is checked against the block's bounds.
@safe package final class ChunkBuffer {
    private let memory: UnsafeMutableRawBufferPointer

    package init(byteCount: Int) {
        unsafe memory = .allocate(byteCount: byteCount, alignment: 64)
    }

    deinit {
        unsafe memory.deallocate()
    }

    package var byteCount: Int { unsafe memory.count }

    /// Lends the bytes of `range`.
    package func withSpan<Result>(_ range: Range<Int>, _ body: (RawSpan) -> Result) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "chunk range \(range) of \(byteCount)")
        return body(unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: memory[range])))
    }

    /// Reads from a file at an offset, as `pread` does, repeating interrupted calls.
    /// - Returns: bytes read, 0 at the end of file, or the negated `errno`.
    package func read(_ descriptor: Int32, at offset: UInt64, into range: Range<Int>) -> Int {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "chunk range \(range) of \(byteCount)")
        while true {
            let target = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[range])
            let count = unsafe pread(descriptor, target.baseAddress, target.count, off_t(clamping: offset))
            if count >= 0 { return count }
            if errno != EINTR { return -Int(errno) }
        }
    }

    /// Copies bytes into the buffer.
    package func write(_ bytes: [UInt8], at start: Int) {
        precondition(start >= 0 && start + bytes.count <= byteCount, "\(bytes.count) bytes at \(start) of \(byteCount)")
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + bytes.count]).copyBytes(from: bytes)
    }

    /// Moves the bytes of `range` to the start.
    package func moveToStart(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "chunk range \(range) of \(byteCount)")
        guard let base = unsafe memory.baseAddress, !range.isEmpty else { return }
        unsafe memmove(base, base + range.lowerBound, range.count)
    }
}
