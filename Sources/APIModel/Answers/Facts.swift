internal import Scopes

/// `GET /v1/facts/{kind}` and `GET /v1/tenants`: what holds, or was known to at a moment.
package struct FactsResponse: RowAnswer {
    package typealias Row = FactRow

    package var kind = ""
    package var asKnownAt = Moment()
    package var records: [FactRow] = []

    package init() {}

    package static let fields: [Field<FactsResponse>] = [
        .factKind(\.kind), .asKnownAt(\.asKnownAt), Field("records", \.records),
    ]
}

/// `GET /v1/facts/{kind}/history` and `GET /v1/tenants/history`: everything that was ever recorded, newest first.
package struct FactHistoryResponse: RowAnswer {
    package typealias Row = FactRow

    package var kind = ""
    package var records: [FactRow] = []

    package init() {}

    package static let fields: [Field<FactHistoryResponse>] = [.factKind(\.kind), Field("records", \.records)]
}

/// A version of a record.
package struct FactRow: APIObject {
    /// The columns of the kind's file.
    package var cells: [NamedText] = []
    package var recordedAt = Moment()
    package var recordedBy = ""
    package var supersededAt: Moment?

    package init() {}

    package static let meaning: String? =
        "A member for each column of the kind's file, a text or null for an empty cell."

    package static let fields: [Field<FactRow>] = [
        .named(\.cells, among: columnNames, isNullable: true),
        Field("recorded_at", \.recordedAt, en: "Recorded at", zh: "记录时间"),
        Field("recorded_by", \.recordedBy, en: "By", zh: "记录人"),
        Field(
            "superseded_at", \.supersededAt, en: "Until", zh: "取代时间",
            means: "When a later record took its place; null while it holds."),
    ]

    /// The columns of all kinds of files.
    private static var columnNames: [String] {
        var names: [String] = []
        for kind in FactKind.allCases {
            names += kind.definition.columns.map(\.name).filter { !names.contains($0) }
        }
        return names
    }
}

extension Field {
    static func factKind(_ path: Property<Root, String>) -> Field {
        Field("kind", path, values: FactKind.allCases.map(\.rawValue))
    }
}
