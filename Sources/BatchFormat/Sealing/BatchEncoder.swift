internal import SwiftProtobuf
package import UsageModel
internal import WireProtocol

/// Seals rows: protobuf columns, one zstd frame, SHA-256.
///
/// The same header and rows give the same bytes with the same version of zstd.
package struct BatchEncoder: Sendable {
    /// zstd level. 1 is as small as 3 on columns, and faster.
    package static let defaultCompressionLevel: Int32 = 1
    /// Shorter columns share a block with their neighbours: a block of its own costs about a hundred bytes.
    static let minBlockBytes = 1_024

    package var compressionLevel: Int32

    package init(compressionLevel: Int32 = BatchEncoder.defaultCompressionLevel) {
        self.compressionLevel = compressionLevel
    }

    /// - Parameter rows: in canonical form, as ``MinuteBuckets/rows()`` gives them. May be empty, to report refusals
    ///   only.
    /// - Throws: ``BatchError`` where header or rows break a rule of the format; rows from a ``MinuteBuckets`` fit.
    package func seal(_ header: BatchHeader, _ rows: UsageRows) throws(BatchError) -> SealedBatch {
        let message = try Self.write(header, rows)
        guard message.bytes.count <= Limits.maxDecodedBatchBytes else {
            throw BatchError(
                .decodedTooLarge, "\(message.bytes.count) bytes before compression: seal fewer rows at a time")
        }
        let sealed = try ZstdFrame.compress(
            message.bytes, level: compressionLevel, boundaries: Self.blockBoundaries(message.columns))
        guard sealed.count <= Limits.maxSealedBatchBytes else {
            throw BatchError(.sealedTooLarge, "\(sealed.count) bytes sealed: seal fewer rows at a time")
        }
        return SealedBatch(bytes: sealed, digest: BatchDigest(of: sealed))
    }

    /// The message before compression: the same bytes for the same values, always.
    package static func message(_ header: BatchHeader, _ rows: UsageRows) throws(BatchError) -> [UInt8] {
        try write(header, rows).bytes
    }

    private static func write(_ header: BatchHeader, _ rows: UsageRows) throws(BatchError) -> ColumnWriter {
        var batch = WireBatch()
        batch.formatVersion = FormatVersion(of: rows).rawValue
        batch.header = try HeaderCodec.encode(header)
        // Fields 1 and 2; then the rows. Together they are one message.
        var message = ColumnWriter()
        message.append(message: try batch.canonicalBytes())
        if let columns = try RowsColumns.encode(rows) { message.message(columns, field: 3) }
        let requests = rows.rows.reduce(UInt128(0)) { $0 + UInt128($1.counts.requests) }
        try HeaderCodec.checkEventCount(header.eventCount, rowCount: rows.rows.count, requests: requests)
        return message
    }

    /// Where blocks begin: before and after each column that is long enough to deserve its own.
    private static func blockBoundaries(_ columns: [Range<Int>]) -> [Int] {
        var boundaries: Set<Int> = []
        for column in columns where column.count >= minBlockBytes {
            boundaries.insert(column.lowerBound)
            boundaries.insert(column.upperBound)
        }
        return boundaries.sorted()
    }
}

extension SwiftProtobuf.Message {
    /// The message's bytes. Fields come in ascending order, so equal messages without maps give equal bytes.
    func canonicalBytes() throws(BatchError) -> [UInt8] {
        do {
            return try serializedBytes()
        } catch {
            throw BatchError(.badMessage, "the message can't be written: \(error)")
        }
    }
}
