/// `GET /livez`.
package struct LivenessResponse: APIObject {
    package var status = ""

    package init() {}

    package static let fields: [Field<LivenessResponse>] = [Field("status", \.status, values: ["ok"])]
}

/// `GET /readyz`.
package struct ReadinessResponse: APIObject {
    package var status = ""
    package var position = 0
    package var pendingBatches = 0
    package var rollupLagSeconds = 0

    package init() {}

    package static let fields: [Field<ReadinessResponse>] = [
        Field("status", \.status, values: ["ready"]),
        .position(\.position),
        Field("pending_batches", \.pendingBatches, means: "Batches that aren't rolled up yet."),
        Field(
            "rollup_lag_seconds", \.rollupLagSeconds, means: "How long the oldest of them has waited."),
    ]
}
