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

/// A record in the log of batches, as appending and scanning know it: a batch without its sealed bytes.
enum SpoolRecord: Sendable, Equatable {
    case batch(Progress, SpooledBatch)
    case acknowledged(Progress, Acknowledgement)
    case epoch(EpochPosition)
    case state(Progress, EpochPosition)

    /// Bytes of a batch's payload between its progress and its sealed bytes.
    private static let batchFixedBytes = 40

    var type: RecordType {
        switch self {
        case .batch: .batch
        case .acknowledged: .acknowledged
        case .epoch: .epoch
        case .state: .state
        }
    }

    /// The payload.
    ///
    /// - Parameter sealed: a batch's sealed bytes; empty for every other record.
    func encoded(sealed: [UInt8] = []) -> [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .batch(let progress, let batch):
            precondition(sealed.count == batch.byteCount, "\(sealed.count) sealed bytes, \(batch.byteCount) said")
            bytes.reserveCapacity(
                Progress.fixedBytes + progress.checkpoint.count + Self.batchFixedBytes + sealed.count)
            progress.append(to: &bytes)
            bytes.append(littleEndian: batch.appendedAtMilliseconds)
            bytes += batch.digest.bytes
            bytes += sealed
        case .acknowledged(let progress, let acknowledgement):
            progress.append(to: &bytes)
            bytes.append(littleEndian: acknowledgement.code)
            bytes.append(littleEndian: UInt32(0))
            let key = acknowledgement.key
            bytes.append(littleEndian: key.epoch)
            bytes.append(littleEndian: key.sequence)
        case .epoch(let position):
            position.append(to: &bytes)
        case .state(let progress, let position):
            progress.append(to: &bytes)
            position.append(to: &bytes)
        }
        return bytes
    }

    /// - Returns: `nil` where the payload isn't what its type asks for.
    static func decode(_ type: RecordType, _ payload: RawSpan) -> SpoolRecord? {
        switch type {
        case .batch:
            guard let (progress, end) = Progress.decode(payload), payload.byteCount >= end + batchFixedBytes,
                let digest = BatchDigest(bytes: payload.array(end + 8..<end + batchFixedBytes))
            else { return nil }
            let batch = SpooledBatch(
                spoolSequence: progress.spoolSequence, digest: digest,
                byteCount: payload.byteCount - end - batchFixedBytes, appendedAtMilliseconds: payload.integer(at: end))
            return .batch(progress, batch)
        case .acknowledged:
            guard let (progress, end) = Progress.decode(payload), payload.byteCount == end + 24,
                let acknowledgement = Acknowledgement(
                    code: payload.integer(at: end), epoch: payload.integer(at: end + 8),
                    sequence: payload.integer(at: end + 16))
            else { return nil }
            return .acknowledged(progress, acknowledgement)
        case .epoch:
            guard payload.byteCount == 16 else { return nil }
            return .epoch(EpochPosition(payload, at: 0))
        case .state:
            guard let (progress, end) = Progress.decode(payload), payload.byteCount == end + 16 else { return nil }
            return .state(progress, EpochPosition(payload, at: end))
        case .writeAhead:
            return nil
        }
    }
}

extension EpochPosition {
    fileprivate func append(to bytes: inout [UInt8]) {
        bytes.append(littleEndian: epoch)
        bytes.append(littleEndian: nextSequence)
    }

    fileprivate init(_ payload: RawSpan, at offset: Int) {
        self.init(epoch: payload.integer(at: offset), nextSequence: payload.integer(at: offset + 8))
    }
}

extension Acknowledgement {
    /// The word for it in records.
    fileprivate var code: UInt32 {
        switch self {
        case .counted: 1
        case .confirmedByDigest: 2
        case .refused: 3
        }
    }

    /// The key that the batch was counted under; zeros where that isn't known.
    fileprivate var key: (epoch: UInt64, sequence: UInt64) {
        if case .counted(let epoch, let sequence) = self { (epoch, sequence) } else { (0, 0) }
    }

    fileprivate init?(code: UInt32, epoch: UInt64, sequence: UInt64) {
        switch code {
        case 1: self = .counted(epoch: epoch, sequence: sequence)
        case 2: self = .confirmedByDigest
        case 3: self = .refused
        default: return nil
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
