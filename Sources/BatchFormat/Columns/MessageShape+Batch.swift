internal import UsageModel

extension MessageShape {
    /// `steelyard.v1.Batch` in a version of the format.
    static func batch(_ version: FormatVersion) -> MessageShape { version == .flagged ? flaggedBatch : plainBatch }

    /// `steelyard.v1.AcceptedRows` in a version of the format.
    static func acceptedRows(_ version: FormatVersion) -> MessageShape {
        version == .flagged ? flaggedAcceptedRows : plainAcceptedRows
    }

    private static let plainBatch = batch(rows: rows)
    private static let flaggedBatch = batch(rows: flaggedRows)
    private static let plainAcceptedRows = acceptedRows(rows: rows)
    private static let flaggedAcceptedRows = acceptedRows(rows: flaggedRows)

    private static func batch(rows: MessageShape) -> MessageShape {
        MessageShape(
            name: "batch",
            fields: [
                ("format_version", .varint(max: UInt64(UInt32.max))), ("header", .message(header)),
                ("rows", .message(rows)),
            ])
    }

    private static func acceptedRows(rows: MessageShape) -> MessageShape {
        MessageShape(
            name: "accepted_rows",
            fields: [
                ("format_version", .varint(max: UInt64(UInt32.max))),
                ("event_count", .varint(max: BatchBounds.maxEvents)), ("rejections", rejections),
                ("rows", .message(rows)),
                ("accepted_at_milliseconds", .varint(max: UInt64(BatchBounds.maxSealedAtMilliseconds))),
                ("event_fingerprints", .bytes(max: EventFingerprint.maxPerRecord * EventFingerprint.byteCount)),
                ("calls", .bytes(max: EventFingerprint.maxPerRecord * CountedCall.maxEncodedBytes)),
                ("checkpoint", .bytes(max: AcceptedRows.maxCheckpointBytes)),
                ("refused", .bytes(max: AcceptedRows.maxRefusedBytes)),
            ])
    }

    private static let header = MessageShape(
        name: "header",
        fields: [
            ("provider", .bytes(max: Limits.maxProviderNameBytes)),
            ("collector", .bytes(max: Limits.maxCollectorNameBytes)),
            ("spool_id", .bytes(max: SpoolID.byteCount)),
            ("spool_sequence", .varint(max: .max)),
            ("sealed_at_milliseconds", .varint(max: UInt64(BatchBounds.maxSealedAtMilliseconds))),
            ("software_version", .bytes(max: BatchBounds.maxSoftwareVersionBytes)),
            ("event_count", .varint(max: BatchBounds.maxEvents)),
            ("rejections", rejections),
        ])

    private static let rejections = Field.messages(
        MessageShape(
            name: "rejections",
            fields: [("reason", .bytes(max: BatchBounds.maxReasonBytes)), ("count", .varint(max: .max))]),
        maxCount: RejectionReason.allCases.count)

    private static let rows = MessageShape(
        name: "rows",
        fields: [
            ("row_count", .varint(max: UInt64(Limits.maxRowsPerBatch))),
            ("base_minute", .varint(max: UInt64(BatchBounds.maxMinute))),
            ("tenants", names("tenants", maxNames: Limits.maxTenantsPerBatch, maxBytes: Limits.maxTenantNameBytes)),
            ("models", names("models", maxNames: Limits.maxModelsPerBatch, maxBytes: Limits.maxModelNameBytes)),
            ("regions", names("regions", maxNames: Limits.maxRegionsPerBatch, maxBytes: Limits.maxRegionNameBytes)),
            ("tenant_rows", column(Limits.maxRowsPerBatch, count: Limits.maxTenantsPerBatch)),
            ("model", column(Limits.maxModelsPerBatch)),
            ("region", column(Limits.maxRegionsPerBatch)),
            ("layer", column(Int(UInt8.max))),
            ("workload", column(Int(UInt8.max))),
            ("modality", column(Int(UInt8.max))),
            ("minute", column(Int(BatchBounds.maxMinute))),
            ("requests", countColumn), ("input", countColumn), ("cached_input", countColumn),
            ("output", countColumn), ("reasoning_output", countColumn),
        ])

    /// Rows with the column that version 1 hasn't.
    private static let flaggedRows = MessageShape(
        name: "rows", fields: rows.fields + [("flags", column(Int(UsageFlags.all.rawValue)))])

    private static func names(_ name: String, maxNames: Int, maxBytes: Int) -> Field {
        .message(
            MessageShape(
                name: name,
                fields: [
                    ("prefix_bytes", column(maxBytes, count: maxNames)),
                    ("suffix_bytes", column(maxBytes, count: maxNames)),
                    ("suffixes", .bytes(max: maxNames * maxBytes)),
                ]))
    }

    private static func column(_ maxValue: Int, count: Int = Limits.maxRowsPerBatch) -> Field {
        .packed(maxCount: count, maxValue: UInt64(maxValue))
    }

    private static let countColumn = Field.packed(maxCount: Limits.maxRowsPerBatch, maxValue: .max)
}
