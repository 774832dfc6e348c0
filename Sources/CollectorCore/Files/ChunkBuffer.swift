internal import Spool

/// A reusable block of memory that files are read into.
///
/// One owner at a time: an actor keeps it. Whoever parses takes ``bytes``, which any number of threads may look at, and
/// lets go of it before the next read; otherwise that one would write into a copy.
package final class ChunkBuffer {
    private(set) var bytes: [UInt8]

    package init(byteCount: Int) {
        bytes = [UInt8](repeating: 0, count: byteCount)
    }

    package var byteCount: Int { bytes.count }

    /// Lends the bytes of `range`.
    package func withSpan<Result>(_ range: Range<Int>, _ body: (RawSpan) -> Result) -> Result {
        let own = bytes
        return unsafe body(own.span.bytes.extracting(range))
    }

    /// Reads from a file at an offset, once, repeating interrupted calls.
    ///
    /// - Returns: bytes read, 0 at the end of the file.
    func read(
        _ file: OpenFile, on fileSystem: any FileSystem, at offset: UInt64, into range: Range<Int>
    ) throws(FileSystemError) -> Int {
        var own: [UInt8] = []
        swap(&own, &bytes)
        defer { swap(&own, &bytes) }
        while true {
            do throws(FileSystemError) {
                var whole = own.mutableSpan
                var all = unsafe whole.mutableBytes
                var target = all._mutatingExtracting(range)
                return try fileSystem.read(file, at: offset, into: &target)
            } catch {
                if !error.isInterrupted { throw error }
            }
        }
    }

    /// Copies bytes into the buffer.
    package func write(_ new: [UInt8], at start: Int) {
        bytes.replaceSubrange(start..<start + new.count, with: new)
    }
}
