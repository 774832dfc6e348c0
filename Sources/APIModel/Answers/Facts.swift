internal import Scopes

/// `GET /v1/facts/{kind}`: what is held true.
package struct FactsResponse: APIObject {
    package var kind = ""
    package var asKnownAt = Moment()
    package var facts: [FactRow] = []

    package init() {}

    package static let fields: [Field<FactsResponse>] = [
        .factKind(\.kind), .asKnownAt(\.asKnownAt), Field("facts", \.facts),
    ]
}

package struct FactRow: APIObject {
    /// The columns of the kind's file.
    package var cells: [NamedText] = []
    package var recordedAt = Moment()
    package var recordedBy = ""

    package init() {}

    package static let meaning: String? =
        "A member for each column of the kind's file, a text or null for an empty cell."

    package static let fields: [Field<FactRow>] = [
        .named(\.cells, among: columnNames, isNullable: true),
        Field("recorded_at", \.recordedAt),
        Field("recorded_by", \.recordedBy),
    ]

    /// The columns of all kinds of files.
    private static var columnNames: [String] {
        var names: [String] = []
        for kind in FactKind.allCases {
            names += kind.columns.map(\.name).filter { !names.contains($0) }
        }
        return names
    }
}

extension Field {
    static func factKind(_ path: Property<Root, String>) -> Field {
        Field("kind", path, values: FactKind.allCases.map(\.rawValue))
    }
}
