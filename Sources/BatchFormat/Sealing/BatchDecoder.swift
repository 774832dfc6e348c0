internal import SwiftProtobuf
package import UsageModel
internal import WireProtocol

/// Opens sealed batches from anyone: bounded before anything is decompressed, every claim checked, no bytes trap.
package struct BatchDecoder: Sendable {
    package init() {}

    /// - Throws: ``BatchError``, which says which field broke which rule.
    package func decode(_ sealed: [UInt8]) throws(BatchError) -> (header: BatchHeader, rows: UsageRows) {
        try Self.decode(message: ZstdFrame.decompress(sealed))
    }

    /// Decodes what was in the frame, as strictly as ``decode(_:)``.
    package static func decode(message: [UInt8]) throws(BatchError) -> (header: BatchHeader, rows: UsageRows) {
        let version = unsafe try FormatVersion.said(by: message.span.bytes)
        unsafe try MessageShape.batch(version ?? .plain).check(message.span.bytes)
        let batch = try WireBatch(checked: message)
        let header = try HeaderCodec.decode(batch.header)
        guard let version else { throw FormatVersion.missing }
        try version.check(hasFlags: !batch.rows.flags.isEmpty)
        guard batch.hasRows else {
            try HeaderCodec.checkEventCount(header.eventCount, rowCount: 0, requests: 0)
            return (header, UsageRows())
        }
        let (rows, requests) = try RowsColumns.decode(batch.rows)
        try HeaderCodec.checkEventCount(header.eventCount, rowCount: rows.rows.count, requests: requests)
        try HeaderCodec.checkTokens(rows.grossTotals, eventCount: header.eventCount)
        return (header, rows)
    }
}

extension SwiftProtobuf.Message {
    /// Parses bytes that passed their ``MessageShape``, which leaves invalid UTF-8 as the one thing that may fail.
    init(checked bytes: [UInt8]) throws(BatchError) {
        do {
            try self.init(serializedBytes: bytes)
        } catch {
            throw BatchError(.badMessage, "a string isn't valid UTF-8")
        }
    }
}
