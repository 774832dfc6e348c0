internal import Foundation
internal import Scopes
internal import UsageModel

/// The scopes, as the API gives them and as the command writes those of this machine.
struct ScopesAnswer: Codable, Sendable {
    struct Scope: Codable, Sendable, Equatable {
        var id: String
        var version: Int
        var sha256: String
        var builtIn: Bool
        var title: LocalizedTitle
        var citation: String
        var measure: String
        var currency: String?
        var entity: String
        var top: Int?
        var aggregate: String
        var zone: String
        var denominator: String
        var precision: Int
        /// By ``filterKeys``; `nil` for no filter.
        var filters: [String: [String]?]
        var additions: [String]
        var needs: [String]
        var imports: [String]
        var explanation: LocalizedTitle

        /// The filters, in the order in which they are shown.
        static let filterKeys = ScopeFilters().names.map(\.key)

        enum CodingKeys: String, CodingKey {
            case id, version, sha256, title, citation, measure, currency, entity, top, aggregate, zone, denominator
            case precision, filters, additions, needs, imports, explanation
            case builtIn = "built_in"
        }
    }

    var scopes: [Scope]
}

extension ScopesAnswer.Scope {
    /// A scope of this machine, in the form that the API gives one.
    init(_ scope: Scopes.Scope) {
        id = scope.id
        version = scope.version
        sha256 = scope.digest
        builtIn = ScopeCatalogue.isBuiltIn(scope.id)
        title = LocalizedTitle(scope.title)
        citation = scope.citation
        measure = scope.measure.rawValue
        currency = scope.currency
        entity = scope.entity.rawValue
        top = scope.top
        aggregate = scope.aggregate.rawValue
        zone = scope.zone
        denominator = scope.denominator.name
        precision = scope.precision
        filters = Dictionary(uniqueKeysWithValues: scope.filters.names.map { ($0.key, $0.names) })
        additions = scope.additions.map(\.rawValue).sorted()
        needs = scope.requiredFacts.map(\.rawValue)
        imports = scope.imports.map(\.rawValue)
        explanation = LocalizedTitle(scope.explanation)
    }

    /// Like the server, `null` for what isn't there rather than nothing.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(version, forKey: .version)
        try container.encode(sha256, forKey: .sha256)
        try container.encode(builtIn, forKey: .builtIn)
        try container.encode(title, forKey: .title)
        try container.encode(citation, forKey: .citation)
        try container.encode(measure, forKey: .measure)
        try container.encode(currency, forKey: .currency)
        try container.encode(entity, forKey: .entity)
        try container.encode(top, forKey: .top)
        try container.encode(aggregate, forKey: .aggregate)
        try container.encode(zone, forKey: .zone)
        try container.encode(denominator, forKey: .denominator)
        try container.encode(precision, forKey: .precision)
        try container.encode(filters, forKey: .filters)
        try container.encode(additions, forKey: .additions)
        try container.encode(needs, forKey: .needs)
        try container.encode(imports, forKey: .imports)
        try container.encode(explanation, forKey: .explanation)
    }
}

extension LocalizedTitle {
    init(_ text: LocalizedText) { self.init(en: text.en, zh: text.zh) }
}

extension Terminal {
    /// Writes a value as one line of JSON, its members in order of name.
    static func out(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        out(bytes: Array(try encoder.encode(value)))
        out("\n")
    }
}
