internal import Spool

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
        check(range)
        return body(unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: memory[range])))
    }

    /// Reads from a file at an offset, once, repeating interrupted calls.
    ///
    /// - Returns: bytes read, 0 at the end of the file.
    func read(
        _ file: OpenFile, on fileSystem: any FileSystem, at offset: UInt64, into range: Range<Int>
    ) throws(FileSystemError) -> Int {
        check(range)
        while true {
            do throws(FileSystemError) {
                var target = unsafe MutableRawSpan(_unsafeBytes: UnsafeMutableRawBufferPointer(rebasing: memory[range]))
                return try fileSystem.read(file, at: offset, into: &target)
            } catch {
                if !error.isInterrupted { throw error }
            }
        }
    }

    /// Copies bytes into the buffer.
    package func write(_ bytes: [UInt8], at start: Int) {
        check(start..<start + bytes.count)
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + bytes.count]).copyBytes(from: bytes)
    }

    private func check(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "chunk range \(range) of \(byteCount)")
    }
}
