package import TextFormats

/// `GET /v1/peak`: the minutes with the most tokens.
package struct PeakResponse: APITable {
    package var period = TimeSpan()
    package var by = ""
    package var userRate: Count?
    package var position: Int?
    package var rows: [PeakRow] = []

    package init() {}

    package static let fields: [Field<PeakResponse>] = [
        Field("period", \.period),
        Field("by", \.by, values: ["provider"] + PeakRow.subjects, csv: .left),
        Field(
            "user_rate", \.userRate,
            means: "Tokens a minute that one user needs; null where nobody asked."),
        .position(\.position),
        Field("rows", \.rows),
    ]

    private static let layout: CSVLayout<PeakResponse, PeakRow> = [
        .answer([TimeSpan.columns[\.name].at(\.period).called("period")]),
        .row(PeakRow.columns.upTo(\.users)),
        .row(PeakRow.columns.from(\.counts.requests)),
        .answer([columns[\.userRate]]),
        .row([PeakRow.columns[\.users]]),
        .answer([columns[\.position].called("position")]),
    ]

    /// The column beside the provider's, where minutes are those of tenants or models.
    package var names: [String] { PeakRow.subjects.filter { $0 == by } }

    /// One line for each minute.
    package var csv: CSVWriter { Self.layout.csv(of: self, rows: rows, names: names) }
}

package struct PeakRow: APIObject {
    package var rank = 0
    package var provider = ""
    package var names: [NamedText] = []
    package var minute = Moment()
    package var users: Count?
    package var counts = UsageCounts()

    package init() {}

    package static let meaning: String? =
        "A minute, the earliest of equally high ones, with what was used in it."

    /// What minutes can be those of, beside providers.
    package static let subjects = ["tenant", "model"]

    package static let fields: [Field<PeakRow>] = [
        Field("rank", \.rank, en: "#", zh: "#"),
        Field("provider", \.provider, en: "Provider", zh: "云厂商"),
        .named(\.names, among: subjects, isNullable: false),
        Field("minute", \.minute, en: "Minute", zh: "分钟"),
        Field(
            "users", \.users, en: "Users", zh: "可支撑用户数",
            means:
                "total_tokens over user_rate, rounded down, and 0 where they are below 0; null where no rate was given."
        ),
        .group(\.counts),
    ]
}
