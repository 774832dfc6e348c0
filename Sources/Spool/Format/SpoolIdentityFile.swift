internal import UsageModel

/// The file `identity`: whose segments these are.
struct SpoolIdentityFile {
    let directory: String
    let fileSystem: any FileSystem

    private static let byteCount = 28

    /// - Returns: `nil` where there is no such file, or it is damaged. Every segment's header says the same.
    func read() -> SpoolID? {
        var bytes: [UInt8] = []
        guard let file = try? fileSystem.open("\(directory)/\(SpoolFormat.identityName)", .read) else { return nil }
        defer { fileSystem.close(file) }
        guard let count = try? fileSystem.readAll(file, at: 0, count: Self.byteCount, into: &bytes),
            count == Self.byteCount, bytes.starts(with: SpoolFormat.identityMagic)
        else { return nil }
        let span = unsafe bytes.span.bytes
        guard CRC32C.of(span.extracting(0..<24)) == span.integer(at: 24, as: UInt32.self) else { return nil }
        return SpoolID(bytes: bytes[8..<24])
    }

    func write(_ spoolID: SpoolID) throws(SpoolError) {
        var bytes = SpoolFormat.identityMagic + spoolID.bytes
        bytes.append(littleEndian: unsafe CRC32C.of(bytes.span.bytes))
        do throws(FileSystemError) {
            try fileSystem.writeDurably(bytes, as: SpoolFormat.identityName, in: directory)
        } catch {
            throw SpoolError(opening: directory, error)
        }
    }
}
