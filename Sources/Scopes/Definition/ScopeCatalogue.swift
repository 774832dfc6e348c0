internal import Foundation
package import TextFormats

/// The scopes of an installation, by id.
package struct ScopeCatalogue: Sendable {
    private let byID: [String: Scope]

    /// The scopes, by id.
    package var scopes: [Scope] { byID.values.sorted { $0.id < $1.id } }

    package init(_ scopes: [Scope]) {
        byID = Dictionary(scopes.map { ($0.id, $0) }) { first, _ in first }
    }

    /// The scopes that come with Steelyard.
    package static let builtInNames = [
        "ai-public-cloud-services", "all-traffic", "frost-sullivan-self-developed", "iceberg", "idc", "idc-2024",
        "omdia-ai-cloud", "openrouter", "openrouter-revenue", "tenders", "tenders-amount",
    ]

    /// Whether an id is that of a scope which comes with Steelyard.
    package static func isBuiltIn(_ id: String) -> Bool { builtInNames.contains(id) }

    /// Reads the built-in scopes.
    ///
    /// - Throws: ``FileProblems`` when the installation is damaged.
    package static func builtIn() throws(FileProblems) -> ScopeCatalogue {
        var scopes: [Scope] = []
        for name in builtInNames {
            let file = "\(name).yaml"
            guard let url = Bundle.module.url(forResource: name, withExtension: "yaml", subdirectory: "BuiltIn"),
                let text = try? String(contentsOf: url, encoding: .utf8)
            else {
                throw FileProblems(
                    file: file,
                    problems: [FileProblem(line: 1, message: "missing from the installation")])
            }
            scopes.append(try Scope.parse(text, file: file))
        }
        return ScopeCatalogue(scopes)
    }

    /// The scope of an id.
    package func scope(_ id: String) throws(UnknownScope) -> Scope {
        guard let scope = byID[id] else { throw UnknownScope(id: id.excerpt, known: byID.keys.sorted()) }
        return scope
    }

    /// The catalogue with a custom scope more.
    ///
    /// - Throws: ``FileProblems`` with every mistake in the file; among them an id that is taken, by a built-in scope or by
    ///   another of the house.
    package func adding(_ yaml: String, file: String) throws(FileProblems) -> ScopeCatalogue {
        ScopeCatalogue(scopes + [try Scope.parse(yaml, file: file, besides: self)])
    }

    /// Why a scope more can't have an id, or `nil` where it can.
    func objection(to id: String) -> String? {
        guard byID[id] != nil else { return nil }
        let whose = Self.isBuiltIn(id) ? "built-in scope" : "scope"
        return "there is a \(whose) \(id) already: choose another id"
    }
}

/// An id that names no scope of the installation.
package struct UnknownScope: Error, Sendable, Equatable, CustomStringConvertible {
    package var id: String
    package var known: [String]

    package init(id: String, known: [String]) {
        self.id = id
        self.known = known
    }

    package var description: String { "there is no scope '\(id)': the scopes are \(known.joined(separator: ", "))" }
}
