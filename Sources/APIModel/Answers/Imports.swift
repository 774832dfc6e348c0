internal import Scopes

/// `POST /v1/facts/{kind}` and `POST /v1/tenants`.
package struct ImportedFactsResponse: APIObject {
    package var kind = ""
    package var records = 0
    package var counts = ImportCounts()
    package var newTenants: Int?
    package var recordedAt = Moment()
    package var preview: Bool?
    package var effect: PreviewEffect?

    package init() {}

    package static let fields: [Field<ImportedFactsResponse>] = [
        .factKind(\.kind),
        Field("records", \.records, means: "Records of the file."),
        .group(\.counts),
        .whenSet("new_tenants", \.newTenants, means: "Of tenants only: those that nothing had named before."),
        Field("recorded_at", \.recordedAt),
        .preview(\.preview),
        .groupWhenSet(\.effect),
    ]
}

/// What an import did, or would do.
package struct ImportCounts: APIObject {
    package var recorded = 0
    package var unchanged = 0
    package var superseded = 0
    package var split = 0

    package init() {}

    package static let fields: [Field<ImportCounts>] = [
        Field("recorded", \.recorded, means: "Records of the file that hold now and did not before."),
        Field("unchanged", \.unchanged, means: "Records of the file that say what held already."),
        Field("superseded", \.superseded, means: "Earlier records that were superseded in whole or in part."),
        Field("split", \.split, means: "Parts of superseded records that still hold and were recorded again."),
    ]
}

extension Field {
    static func preview(_ path: Property<Root, Bool?>) -> Field {
        .whenSet(
            "preview", path,
            means: "True and present where nothing was written. With a scope, what would move under it stands beside.")
    }
}

/// What an import would move under a scope.
package struct PreviewEffect: APIObject {
    package var scope = ScopeName()
    package var period = ""
    package var measure = ""
    package var by = ""
    package var position = 0
    package var rows: [MoveRow] = []
    package var total = MoveAmounts()

    package init() {}

    package static let fields: [Field<PreviewEffect>] = [
        Field("scope", \.scope),
        Field("period", \.period),
        .measure(\.measure),
        .by(\.by),
        .position(\.position),
        Field("rows", \.rows, means: "The entities whose figures would move."),
        Field("total", \.total),
    ]
}

package struct MoveRow: APIObject {
    package var entity: [NamedText] = []
    package var amounts = MoveAmounts()
    package var sharePercentBefore: Percent?
    package var sharePercentAfter = Percent()
    package var points: DecimalNumber?

    package init() {}

    package static let meaning: String? = "The entity stands under its own name, such as `provider`."

    package static let fields: [Field<MoveRow>] = [
        .named(\.entity, among: Scope.Entity.names, isNullable: false),
        .group(\.amounts),
        Field("share_percent_before", \.sharePercentBefore, en: "Share before", zh: "导入前份额", isBlank: true),
        Field("share_percent_after", \.sharePercentAfter, en: "Share after", zh: "导入后份额"),
        Field(
            "points", \.points, en: "Points", zh: "百分点",
            means: "The change of the share in percentage points with its sign.", isBlank: true),
    ]

    package var name: String { entity.first?.text ?? "" }
}

package struct MoveAmounts: APIObject {
    package var before: Amount?
    package var after = Amount()
    package var change: Change?

    package init() {}

    package static let fields: [Field<MoveAmounts>] = [
        Field(
            "before", \.before, en: "Before", zh: "导入前",
            means: "Null, like all that compares with it, where the scope can't be answered without the import."),
        Field("after", \.after, en: "After", zh: "导入后"),
        Field("change", \.change, en: "Change", zh: "变化"),
    ]
}
