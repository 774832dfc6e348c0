package import TextFormats

/// `GET /v1/tenants/look-alikes`: tenants of a provider whose names differ in nothing that a reader sees.
package struct LookAlikesResponse: APITable {
    package var provider = ""
    package var examined = 0
    package var complete = false
    package var rows: [LookAlikeRow] = []

    package init() {}

    package static let fields: [Field<LookAlikesResponse>] = [
        Field("provider", \.provider),
        Field("examined", \.examined, means: "How many of the provider's tenants were compared.", csv: .left),
        Field(
            "complete", \.complete,
            means: "Whether all of the provider's tenants were compared and all that look alike are listed.", csv: .left
        ),
        Field("rows", \.rows, means: "Group by group; every group has two names or more."),
    ]

    private static let layout: CSVLayout<LookAlikesResponse, LookAlikeRow> = [
        .answer([columns[\.provider]]), .row(LookAlikeRow.columns),
    ]

    /// One line for each name.
    package var csv: CSVWriter { Self.layout.csv(of: self, rows: rows) }
}

/// One of several names that look alike.
package struct LookAlikeRow: APIObject {
    package var group = 0
    package var tenant = ""
    package var escaped = ""

    package init() {}

    package static let fields: [Field<LookAlikeRow>] = [
        Field("group", \.group, en: "#", zh: "#", means: "From 1; names of one group look alike."),
        Field("tenant", \.tenant, en: "Tenant", zh: "租户"),
        Field(
            "escaped", \.escaped, en: "Characters", zh: "字符",
            means:
                "The name in ASCII: every other character as `\\u{…}` with its code point, which shows where names differ."
        ),
    ]
}
