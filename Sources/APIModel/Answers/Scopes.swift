package import Scopes
package import TextFormats

/// `GET /v1/scopes`: what can be asked for with `scope`.
package struct ScopesResponse: APITable {
    package var scopes: [ScopeDefinition] = []

    package init() {}

    package static let fields: [Field<ScopesResponse>] = [Field("scopes", \.scopes)]

    private static let layout: CSVLayout<ScopesResponse, ScopeDefinition> = [
        .row(ScopeDefinition.columns.upTo(\.citation)),
        .row([
            ScopeDefinition.columns[\.measure], ScopeDefinition.columns[\.currency],
            ScopeDefinition.columns[\.aggregate], ScopeDefinition.columns[\.entity],
            ScopeDefinition.columns[\.zone],
        ]),
        .row(ScopeDefinition.columns.from(\.needs)),
        .row(LocalizedText.columns.at(\.title, named: "title")),
        .row([ScopeDefinition.columns[\.citation]]),
    ]

    /// One line for each scope; lists are parted by blanks.
    package var csv: CSVWriter { Self.layout.csv(of: self, rows: scopes) }
}

extension ScopesResponse {
    package init(_ catalogue: ScopeCatalogue) {
        self.init()
        scopes = catalogue.scopes.map { ScopeDefinition($0) }
    }
}

/// `GET /v1/scopes/{id}`: a scope's whole definition, with what it means in plain words.
package struct ScopeDefinition: APIObject {
    package var id = ""
    package var version = 0
    package var sha256 = HexDigest()
    package var builtIn = false
    package var title = LocalizedText()
    package var citation = ""
    package var measure = ""
    package var currency: String?
    package var entity = ""
    package var top: Int?
    package var aggregate = ""
    package var zone = ""
    package var denominator = ""
    package var precision = 0
    package var filters = ScopeFilterNames()
    package var additions: [String] = []
    package var needs: [String] = []
    package var imports: [String] = []
    package var explanation = LocalizedText()

    package init() {}

    package static let fields: [Field<ScopeDefinition>] = [
        Field("id", \.id, en: "Scope", zh: "口径"),
        Field("version", \.version, en: "Version", zh: "版本"),
        Field("sha256", \.sha256, means: "Of the definition's canonical form."),
        Field("built_in", \.builtIn, means: "Whether it comes with Steelyard."),
        Field("title", \.title),
        Field("citation", \.citation, means: "Where the definition comes from."),
        Field(
            "measure", \.measure, en: "Measures", zh: "计量", means: "What is added up.",
            values: Scope.Measure.allCases.map(\.rawValue)),
        Field("currency", \.currency, means: "ISO 4217; null where the measure is no money."),
        Field(
            "entity", \.entity, en: "By", zh: "划分", means: "What the whole is divided among.",
            values: Scope.Entity.names),
        Field("top", \.top, means: "How many entities are published by name; null for all."),
        Field(
            "aggregate", \.aggregate, en: "As", zh: "汇总",
            means: "Whether the published figure is the sum or its average per day.",
            values: Scope.Aggregate.allCases.map(\.rawValue)),
        Field("zone", \.zone, means: "The zone whose days make up periods."),
        Field(
            "denominator", \.denominator,
            means: "`everything-counted`, or `reference-total:` and the name of a published total."),
        Field("precision", \.precision, means: "Decimals that percentages are published with."),
        Field("filters", \.filters),
        Field(
            "additions", \.additions, means: "What counts although the ledger of usage doesn't hold it.",
            values: Scope.Addition.allCases.map(\.rawValue)),
        Field(
            "needs", \.needs, means: "What the scope needs beside the counted usage.",
            values: ScopeFact.allCases.map(\.rawValue)),
        Field(
            "imports", \.imports, en: "Reads facts", zh: "所需数据",
            means: "The kinds of facts that an answer reads. Without those of a needed fact it is 422 "
                + "`\(MissingFacts.code)`.",
            values: FactKind.allCases.map(\.rawValue)),
        Field("explanation", \.explanation, means: "What it counts and what it doesn't."),
    ]
}

extension ScopeDefinition {
    package init(_ scope: Scope) {
        self.init()
        id = scope.id
        version = scope.version
        sha256 = HexDigest(scope.digest)
        builtIn = ScopeCatalogue.isBuiltIn(scope.id)
        title = scope.title
        citation = scope.citation
        measure = scope.measure.rawValue
        currency = scope.currency
        entity = scope.entity.rawValue
        top = scope.top
        aggregate = scope.aggregate.rawValue
        zone = scope.zone
        denominator = scope.denominator.name
        precision = scope.precision
        filters = ScopeFilterNames(scope.filters)
        additions = scope.additions.map(\.rawValue).sorted()
        needs = scope.requiredFacts.map(\.rawValue)
        imports = scope.imports.map(\.rawValue)
        explanation = scope.explanation
    }
}

/// What a scope's filters let through.
package struct ScopeFilterNames: APIObject {
    private var names: [String: [String]] = [:]

    package init() {}

    /// The filters, in the order in which they are shown.
    package static let keys = ScopeFilters().names.map(\.key)

    package static let meaning: String? = "Null lets everything through."

    package static let fields: [Field<ScopeFilterNames>] = keys.map { Field($0, \.[$0]) }

    package subscript(key: String) -> [String]? {
        get { names[key] }
        set { names[key] = newValue }
    }
}

extension ScopeFilterNames {
    init(_ filters: ScopeFilters) {
        for (key, names) in filters.names { self[key] = names }
    }
}
