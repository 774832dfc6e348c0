/// # The spool's files, format version 1
///
/// ## What it must do
/// - A record that was synced is found again, whatever happens to the records around it.
/// - Any damage (flipped bits, lost sectors, truncation, a stale, copied, swapped or foreign file) is noticed, named
///   and quarantined; it never stops the start and never costs more records than it touches.
/// - No file but the one that holds a record decides whether the record is valid. There is no index.
/// - Files are only appended to, and a file whose write or sync failed is never written again.
///
/// ## Directory
/// | name | what |
/// |---|---|
/// | `lock` | empty; held with `flock` by the one process that uses the directory |
/// | `identity` | magic `STYDSPID`, the 16 bytes of the spool's identity, CRC32C of these 24 bytes |
/// | `batches-NNNNNNNNNN.segment` | the log of batches and what became of them |
/// | `writeahead-NNNNNNNNNN.segment` | the log of accepted input that isn't in a batch yet |
/// | `*.new` | a segment or file that was being made; removed at start |
/// | `damaged/SEGMENT-at-OFFSET` | copies of bytes that didn't pass their checks |
/// | `refused/SPOOL_SEQUENCE.batch` | sealed bytes that the aggregator will never take |
///
/// ## Segment
/// All integers are little-endian. A segment is two copies of this header of 64 bytes, then records.
///
/// | at | bytes | what |
/// |---|---|---|
/// | 0 | 8 | magic `STYDSEG1` |
/// | 8 | 4 | format version, 1 |
/// | 12 | 4 | log: 1 batches, 2 write-ahead |
/// | 16 | 16 | the spool's identity |
/// | 32 | 8 | segment number, from 1, rising within the log |
/// | 40 | 8 | when it was made, milliseconds since 1970 |
/// | 48 | 8 | first position: records of earlier segments from here on are void |
/// | 56 | 4 | CRC32C of bytes 0 to 55 |
/// | 60 | 4 | zero |
///
/// ## Record
/// At a multiple of 8 bytes, followed by zeros up to the next:
///
/// | at | bytes | what |
/// |---|---|---|
/// | 0 | 4 | marker, E5 57 1E C4 |
/// | 4 | 4 | length of the payload in bytes, at most 20 MiB |
/// | 8 | 8 | position: rises by one from record to record of a log, across segments |
/// | 16 | 4 | type: 1 batch, 2 acknowledged, 3 epoch, 4 state, 5 write-ahead |
/// | 20 | 4 | CRC32C of the segment's identity (see below), then bytes 0 to 19 |
/// | 24 | 4 | CRC32C of the segment's identity, bytes 0 to 23, then the payload |
/// | 28 | 4 | zero |
/// | 32 | | payload |
///
/// Both checksums start from the segment's identity: log (4 bytes), spool identity (16), segment number (8). So a block
/// that belongs to another segment, spool or time of the disk's life doesn't pass, and a payload can't fake a record.
///
/// ## Payloads
/// *Progress* is: spool sequence (8), the write-ahead position up to which input is in batches (8), length of the
/// checkpoint (4), zero (4), checkpoint.
/// - batch: progress with this batch's spool sequence; appended-at in milliseconds (8); digest (32); the sealed bytes.
/// - acknowledged: progress as the batch had it; how (4): 1 counted, 2 confirmed by digest, 3 refused; zero (4);
///   epoch (8); sequence (8). The copy of the progress lets a start go on where it was when the batch itself is
///   damaged.
/// - epoch: epoch (8), next sequence (8).
/// - state, the first record of each segment of batches: progress of the newest batch; epoch (8); next sequence (8).
///   With it, older segments can go.
/// - write-ahead: the caller's bytes.
///
/// ## Write
/// Appended records wait in memory. Sync writes them behind each other and calls `fdatasync`. If either fails, the
/// segment is closed for good, and the same records go, under the same positions, to a new segment; if that fails
/// too, they are forgotten and the caller is told. A new segment is written under a temporary name, synced, renamed,
/// and the directory synced, before a record goes into it. A start never appends to an older segment.
///
/// ## Read
/// By the place that scanning or appending found, both checksums checked again.
///
/// ## Recovery
/// 1. Take the lock; remove `*.new`.
/// 2. Read all headers. The header's number counts, not the file's name, so swapped files are read in order; of two
///    files with one number the rightly named one counts and the other is quarantined. Where both copies of a header
///    are damaged, the name and `identity` stand in.
/// 3. Scan segments in order of number. A record counts if both checksums pass, its position is above the one before,
///    and no later segment's first position is at or below it.
/// 4. Where a record doesn't pass: if its header does, it is quarantined as long as it says; else everything up to the
///    next place (in steps of 8) where a whole record passes. What is left at the end of a log's last segment and
///    isn't a whole record was never synced, and is left alone.
/// 5. Where positions jump, the missing ones are reported. So are a damaged copy of a header beside a sound one, and
///    bytes that must be zero and aren't: nothing is lost by them, but a disk that alters one byte alters others.
enum SpoolFormat {
    static let version: UInt32 = 1
    static let segmentMagic = Array("STYDSEG1".utf8)
    static let identityMagic = Array("STYDSPID".utf8)
    static let headerBytes = 64
    /// Where the first record of a segment begins.
    static let recordsStart = 2 * headerBytes
    static let recordMarker: UInt32 = 0xC41E_57E5
    static let recordHeaderBytes = 32
    static let recordAlignment = 8
    /// The longest payload of a record, in bytes: a sealed batch at its limit beside the largest checkpoint.
    static let maxPayloadBytes = 20 << 20
    /// The largest checkpoint, in bytes.
    static let maxCheckpointBytes = 3 << 20
    /// No segment is larger; a larger file with a segment's name is quarantined unread. In bytes.
    static let maxSegmentBytes: UInt64 = 256 << 20

    static let lockName = "lock"
    static let identityName = "identity"
    static let damagedDirectory = "damaged"
    static let refusedDirectory = "refused"
    static let temporarySuffix = ".new"
    static let segmentSuffix = ".segment"

    /// `count` rounded up to where the next record may begin.
    static func aligned(_ count: Int) -> Int {
        (count + recordAlignment - 1) / recordAlignment * recordAlignment
    }
}

/// The two logs of a spool. The raw value stands in segment headers.
enum LogKind: UInt32, Sendable, CaseIterable {
    case batches = 1
    case writeAhead = 2

    var filePrefix: String {
        switch self {
        case .batches: "batches-"
        case .writeAhead: "writeahead-"
        }
    }

    func fileName(_ number: UInt64) -> String {
        let digits = String(number)
        return filePrefix + String(repeating: "0", count: max(0, 10 - digits.count)) + digits
            + SpoolFormat.segmentSuffix
    }

    /// The segment number that a file name says; `nil` for names that aren't of this log.
    func number(fileName: String) -> UInt64? {
        guard fileName.hasPrefix(filePrefix), fileName.hasSuffix(SpoolFormat.segmentSuffix) else { return nil }
        return UInt64(fileName.dropFirst(filePrefix.count).dropLast(SpoolFormat.segmentSuffix.count))
    }
}
