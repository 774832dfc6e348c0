package import Scopes
package import TextFormats

/// `GET /v1/shares`: who has which part of the whole, under a scope.
package struct SharesResponse: APITable {
    package var scope = ScopeName()
    package var period = TimeSpan()
    package var measure = ""
    package var currency: String?
    package var aggregate = ""
    package var by = ""
    package var asKnownAt = Moment()
    package var position = 0
    package var denominator = Amount()
    package var reference: PublishedTotal?
    package var warning: LocalizedText?
    package var negative: LocalizedText?
    package var rows: [ShareRow] = []
    package var total = ShareTotal()
    package var gaps: [RevenueGap] = []

    package init() {}

    package static let fields: [Field<SharesResponse>] = [
        Field("scope", \.scope),
        Field("period", \.period),
        .measure(\.measure),
        .currency(\.currency, csv: .included),
        .aggregate(\.aggregate),
        .by(\.by, csv: .left),
        .asKnownAt(\.asKnownAt),
        .position(\.position),
        Field("denominator", \.denominator, means: "What shares are shares of.", csv: .left),
        Field(
            "reference", \.reference,
            means: "The published total that shares are shares of; null where that is everything counted."
        ),
        Field("warning", \.warning, means: "Set where more is counted than a published total says that there is."),
        .negative(\.negative),
        Field("rows", \.rows),
        Field("total", \.total),
        Field(
            "gaps", \.gaps,
            means:
                "Under revenue, months without a record of a provider's layer that has one for other months of the "
                + "period."),
    ]

    /// Whether ``ShareAmounts/published`` is another figure than the sum.
    package var isPerDay: Bool { aggregate == Scope.Aggregate.dailyAverage.rawValue }

    private static let layout: CSVLayout<SharesResponse, ShareRow> = [
        .answer(ScopeName.columns.at(\.scope, named: "scope")),
        .answer([TimeSpan.columns[\.name].at(\.period).called("period"), columns[\.measure]]),
        .row(ShareRow.columns.upTo(\.amounts.unmapped)),
        .answer([columns[\.currency]]),
        .row(ShareRow.columns.from(\.amounts.unmapped)),
        .row(ShareRange.columns.map { $0.at(\.interval) }),
        .answer([Column("exceeds_total") { ($0.warning != nil).cell }]),
        .answer([columns[\.position].called("position"), columns[\.asKnownAt].called("known_at")]),
    ]

    /// One line for each row.
    package var csv: CSVWriter { Self.layout.csv(of: self, rows: rows, names: [by]) }
}

/// One entity's share, or that of the entities together that the scope doesn't name.
package struct ShareRow: APIObject {
    /// The entity under the name of what the scope divides among; null for entities together.
    package var entity: [NamedText] = []
    package var rank: Int?
    package var numerator = Amount()
    package var denominator = Amount()
    package var sharePercent: Percent?
    package var interval = ShareRange()
    package var amounts = ShareAmounts()
    package var origin: RevenueOrigin?
    package var bounds: ShareBounds?
    package var gathered: Int?

    package init() {}

    package static let meaning: String? =
        "The entity stands under its own name, such as `provider`, as `by` says."

    package static let fields: [Field<ShareRow>] = [
        .named(
            \.entity, among: Scope.Entity.names, isNullable: true,
            cell: { .text($0.name ?? ShareRow.gatheredName) }),
        Field(
            "rank", \.rank, en: "#", zh: "#",
            means:
                "Null, like the entity, for the row of all entities that the scope doesn't name; null where nothing counts.",
            isBlank: true),
        Field("numerator", \.numerator, means: "What the scope counts."),
        Field("denominator", \.denominator),
        Field(
            "share_percent", \.sharePercent, en: "Share", zh: "份额",
            means: "The numerator of the denominator."),
        Field("interval", \.interval),
        .group(\.amounts),
        .groupWhenSet(\.origin, otherwise: .notRevenue),
        .groupWhenSet(\.bounds),
        .whenSet(
            "gathered", \.gathered,
            means: "How many entities that row gathers. Absent for an entity of its own.", csv: .left),
    ]

    /// What CSV calls the entities together.
    private static let gatheredName = "other"

    /// `nil` for entities together.
    package var name: String? { entity.first?.text }
}

/// All rows of ``SharesResponse`` added up.
package struct ShareTotal: APIObject {
    package var numerator = Amount()
    package var amounts = ShareAmounts()
    package var origin: RevenueOrigin?

    package init() {}

    package static let fields: [Field<ShareTotal>] = [
        Field("numerator", \.numerator), .group(\.amounts), .groupWhenSet(\.origin),
    ]
}

/// What a share is made of, and what stands beside it.
package struct ShareAmounts: APIObject {
    package var published = Amount()
    package var byKind = KindAmounts()
    package var unmapped = Amount()
    package var overLimit = OverLimitAmount()
    package var estimated = EstimatedAmount()

    package init() {}

    package static let fields: [Field<ShareAmounts>] = [
        Field(
            "published", \.published,
            means: "The figure as the scope publishes it, a sum or an average per day."),
        .group(\.byKind),
        .unmapped(\.unmapped),
        .group(\.overLimit),
        .group(\.estimated),
    ]
}

/// What of a figure is somebody's estimate, and which part of the figure that is.
package struct EstimatedAmount: APIObject {
    package var amount = Amount()
    package var percent: Percent?

    package init() {}

    package static let fields: [Field<EstimatedAmount>] = [
        .estimated(\.amount),
        Field(
            "estimated_percent", \.percent,
            means: "Its part of what the scope counts; null where that is nothing, or less."),
    ]
}

/// What of a row's usage stands under `(over-limit)`, and which part of all of it that is.
package struct OverLimitAmount: APIObject {
    package var amount = Amount()
    package var percent: Percent?

    package init() {}

    package static let fields: [Field<OverLimitAmount>] = [
        .overLimit(\.amount),
        Field(
            "over_limit_percent", \.percent,
            means: "Its part of everything that stands in the row, counted or not; null where there is nothing."),
    ]
}

/// What a figure is made of, by the kinds of the tenants that used it, whether it counts or not.
package struct KindAmounts: APIObject {
    package var external = Amount()
    package var ownBusiness = Amount()
    package var unclassified = Amount()
    package var otherKinds = Amount()
    package var outsideFilters = Amount()

    package init() {}

    package static let fields: [Field<KindAmounts>] = [
        .external(\.external),
        .ownBusiness(\.ownBusiness),
        .unclassified(\.unclassified),
        .otherKinds(\.otherKinds),
        .outsideFilters(\.outsideFilters),
    ]
}

/// Under revenue, where it comes from and what of the tokens has none.
package struct RevenueOrigin: APIObject {
    package var revenueFrom: String?
    package var unpricedTokens = Count()

    package init() {}

    package static let fields: [Field<RevenueOrigin>] = [
        .revenueFrom(\.revenueFrom), .unpricedTokens(\.unpricedTokens),
    ]

    /// Under other measures.
    package static let notRevenue = RevenueOrigin { $0.unpricedTokens = Count(0) }
}

/// Against a published total, between which percentages the share lies.
package struct ShareBounds: APIObject {
    package var lowest: Percent?
    package var highest: Percent?

    package init() {}

    package static let fields: [Field<ShareBounds>] = [
        Field(
            "share_percent_lowest", \.lowest, en: "At least", zh: "至少",
            means:
                "Against a published total, the least that the share can be given the total's precision; rounded down."),
        Field(
            "share_percent_highest", \.highest, en: "At most", zh: "至多",
            means: "The most that it can be; rounded up."),
    ]
}

/// What a share could be for what nobody has classified.
package struct ShareRange: APIObject {
    package var ifAll: Percent?
    package var lowest: Percent?
    package var highest: Percent?

    package init() {}

    package static let meaning: String? =
        "What the share could be, whatever the unclassified tenants turn out to be; `share_percent` is the share if none "
        + "of them were external."

    package static let fields: [Field<ShareRange>] = [
        Field(
            "if_all", \.ifAll, en: "Share if all external", zh: "全部计入时份额",
            means: "The share if all unclassified usage were external customers'.",
            csv: .named("interval_if_all")),
        Field(
            "lowest", \.lowest, means: "If all of the others' were, and none of the entity's own.",
            csv: .named("interval_lowest")),
        Field(
            "highest", \.highest, means: "If all of the entity's own were, and none of the others'.",
            csv: .named("interval_highest")),
    ]
}

/// A total that somebody published, which shares are shares of.
package struct PublishedTotal: APIObject {
    package var name = ""
    package var period = ""
    package var scope: String?
    package var value = ""
    package var unit = ""
    package var precision = ""
    package var source = ""
    package var asOf = Day()

    package init() {}

    package static let fields: [Field<PublishedTotal>] = [
        Field("name", \.name),
        Field("period", \.period),
        Field("scope", \.scope, means: "The scope that it was published under."),
        Field("value", \.value, means: "As published."),
        Field(
            "unit", \.unit,
            means: ReferenceTotal.Unit.words.map { "`\($0)`" }.joined(separator: ", ") + " or a currency."),
        Field("precision", \.precision, means: "What the last published digit is worth."),
        Field("source", \.source),
        Field("as_of", \.asOf),
    ]
}

/// Months without a revenue record between months that have one.
package struct RevenueGap: APIObject {
    package var provider = ""
    package var layer = ""
    package var months: [String] = []

    package init() {}

    package static let fields: [Field<RevenueGap>] = [
        Field("provider", \.provider), Field("layer", \.layer), Field("months", \.months),
    ]
}

// MARK: What a figure is made of, in every answer that says so

extension Field {
    static func external(_ path: Property<Root, Amount>) -> Field {
        Field("external", path, en: "External", zh: "外部客户", means: "What external customers used.")
    }

    static func ownBusiness(_ path: Property<Root, Amount>) -> Field {
        Field(
            "own_business", path, en: "Own business", zh: "自有业务",
            means: "What the provider's own group used.")
    }

    static func unclassified(_ path: Property<Root, Amount>) -> Field {
        Field(
            "unclassified", path, en: "Unclassified", zh: "未分类",
            means: "What tenants used that nobody has classified.")
    }

    static func otherKinds(_ path: Property<Root, Amount>, en: String? = "Other kinds") -> Field {
        Field(
            "other_kinds", path, en: en, zh: en.map { _ in "其他类型" },
            means: "What affiliates, trials and tests used.")
    }

    static func outsideFilters(_ path: Property<Root, Amount>) -> Field {
        Field(
            "outside_filters", path, en: "Outside filters", zh: "口径外",
            means: "What the scope's other filters leave out, of any kind.")
    }

    static func unmapped(_ path: Property<Root, Amount>, en: String? = "Unmapped") -> Field {
        Field(
            "unmapped", path, en: en, zh: en.map { _ in "未编目" },
            means: "What can't be judged because no catalogue names its region or model. Not counted.",
            hidesZeros: true)
    }

    /// - Parameter name: of the member, where there are several.
    static func overLimit(_ path: Property<Root, Amount>, named name: String = "over_limit") -> Field {
        Field(
            name, path, en: "Over limit", zh: "超限名称",
            means:
                "What is counted under `(over-limit)`, the name of all tenants, models and regions beyond a day's budget "
                + "of new names. A part of the other figures.",
            hidesZeros: true, ifAbsent: Amount("0"))
    }

    /// - Parameter name: of the member, where there are several.
    static func estimated(_ path: Property<Root, Amount>, named name: String = "estimated") -> Field {
        Field(
            name, path, en: "of which estimated", zh: "其中估算",
            means:
                "What of the figure is somebody's estimate, because the engine that served the calls didn't say what they "
                + "used. A part of what the scope counts.",
            hidesZeros: true, ifAbsent: Amount("0"))
    }

    static func negative(_ path: Property<Root, LocalizedText?>) -> Field {
        Field(
            "negative", path,
            means:
                "Set where more was taken back in the period than counted in it: such figures are below 0 and have no "
                + "rank, and nothing is a share of less than nothing.")
    }

    static func revenueFrom(_ path: Property<Root, String?>, en: String? = "Revenue from") -> Field {
        Field(
            "revenue_from", path, en: en, zh: en.map { _ in "收入来源" },
            means: "Under revenue, where it comes from.",
            values: ["imported", "price-book", "imported+price-book"], isBlank: true)
    }

    static func unpricedTokens(
        _ path: Property<Root, Count>, en: String? = "Unpriced tokens"
    ) -> Field {
        Field(
            "unpriced_tokens", path, en: en, zh: en.map { _ in "无价 Token" },
            means: "Under revenue, tokens that would count and have no price in the book.")
    }
}
