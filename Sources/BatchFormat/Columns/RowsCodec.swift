internal import SwiftProtobuf
package import UsageModel
internal import WireProtocol

/// Rows with what was counted while they were summed: what a write-ahead record holds.
package struct AcceptedRows: Sendable, Equatable {
    /// In canonical form, as ``MinuteBuckets/rows()`` gives them.
    package var rows: UsageRows
    /// Events that the rows sum up.
    package var eventCount: UInt64
    /// Events that were refused beside them. No zero counts.
    package var rejections: [RejectionReason: UInt64]
    /// By which those of the events that have an id are told when they come again.
    package var fingerprints: AcceptedFingerprints

    package init(
        rows: UsageRows, eventCount: UInt64, rejections: [RejectionReason: UInt64] = [:],
        fingerprints: AcceptedFingerprints = AcceptedFingerprints()
    ) {
        self.rows = rows
        self.eventCount = eventCount
        self.rejections = rejections
        self.fingerprints = fingerprints
    }
}

/// Rows as bytes without compression, for write-ahead records: protobuf `steelyard.v1.AcceptedRows`.
package enum RowsCodec {
    /// - Throws: ``BatchError`` where the rows aren't canonical; rows from a ``MinuteBuckets`` are.
    package static func encode(_ accepted: AcceptedRows) throws(BatchError) -> [UInt8] {
        var wire = WireAcceptedRows()
        wire.formatVersion = BatchHeader.currentFormatVersion
        wire.eventCount = accepted.eventCount
        wire.rejections = try RejectionsCodec.encode(accepted.rejections)
        if let columns = try RowsColumns.encode(accepted.rows) { wire.rows = columns }
        try accepted.fingerprints.write(to: &wire)
        let requests = accepted.rows.rows.reduce(UInt128(0)) { $0 + UInt128($1.counts.requests) }
        try HeaderCodec.checkEventCount(
            accepted.eventCount, rowCount: accepted.rows.rows.count, requests: requests)
        return try wire.canonicalBytes()
    }

    /// Decodes and validates as strictly as a batch from the wire; never traps, whatever the bytes.
    package static func decode(_ bytes: [UInt8]) throws(BatchError) -> AcceptedRows {
        unsafe try MessageShape.acceptedRows.check(bytes.span.bytes)
        let wire = try WireAcceptedRows(checked: bytes)
        guard wire.formatVersion == BatchHeader.currentFormatVersion else {
            throw BatchError(
                .unsupportedVersion, field: "format_version",
                "version \(wire.formatVersion) was written by other software")
        }
        let rejections = try RejectionsCodec.decode(wire.rejections)
        let (rows, requests) = wire.hasRows ? try RowsColumns.decode(wire.rows) : (UsageRows(), 0)
        try HeaderCodec.checkEventCount(wire.eventCount, rowCount: rows.rows.count, requests: requests)
        let fingerprints = try AcceptedFingerprints(wire)
        return AcceptedRows(rows: rows, eventCount: wire.eventCount, rejections: rejections, fingerprints: fingerprints)
    }
}
