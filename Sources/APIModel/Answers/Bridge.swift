internal import Scopes
package import TextFormats

/// `GET /v1/bridge`: from a figure under one scope to that under another, step by step.
package struct BridgeResponse: APITable {
    package var fromScope = ScopeName()
    package var toScope = ScopeName()
    package var period = DateSpan()
    package var by = ""
    package var entity: String?
    package var asKnownAt = Moment()
    package var position = 0
    package var steps: [BridgeStep] = []
    package var change: Change?

    package init() {}

    package static let fields: [Field<BridgeResponse>] = [
        Field("from_scope", \.fromScope),
        Field("to_scope", \.toScope),
        Field("period", \.period),
        .by(\.by, csv: .left),
        .entity(\.entity),
        .asKnownAt(\.asKnownAt),
        .position(\.position),
        Field("steps", \.steps),
        Field(
            "change", \.change,
            means: "The changes of all steps together; null where the unit changes on the way.",
            csv: .left),
    ]

    private struct Line: Sendable {
        /// 0 for the first scope's own figure.
        var place: Int
        var step: BridgeStep
    }

    private static let layout: CSVLayout<BridgeResponse, Line> = [
        .answer([
            ScopeName.columns[\.id].at(\.fromScope).called("from_scope"),
            ScopeName.columns[\.sha256].at(\.fromScope).called("from_scope_sha256"),
            ScopeName.columns[\.id].at(\.toScope).called("to_scope"),
            ScopeName.columns[\.sha256].at(\.toScope).called("to_scope_sha256"),
            DateSpan.columns[\.name].at(\.period),
        ]),
        .answer(columns),
        .row([Column("step") { .count($0.place) }]),
        .row(BridgeStep.columns.map { $0.at(\.step) }),
        .answer([columns[\.position].called("position"), columns[\.asKnownAt].called("known_at")]),
    ]

    /// One line for each step.
    package var csv: CSVWriter {
        Self.layout.csv(of: self, rows: steps.enumerated().map { Line(place: $0, step: $1) })
    }
}

package struct BridgeStep: APIObject {
    package var aspect: String?
    package var from: String?
    package var to: String?
    package var unit = ""
    package var aggregate = ""
    package var amount = Amount()
    package var change: Change?
    package var published = Amount()
    package var denominator = Amount()
    package var sharePercent: Percent?
    package var overLimit = Amount()
    package var estimated = Amount()

    package init() {}

    package static let fields: [Field<BridgeStep>] = [
        Field(
            "aspect", \.aspect, means: "What the step changes; null at the start.",
            values: ScopeBridge.Aspect.allCases.map(\.rawValue)),
        Field("from", \.from, means: "Of the aspect, in the scope before."),
        Field("to", \.to, means: "Of the aspect, in the scope of the step."),
        Field(
            "unit", \.unit, en: "Unit", zh: "单位",
            means: "What amounts are counted in, such as `tokens` or `revenue CNY`."),
        Field(
            "aggregate", \.aggregate,
            means: "Whether the published figure is the sum or its average per day.",
            values: Scope.Aggregate.allCases.map(\.rawValue)),
        Field("amount", \.amount, en: "Amount", zh: "数量", means: "The sum over the period."),
        Field(
            "change", \.change, en: "Change", zh: "变化",
            means: "Since the step before; null at the start and where the unit changes."),
        Field("published", \.published, en: "Published", zh: "发布值"),
        Field("denominator", \.denominator),
        Field("share_percent", \.sharePercent, en: "Share", zh: "份额"),
        .overLimit(\.overLimit),
        .estimated(\.estimated),
    ]
}
