internal import Spool

/// A file's bytes as programs see them, and as the disk holds them.
///
/// What was written since the last sync is dirty, by sectors of 512 bytes. A power cut keeps any of the dirty sectors
/// and loses the rest, whatever their order. A sync that fails leaves its sectors clean without having written all of
/// them: no later sync writes them either, as Linux has it.
struct VirtualFile {
    static let sectorBytes = 512

    /// Given again once the file is gone, as file systems do.
    let inode: UInt64
    /// When it was last changed, on the disk's own count of changes.
    var modified: Int64 = 0
    private(set) var bytes: [UInt8] = []
    private(set) var durable: [UInt8] = []
    private var dirty: Set<Int> = []
    /// Clean, but not on the disk: a sync failed over them.
    private var lost: Set<Int> = []

    init(inode: UInt64 = 0) {
        self.inode = inode
    }

    /// - Parameter device: the number of the device that the disk is.
    func status(device: UInt64) -> FileStatus {
        FileStatus(
            device: device, inode: inode, byteCount: UInt64(bytes.count), isRegular: true,
            modifiedNanoseconds: modified,
            changedNanoseconds: modified)
    }

    mutating func write(_ source: [UInt8], at offset: Int) {
        let end = offset + source.count
        if bytes.count < end {
            noteDirty(bytes.count..<end)
            bytes.append(contentsOf: repeatElement(0, count: end - bytes.count))
        }
        bytes.replaceSubrange(offset..<end, with: source)
        noteDirty(offset..<end)
    }

    mutating func truncate(to size: Int) {
        guard size < bytes.count else { return }
        noteDirty(max(0, size - 1)..<bytes.count)
        bytes.removeLast(bytes.count - size)
    }

    mutating func sync() {
        for sector in dirty { persist(sector) }
        dirty = []
        settleSize()
    }

    /// A sync that fails: some of the sectors get to the disk, the others never will.
    mutating func failSync(_ random: inout SimulationRandom) {
        for sector in dirty.sorted() {
            if random.chance(500) { persist(sector) } else { lost.insert(sector) }
        }
        dirty = []
    }

    /// What a new process reads: pages that are clean and not on the disk have left the cache.
    mutating func evict() {
        for sector in lost { restore(sector) }
        lost = []
    }

    /// What is on the disk after the power went.
    mutating func cutPower(_ random: inout SimulationRandom) {
        let mood = random.below(4)
        for sector in dirty.sorted() where mood == 0 || (mood > 1 && random.chance(500)) { persist(sector) }
        if mood == 0 || (mood > 1 && random.chance(500)) { settleSize() }
        bytes = durable
        dirty = []
        lost = []
    }

    private mutating func noteDirty(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        for sector in range.lowerBound / Self.sectorBytes...(range.upperBound - 1) / Self.sectorBytes {
            dirty.insert(sector)
            lost.remove(sector)
        }
    }

    /// Writes a sector through to the disk. Sectors that were passed over read as zeros.
    private mutating func persist(_ sector: Int) {
        let start = sector * Self.sectorBytes
        let end = min(start + Self.sectorBytes, bytes.count)
        guard start < end else { return }
        if durable.count < end { durable.append(contentsOf: repeatElement(0, count: end - durable.count)) }
        durable.replaceSubrange(start..<end, with: bytes[start..<end])
    }

    private mutating func restore(_ sector: Int) {
        let start = sector * Self.sectorBytes
        let end = min(start + Self.sectorBytes, bytes.count)
        guard start < end else { return }
        for index in start..<end { bytes[index] = index < durable.count ? durable[index] : 0 }
    }

    private mutating func settleSize() {
        if durable.count > bytes.count { durable.removeLast(durable.count - bytes.count) }
        if durable.count < bytes.count {
            durable.append(contentsOf: repeatElement(0, count: bytes.count - durable.count))
        }
    }
}
