internal import SwiftProtobuf
internal import UsageModel
internal import WireProtocol

/// Rows as bytes without compression, for write-ahead records: protobuf `steelyard.v1.AcceptedRows`.
package enum RowsCodec {
    /// - Throws: ``BatchError`` where the rows aren't canonical; rows from a ``MinuteBuckets`` are.
    package static func encode(_ accepted: AcceptedRows) throws(BatchError) -> [UInt8] {
        var wire = WireAcceptedRows()
        wire.formatVersion = FormatVersion(of: accepted.rows).rawValue
        wire.eventCount = accepted.eventCount
        wire.rejections = try RejectionsCodec.encode(accepted.rejections)
        // Fields 1 to 3; then the rows, written here; then 5 to 9. Together they are one message.
        var message = ColumnWriter()
        message.append(message: try wire.canonicalBytes())
        if let rows = try RowsColumns.encode(accepted.rows) { message.message(rows, field: 4) }
        wire = WireAcceptedRows()
        try accepted.fingerprints.write(to: &wire)
        message.append(message: try wire.canonicalBytes())
        message.text(try CallsCodec.encode(accepted.fingerprints.calls, names: accepted.rows), field: callsField)
        message.text(
            try checked(accepted.checkpoint, within: AcceptedRows.maxCheckpointBytes, as: "checkpoint"),
            field: checkpointField)
        message.text(
            try checked(accepted.refused, within: AcceptedRows.maxRefusedBytes, as: "refused"), field: refusedField)
        let requests = accepted.rows.rows.reduce(UInt128(0)) { $0 + UInt128($1.counts.requests) }
        try HeaderCodec.checkEventCount(
            accepted.eventCount, rowCount: accepted.rows.rows.count, requests: requests)
        return message.bytes
    }

    /// Decodes and validates as strictly as a batch from the wire; never traps, whatever the bytes.
    package static func decode(_ bytes: [UInt8]) throws(BatchError) -> AcceptedRows {
        let version = unsafe try FormatVersion.said(by: bytes.span.bytes)
        unsafe try MessageShape.acceptedRows(version ?? .plain).check(bytes.span.bytes)
        let wire = try WireAcceptedRows(checked: bytes)
        guard let version else { throw FormatVersion.missing }
        try version.check(hasFlags: !wire.rows.flags.isEmpty)
        let rejections = try RejectionsCodec.decode(wire.rejections)
        let (rows, requests) = wire.hasRows ? try RowsColumns.decode(wire.rows) : (UsageRows(), 0)
        try HeaderCodec.checkEventCount(wire.eventCount, rowCount: rows.rows.count, requests: requests)
        var fingerprints = try AcceptedFingerprints(wire)
        try fingerprints.take(CallsCodec.decode(Array(wire.calls), names: rows))
        var accepted = AcceptedRows(
            rows: rows, eventCount: wire.eventCount, rejections: rejections, fingerprints: fingerprints)
        accepted.checkpoint = Array(wire.checkpoint)
        accepted.refused = Array(wire.refused)
        return accepted
    }

    private static func checked(
        _ bytes: [UInt8], within most: Int, as field: String
    ) throws(BatchError) -> [UInt8] {
        guard bytes.count <= most else {
            throw BatchError(.badMessage, field: field, "\(bytes.count) bytes are more than \(most)")
        }
        return bytes
    }
}

extension RowsCodec {
    /// What a record whose checksum held has others remember, without what else is in it: for records whose rows are
    /// in a batch.
    ///
    /// - Throws: ``BatchError`` where the bytes aren't such a record; never traps, whatever they are.
    package static func decodeFingerprints(_ bytes: [UInt8]) throws(BatchError) -> AcceptedFingerprints {
        let (fingerprints, hasCalls) = try scan(bytes)
        // A call's names stand among those of the rows.
        return hasCalls ? try decode(bytes).fingerprints : fingerprints
    }

    private static func scan(
        _ bytes: [UInt8]
    ) throws(BatchError) -> (fingerprints: AcceptedFingerprints, hasCalls: Bool) {
        let span = unsafe bytes.span.bytes
        var acceptedAt: UInt64 = 0
        var fingerprints: Range<Int> = 0..<0
        var hasCalls = false
        var offset = 0
        while offset < bytes.count {
            let tag = try varint(span, &offset)
            let value = try varint(span, &offset)
            switch tag & 7 {
            case 0:
                if tag >> 3 == acceptedAtField { acceptedAt = value }
            case 2:
                guard value <= UInt64(bytes.count - offset) else { throw cut() }
                if tag >> 3 == fingerprintsField { fingerprints = offset..<offset + Int(value) }
                if tag >> 3 == callsField { hasCalls = true }
                offset += Int(value)
            default:
                throw BatchError(.badMessage, field: "accepted_rows", "wire type \(tag & 7) isn't used in it")
            }
        }
        guard acceptedAt <= UInt64(BatchBounds.maxSealedAtMilliseconds) else {
            throw BatchError(.badMessage, field: "accepted_at_milliseconds", "\(acceptedAt) is out of range")
        }
        let found = try AcceptedFingerprints(
            acceptedAtMilliseconds: Int64(acceptedAt), bytes: span.extracting(fingerprints))
        return (found, hasCalls)
    }

    /// The numbers of the fields in `steelyard.v1.AcceptedRows`.
    private static let acceptedAtField: UInt64 = 5
    private static let fingerprintsField: UInt64 = 6
    private static let callsField: UInt64 = 7
    private static let checkpointField: UInt64 = 8
    private static let refusedField: UInt64 = 9

    private static func varint(_ bytes: RawSpan, _ offset: inout Int) throws(BatchError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) where offset < bytes.byteCount {
            let byte = bytes.byte(at: offset)
            offset += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw cut()
    }

    private static func cut() -> BatchError {
        BatchError(.badMessage, field: "accepted_rows", "cut short")
    }
}
