/// What an operator may set about the spool, each with its unit.
package struct SpoolSettings: Sendable, Equatable {
    /// Size at which a segment is closed and the next begun, in bytes.
    package var segmentBytes: UInt64
    /// Most bytes that the directory may hold, archive included, before new input is refused.
    package var maxBytes: UInt64
    /// Free space of the file system below which new input is refused, in bytes. What is left serves to seal and to
    /// acknowledge what was already accepted.
    package var minFreeBytes: UInt64
    /// How long acknowledged batches are kept, in milliseconds. The age counts from when a segment got its last record.
    package var archiveAgeMilliseconds: Int64
    /// Most bytes of segments that are kept only as an archive; the oldest go first.
    package var archiveMaxBytes: UInt64
    /// Most bytes of write-ahead segments that are kept though batches cover them (``Spool/keepWriteAheadFrom``); the
    /// oldest go first.
    package var keptWriteAheadMaxBytes: UInt64

    package init(
        segmentBytes: UInt64 = 64 << 20, maxBytes: UInt64 = 64 << 30, minFreeBytes: UInt64 = 256 << 20,
        archiveAgeMilliseconds: Int64 = 7 * 86_400_000, archiveMaxBytes: UInt64 = 16 << 30,
        keptWriteAheadMaxBytes: UInt64 = 0
    ) {
        self.segmentBytes = segmentBytes
        self.maxBytes = maxBytes
        self.minFreeBytes = minFreeBytes
        self.archiveAgeMilliseconds = archiveAgeMilliseconds
        self.archiveMaxBytes = archiveMaxBytes
        self.keptWriteAheadMaxBytes = keptWriteAheadMaxBytes
    }
}
