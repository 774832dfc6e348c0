internal import UsageModel

/// A file that has a segment's name, and what its header says.
struct SegmentCandidate: Sendable {
    var name: String
    var byteCount: UInt64
    var log: LogKind
    /// From the header, or from the name where both copies of the header are damaged.
    var number: UInt64
    /// `nil` where both copies are damaged.
    var header: SegmentHeader?
    var isRightlyNamed: Bool
}

/// All segment files of a directory.
struct SegmentInventory {
    private(set) var candidates: [SegmentCandidate] = []
    /// Files that are too large to be segments.
    private(set) var oversized: [(name: String, byteCount: UInt64)] = []

    /// The identity that the first sound header gives.
    var spoolID: SpoolID? { candidates.lazy.compactMap { $0.header?.identity.spoolID }.first }

    /// A number above that of any file, sound or not.
    func nextNumber(_ log: LogKind, names: [String]) -> UInt64 {
        let numbers = names.compactMap(log.number(fileName:)) + candidates.map(\.number)
        return (numbers.max() ?? 0) + 1
    }

    /// Reads all headers.
    /// - Throws: `unsupportedVersion` for a segment that newer software wrote; `inputOutput` where a file can't even be
    ///   opened, which may pass (too many open files) and must not be taken for damage.
    init(names: [String], directory: String, fileSystem: any FileSystem) throws(SpoolError) {
        var buffer: [UInt8] = []
        for name in names.sorted() {
            for log in LogKind.allCases {
                guard let number = log.number(fileName: name) else { continue }
                let size: UInt64
                var count = 0
                do throws(FileSystemError) {
                    let file = try fileSystem.open("\(directory)/\(name)", .read)
                    defer { fileSystem.close(file) }
                    size = try fileSystem.size(file)
                    // A header that can't be read is as good as damaged.
                    let read = try? fileSystem.readAll(file, at: 0, count: SpoolFormat.recordsStart, into: &buffer)
                    count = read ?? 0
                } catch {
                    throw SpoolError(opening: directory, error)
                }
                guard size <= SpoolFormat.maxSegmentBytes else {
                    oversized.append((name, size))
                    continue
                }
                let header = unsafe try Self.header(buffer.span.bytes.extracting(0..<count), name)
                candidates.append(
                    SegmentCandidate(
                        name: name, byteCount: size, log: header?.identity.log ?? log,
                        number: header?.identity.number ?? number, header: header,
                        isRightlyNamed: header.map { $0.identity.log == log && $0.identity.number == number } ?? true))
            }
        }
    }

    private static func header(_ bytes: RawSpan, _ name: String) throws(SpoolError) -> SegmentHeader? {
        do throws(SegmentHeader.Problem) {
            return try SegmentHeader.decode(bytes)
        } catch {
            guard case .unsupportedVersion(let version) = error else { return nil }
            throw SpoolError(
                .unsupportedVersion,
                "\(name) is of format version \(version), but this software knows \(SpoolFormat.version) only: "
                    + "start the newer version again and let it drain, or give this one another data directory")
        }
    }
}
