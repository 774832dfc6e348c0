package import Usage

/// Rows with what was counted while they were summed: what a write-ahead record holds.
package struct AcceptedRows: Sendable, Equatable {
    /// In canonical form, as ``MinuteSums/rows()`` gives them.
    package var rows: UsageRows
    /// Events that the rows sum up.
    package var eventCount: UInt64
    /// Events that were refused beside them. No zero counts.
    package var rejections: [RejectionReason: UInt64]

    package init(rows: UsageRows, eventCount: UInt64, rejections: [RejectionReason: UInt64] = [:]) {
        self.rows = rows
        self.eventCount = eventCount
        self.rejections = rejections
    }
}

/// Rows as bytes without compression, for write-ahead records: protobuf `steelyard.v1.AcceptedRows`.
package enum RowsCodec {
    /// - Parameter accepted: rows in canonical form.
    /// - Throws: ``BatchError`` where the rows aren't canonical.
    package static func encode(_ accepted: AcceptedRows) throws(BatchError) -> [UInt8] {
        []
    }

    /// Decodes and validates as strictly as a batch from the wire; never traps, whatever the bytes.
    package static func decode(_ bytes: [UInt8]) throws(BatchError) -> AcceptedRows {
        AcceptedRows(rows: UsageRows(), eventCount: 0)
    }
}
