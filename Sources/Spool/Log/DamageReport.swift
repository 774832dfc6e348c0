/// Collects what didn't pass its checks, and keeps copies of it.
struct DamageReport {
    /// Copies made at one start, at most. What is beyond is reported all the same, and stays where it is.
    static let maxCopies = 1_000

    let directory: String
    let fileSystem: any FileSystem
    private(set) var entries: [SpoolDamage] = []
    private var copies = 0

    init(directory: String, fileSystem: any FileSystem) {
        self.directory = directory
        self.fileSystem = fileSystem
    }

    /// Notes damage within a file and copies its bytes.
    ///
    /// - Returns: whether there is a copy.
    @discardableResult
    mutating func add(_ segment: String, offset: Int, bytes: RawSpan, reason: String) -> Bool {
        let name = "\(segment)-at-\(offset)"
        var entry = SpoolDamage(
            segment: segment, offset: UInt64(offset), byteCount: UInt64(bytes.byteCount), reason: reason)
        if copies < Self.maxCopies, copy(bytes.array(0..<bytes.byteCount), as: name) {
            entry.quarantinedAs = "\(SpoolFormat.damagedDirectory)/\(name)"
            copies += 1
        }
        entries.append(entry)
        return !entry.quarantinedAs.isEmpty
    }

    /// Notes records that are nowhere.
    mutating func addMissing(_ segment: String, offset: Int, positions: Range<UInt64>) {
        let reason =
            "records at positions \(positions.lowerBound) to \(positions.upperBound - 1) are missing before here"
        entries.append(SpoolDamage(segment: segment, offset: UInt64(offset), byteCount: 0, reason: reason))
    }

    /// Notes a whole file and moves it out of the way.
    mutating func addFile(_ name: String, byteCount: UInt64, reason: String) {
        let target = "\(SpoolFormat.damagedDirectory)/\(name)-at-0"
        var entry = SpoolDamage(segment: name, offset: 0, byteCount: byteCount, reason: reason)
        do throws(FileSystemError) {
            try fileSystem.createDirectory("\(directory)/\(SpoolFormat.damagedDirectory)")
            try fileSystem.rename("\(directory)/\(name)", to: "\(directory)/\(target)")
            entry.quarantinedAs = target
        } catch {
            entry.reason += "; it could not be moved: \(error)"
        }
        entries.append(entry)
    }

    /// A copy that can't be made doesn't stop the start: the bytes are still where they were.
    private func copy(_ bytes: [UInt8], as name: String) -> Bool {
        let directory = "\(directory)/\(SpoolFormat.damagedDirectory)"
        do throws(FileSystemError) {
            try fileSystem.createDirectory(directory)
            if try !fileSystem.list(directory).contains(name) {
                try fileSystem.writeDurably(bytes, as: name, in: directory)
            }
            return true
        } catch {
            return false
        }
    }
}
