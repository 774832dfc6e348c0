internal import Crypto
internal import TextFormats
internal import UsageModel

/// Why a text is not the canonical form of a scope or a statement.
package struct CanonicalFormError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

extension Scope {
    /// Stands in canonical forms, so that another form can't be taken for this one.
    static let canonicalFormat = "steelyard-scope/2"

    /// The definition in one fixed spelling, whatever the file's order, spacing and comments: two files with the same
    /// canonical form mean the same. Canonical JSON (RFC 8785); lists are sorted by their bytes; a filter that lets
    /// everything through is left out.
    ///
    /// Keys that were added to scope files later are left out where they say nothing, so that the form of a scope that
    /// doesn't use them never changes. Title and citation mean nothing to a figure and are left out too.
    package var canonicalForm: String { canonicalValue.canonical }

    var canonicalValue: JSONValue {
        var members = [
            JSONMember("format", .string(Self.canonicalFormat)), JSONMember("id", .string(id)),
            JSONMember("version", .integer(Int64(version))), JSONMember("measure", .string(measure.rawValue)),
            JSONMember(
                "filters",
                .object(
                    filters.names.compactMap { key, names in
                        names.map { JSONMember(key, .array($0.map { .string($0) })) }
                    })),
            JSONMember("entity", .string(entity.rawValue)), JSONMember("aggregate", .string(aggregate.rawValue)),
            JSONMember("zone", .string(zone)), JSONMember("denominator", .string(denominator.name)),
            JSONMember("precision", .integer(Int64(precision))),
        ]
        if !additions.isEmpty {
            let names = additions.map(\.rawValue).sorted()
            members.append(JSONMember("additions", .array(names.map { .string($0) })))
        }
        if let currency { members.append(JSONMember("currency", .string(currency))) }
        if let top { members.append(JSONMember("top", .integer(Int64(top)))) }
        return .object(members)
    }

    /// SHA-256 of ``canonicalForm``, as 64 lower-case hexadecimal digits: what a figure carries beside id and version,
    /// so that two installations can tell whether they counted by the same definition.
    package var digest: String {
        Hexadecimal.text(SHA256.hash(data: Array(canonicalForm.utf8)))
    }

    /// Reads a definition back from its ``canonicalForm``, so that what was counted by it once can be counted again
    /// when its file is gone or has another version.
    ///
    /// - Parameters:
    ///   - title: left out of the form, because it means nothing to a figure; so is the citation.
    /// - Throws: for any text that isn't exactly the canonical form of a scope.
    package init(
        canonicalForm text: String, title: LocalizedText, citation: String
    ) throws(CanonicalFormError) {
        self = try Scope(CanonicalObject(text: text), title: title, citation: citation)
        guard canonicalForm == text else { throw Self.notCanonical(id) }
    }

    /// The same from an object of another canonical form, which the caller compares as a whole.
    init(_ object: CanonicalObject, title: LocalizedText, citation: String) throws(CanonicalFormError) {
        guard try object.string("format") == Self.canonicalFormat else {
            throw CanonicalFormError("The definition of the scope isn't in the form \(Self.canonicalFormat).")
        }
        self.init(
            id: try object.string("id"), version: try object.integer("version"), title: title, citation: citation,
            measure: try object.word("measure", Measure.init(rawValue:)),
            currency: object.has("currency") ? try object.string("currency") : nil,
            filters: try ScopeFilters(object.object("filters")),
            additions: Set(
                object.has("additions") ? try object.words("additions", Addition.init(rawValue:)) : []),
            entity: try object.word("entity", Entity.init(rawValue:)),
            top: object.has("top") ? try object.integer("top") : nil,
            aggregate: try object.word("aggregate", Aggregate.init(rawValue:)), zone: try object.string("zone"),
            denominator: try object.word("denominator", Denominator.init(name:)),
            precision: try object.integer("precision"))
    }

    private static func notCanonical(_ id: String) -> CanonicalFormError {
        CanonicalFormError("The definition of the scope \(id) is not in its canonical form.")
    }
}

extension Scope.Denominator {
    fileprivate init?(name: String) {
        let prefix = Scope.Denominator.referenceTotal("").name
        if name == Self.everythingCountedName {
            self = .everythingCounted
        } else if name.hasPrefix(prefix) {
            self = .referenceTotal(String(name.dropFirst(prefix.count)))
        } else {
            return nil
        }
    }
}

extension ScopeFilters {
    fileprivate init(_ object: CanonicalObject) throws(CanonicalFormError) {
        self.init()
        for filter in ScopeFilter.all where object.has(filter.key) {
            let names = try object.strings(filter.key)
            guard filter.set(&self, names) else {
                throw CanonicalFormError("The filter \(filter.key) names something that this program doesn't know.")
            }
        }
    }
}
