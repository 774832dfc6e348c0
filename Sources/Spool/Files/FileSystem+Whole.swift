/// Whole reads and writes on top of calls that may do less than asked for.
extension FileSystem {
    /// Writes all of `bytes`, going on after short writes and interruptions.
    func writeAll(_ file: OpenFile, at offset: UInt64, _ bytes: RawSpan) throws(FileSystemError) {
        var done = 0
        while done < bytes.byteCount {
            do throws(FileSystemError) {
                let count = try write(file, at: offset + UInt64(done), bytes.extracting(done..<bytes.byteCount))
                guard count > 0 else {
                    throw FileSystemError(call: "pwrite", path: "", errno: 0, text: "nothing was written")
                }
                done += count
            } catch {
                if !error.isInterrupted { throw error }
            }
        }
    }

    /// Reads `count` bytes into the front of `buffer`, which grows if need be, or as many as there are.
    ///
    /// - Returns: how many there were.
    func readAll(
        _ file: OpenFile, at offset: UInt64, count: Int, into buffer: inout [UInt8]
    ) throws(FileSystemError) -> Int {
        if buffer.count < count { buffer.append(contentsOf: repeatElement(0, count: count - buffer.count)) }
        var done = 0
        while done < count {
            do throws(FileSystemError) {
                var whole = buffer.mutableSpan
                var bytes = unsafe whole.mutableBytes
                var rest = bytes._mutatingExtracting(done..<count)
                let read = try read(file, at: offset + UInt64(done), into: &rest)
                if read == 0 { return done }
                done += read
            } catch {
                if !error.isInterrupted { throw error }
            }
        }
        return done
    }

    /// Makes a file durable under its name: written under a temporary one, synced, renamed, the directory synced.
    func writeDurably(_ bytes: [UInt8], as name: String, in directory: String) throws(FileSystemError) {
        let path = "\(directory)/\(name)"
        let temporary = path + SpoolFormat.temporarySuffix
        let file = try open(temporary, .replace)
        do throws(FileSystemError) {
            unsafe try writeAll(file, at: 0, bytes.span.bytes)
            try synchronize(file)
        } catch {
            close(file)
            throw error
        }
        close(file)
        try rename(temporary, to: path)
        try synchronizeDirectory(directory)
    }
}
