internal import UsageModel

/// How far the pipeline is: the newest batch, what it covers, and where its sources stood.
struct Progress: Sendable, Equatable {
    /// The batch's spool sequence; 0 before the first.
    var spoolSequence: UInt64 = 0
    /// Write-ahead records up to this position are in batches.
    var coversWriteAheadThrough: UInt64 = 0
    var checkpoint: [UInt8] = []

    static let fixedBytes = 24
}

/// How a batch was settled. The raw value stands in records.
enum Settlement: UInt32, Sendable {
    case counted = 1
    case confirmedByDigest = 2
    case refused = 3
}

/// The payload of a record in the log of batches.
enum SpoolRecord: Sendable, Equatable {
    case batch(Progress, appendedAtMilliseconds: Int64, digest: BatchDigest, sealed: [UInt8])
    case settled(Progress, Settlement, epoch: UInt64, sequence: UInt64)
    case epoch(EpochPosition)
    case state(Progress, EpochPosition)

    var type: RecordType {
        switch self {
        case .batch: .batch
        case .settled: .settled
        case .epoch: .epoch
        case .state: .state
        }
    }

    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .batch(let progress, let appendedAt, let digest, let sealed):
            bytes.reserveCapacity(Progress.fixedBytes + progress.checkpoint.count + 40 + sealed.count)
            progress.append(to: &bytes)
            bytes.append(littleEndian: appendedAt)
            bytes += digest.bytes
            bytes += sealed
        case .settled(let progress, let how, let epoch, let sequence):
            progress.append(to: &bytes)
            bytes.append(littleEndian: how.rawValue)
            bytes.append(littleEndian: UInt32(0))
            bytes.append(littleEndian: epoch)
            bytes.append(littleEndian: sequence)
        case .epoch(let mark):
            bytes.append(littleEndian: mark.epoch)
            bytes.append(littleEndian: mark.nextSequence)
        case .state(let progress, let mark):
            progress.append(to: &bytes)
            bytes.append(littleEndian: mark.epoch)
            bytes.append(littleEndian: mark.nextSequence)
        }
        return bytes
    }
}

/// A record as scanning needs it: a batch without its sealed bytes.
enum ScannedRecord: Sendable, Equatable {
    case batch(Progress, BatchEntry)
    case settled(Progress, Settlement, epoch: UInt64, sequence: UInt64)
    case epoch(EpochPosition)
    case state(Progress, EpochPosition)

    /// - Returns: `nil` where the payload isn't what its type asks for.
    static func decode(_ type: RecordType, _ payload: RawSpan) -> ScannedRecord? {
        switch type {
        case .batch:
            guard let (progress, end) = Progress.decode(payload), payload.byteCount >= end + 40,
                let digest = BatchDigest(bytes: payload.array(end + 8..<end + 40))
            else { return nil }
            let entry = BatchEntry(
                spoolSequence: progress.spoolSequence, digest: digest, byteCount: payload.byteCount - end - 40,
                appendedAtMilliseconds: payload.integer(at: end))
            return .batch(progress, entry)
        case .settled:
            guard let (progress, end) = Progress.decode(payload), payload.byteCount == end + 24,
                let how = Settlement(rawValue: payload.integer(at: end))
            else { return nil }
            return .settled(
                progress, how, epoch: payload.integer(at: end + 8), sequence: payload.integer(at: end + 16))
        case .epoch:
            guard payload.byteCount == 16 else { return nil }
            return .epoch(EpochPosition(epoch: payload.integer(at: 0), nextSequence: payload.integer(at: 8)))
        case .state:
            guard let (progress, end) = Progress.decode(payload), payload.byteCount == end + 16 else { return nil }
            let mark = EpochPosition(epoch: payload.integer(at: end), nextSequence: payload.integer(at: end + 8))
            return .state(progress, mark)
        case .writeAhead:
            return nil
        }
    }
}

extension Progress {
    fileprivate func append(to bytes: inout [UInt8]) {
        bytes.append(littleEndian: spoolSequence)
        bytes.append(littleEndian: coversWriteAheadThrough)
        bytes.append(littleEndian: UInt32(checkpoint.count))
        bytes.append(littleEndian: UInt32(0))
        bytes += checkpoint
    }

    /// - Returns: the progress at the start of a payload and where it ends.
    static func decode(_ payload: RawSpan) -> (progress: Progress, end: Int)? {
        guard payload.byteCount >= fixedBytes else { return nil }
        let count = Int(payload.integer(at: 16, as: UInt32.self))
        guard count <= payload.byteCount - fixedBytes else { return nil }
        let progress = Progress(
            spoolSequence: payload.integer(at: 0), coversWriteAheadThrough: payload.integer(at: 8),
            checkpoint: payload.array(fixedBytes..<fixedBytes + count))
        return (progress, fixedBytes + count)
    }
}
