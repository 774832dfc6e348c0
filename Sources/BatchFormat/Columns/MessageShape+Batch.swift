internal import UsageModel

extension MessageShape {
    /// `steelyard.v1.Batch`
    static let batch = MessageShape(
        name: "batch",
        fields: [
            ("format_version", .varint(max: UInt64(UInt32.max))), ("header", .message(header)),
            ("rows", .message(rows)),
        ])

    /// `steelyard.v1.AcceptedRows`
    static let acceptedRows = MessageShape(
        name: "accepted_rows",
        fields: [
            ("format_version", .varint(max: UInt64(UInt32.max))), ("event_count", .varint(max: BatchBounds.maxEvents)),
            ("rejections", rejections), ("rows", .message(rows)),
            ("accepted_at_milliseconds", .varint(max: UInt64(BatchBounds.maxSealedAtMilliseconds))),
            ("event_fingerprints", .bytes(max: EventFingerprint.maxPerRecord * EventFingerprint.byteCount)),
        ])

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
