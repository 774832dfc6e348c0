package import Scopes

extension LocalizedText: APIObject {
    package init() { self.init(en: "", zh: "") }

    package static let fields: [Field<LocalizedText>] = [
        Field("en", \.en), Field("zh", \.zh),
    ]

    package var displayValue: DisplayValue { .words(self) }
}

extension Scope.Entity {
    /// The members that an entity can stand under.
    package static let names = allCases.map(\.rawValue)
}

/// Which rule figures were counted by.
package struct ScopeName: APIObject {
    package var id = ""
    package var version = 0
    package var sha256 = HexDigest()
    package var title = LocalizedText()

    package init() {}

    package static let fields: [Field<ScopeName>] = [
        Field("id", \.id, csv: .named("")),
        Field("version", \.version),
        Field(
            "sha256", \.sha256,
            means:
                "Of the definition's canonical form. Two figures with the same one were counted by the same rule."
        ),
        Field("title", \.title),
    ]
}

extension ScopeName {
    package init(_ scope: Scope) {
        id = scope.id
        version = scope.version
        sha256 = HexDigest(scope.digest)
        title = scope.title
    }
}

/// What the figures of a scope are.
package struct ScopeFigure: APIObject {
    package var measure = ""
    package var currency: String?
    package var aggregate = ""
    package var zone = ""

    package init() {}

    package static let fields: [Field<ScopeFigure>] = [
        .measure(\.measure), .currency(\.currency), .aggregate(\.aggregate),
        Field("zone", \.zone, means: "The zone whose days make up periods.", csv: .left),
    ]
}

extension ScopeFigure {
    package init(_ scope: Scope) {
        measure = scope.measure.rawValue
        currency = scope.currency
        aggregate = scope.aggregate.rawValue
        zone = scope.zone
    }

    /// Whether what is published is another figure than the sum.
    package var isPerDay: Bool { aggregate == Scope.Aggregate.dailyAverage.rawValue }
}

// MARK: Fields that several answers have

extension Field {
    static func measure(_ path: Property<Root, String>) -> Field {
        Field(
            "measure", path, means: "What is added up.", values: Scope.Measure.allCases.map(\.rawValue))
    }

    static func currency(_ path: Property<Root, String?>, csv: CSVUse = .left) -> Field {
        Field(
            "currency", path, means: "ISO 4217, of amounts of money; null where the measure is none.",
            csv: csv)
    }

    static func aggregate(_ path: Property<Root, String>) -> Field {
        Field(
            "aggregate", path, means: "Whether the published figure is the sum or its average per day.",
            values: Scope.Aggregate.allCases.map(\.rawValue), csv: .left)
    }

    static func by(_ path: Property<Root, String>, csv: CSVUse = .included) -> Field {
        Field(
            "by", path, means: "What the whole is divided among.", values: Scope.Entity.names, csv: csv)
    }

    static func asKnownAt(_ path: Property<Root, Moment>) -> Field {
        Field(
            "as_known_at", path,
            means: "What was recorded by this moment is taken into account, of tenants and facts.",
            csv: .left)
    }

    static func position(_ path: Property<Root, Int>) -> Field {
        Field("position", path, means: "The ledger position that the figures count up to.", csv: .left)
    }

    /// Of answers that callers bound to a provider get, too.
    static func position(_ path: Property<Root, Int?>) -> Field {
        Field(
            "position", path,
            means: "The ledger position that the figures count up to; null for a token bound to a provider, because "
                + "positions are the whole market's.", csv: .left)
    }

    /// The column of the entity in rows that have one under a fixed name.
    static func entity(_ path: Property<Root, String?>, csv: CSVUse = .included) -> Field {
        Field("entity", path, means: "Null for all entities together.", csv: csv)
    }
}

// MARK: Periods

/// A period with its first second and the first after it.
package struct TimeSpan: APIObject {
    package var name = ""
    package var from = Moment()
    package var to = Moment()
    package var zone = ""

    package init() {}

    package static let fields: [Field<TimeSpan>] = [
        Field("name", \.name, means: "As it was asked for."),
        Field("from", \.from),
        Field("to", \.to, means: "The first second that doesn't count any more."),
        Field("zone", \.zone),
    ]
}

/// A period by its dates, where no single zone says when they begin.
package struct DateSpan: APIObject {
    package var name = ""
    package var from = Day()
    package var to = Day()
    package var days = 0

    package init() {}

    package static let fields: [Field<DateSpan>] = [
        Field("name", \.name, csv: .named("period")),
        Field("from", \.from),
        Field("to", \.to, means: "The first day that doesn't count any more."),
        Field("days", \.days, means: "How many there are."),
    ]
}

extension DateSpan {
    package init(_ period: Period) {
        name = period.description
        from = Day("\(period.from)")
        to = Day("\(period.to)")
        days = period.dayCount
    }

    func contains(_ day: Day) -> Bool { from.text <= day.text && day.text < to.text }

    /// The name for people. A single day is named by two dates, as it is asked for: here the first of them says which.
    package var label: String { days == 1 ? String(name.prefix { $0 != "/" }) : name }
}
