/// `GET /livez`.
package struct LivenessResponse: APIObject {
    package var status = ""

    package init() {}

    package static let fields: [Field<LivenessResponse>] = [Field("status", \.status, values: ["ok"])]
}

/// `GET /readyz`.
package struct ReadinessResponse: APIObject {
    package var status = ""
    package var rollupLagSeconds = 0
    package var rollupStalledSeconds = 0
    package var rollupStallReason: String?
    package var scarceNameBudgets = 0
    package var hasRevocationListProblem = false

    package init() {}

    package static let fields: [Field<ReadinessResponse>] = [
        Field("status", \.status, values: ["ready"]),
        Field(
            "rollup_lag_seconds", \.rollupLagSeconds, means: "How long the oldest pending batch has waited, in seconds."
        ),
        Field(
            "rollup_stalled_seconds", \.rollupStalledSeconds,
            means: "For how long positions have stood still although batches wait; 0 within the first minute."),
        Field(
            "rollup_stall_reason", \.rollupStallReason,
            means: "Why positions stand still, as far as this instance knows; null while they move."),
        Field(
            "scarce_name_budgets", \.scarceNameBudgets,
            means: "Budgets of new names that are used up or nearly so today; the metrics say whose."),
        Field(
            "revocation_list_problem", \.hasRevocationListProblem,
            means: "Whether the file of revoked certificates can't be taken as it is; those read before stay revoked."),
    ]
}
