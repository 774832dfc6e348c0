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

    /// The files of the scopes that come with Steelyard, by name. The resource directory is the list.
    private static let builtInFiles =
        (Bundle.module.urls(forResourcesWithExtension: "yaml", subdirectory: "BuiltIn") ?? [])
        .map { $0 as URL }.sorted { $0.lastPathComponent < $1.lastPathComponent }

    /// The ids of the scopes that come with Steelyard.
    package static let builtInNames = builtInFiles.map { $0.deletingPathExtension().lastPathComponent }

    /// Whether an id is that of a scope which comes with Steelyard.
    package static func isBuiltIn(_ id: String) -> Bool { builtInNames.contains(id) }

    /// Reads the built-in scopes.
    ///
    /// - Throws: ``FileProblems`` when the installation is damaged.
    package static func builtIn() throws(FileProblems) -> ScopeCatalogue {
        guard !builtInFiles.isEmpty else { throw missing("BuiltIn") }
        var scopes: [Scope] = []
        for url in builtInFiles {
            let file = url.lastPathComponent
            guard let text = try? String(contentsOf: url, encoding: .utf8) else { throw missing(file) }
            scopes.append(try Scope.parse(text, file: file))
        }
        return ScopeCatalogue(scopes)
    }

    private static func missing(_ file: String) -> FileProblems {
        FileProblems(file: file, problems: [FileProblem(line: 1, message: "missing from the installation")])
    }

    /// The scope of an id.
    package func scope(_ id: String) throws(UnknownScope) -> Scope {
        guard let scope = byID[id] else { throw UnknownScope(id: id.excerpt, known: byID.keys.sorted()) }
        return scope
    }

    /// The catalogue with custom scopes more.
    ///
    /// - Parameter files: as they were read, or why they couldn't be.
    /// - Throws: the mistakes of all files; among them an id that is taken, by a built-in scope or by another of
    ///   the files.
    package func adding(_ files: [Result<TextFile, FileProblems>]) throws(FileProblems) -> ScopeCatalogue {
        var catalogue = self
        var found: [FileProblems] = []
        for file in files {
            do throws(FileProblems) {
                let file = try file.get()
                let scope = try Scope.parse(file.text, file: file.name, besides: catalogue)
                catalogue = ScopeCatalogue(catalogue.scopes + [scope])
            } catch {
                found.append(error)
            }
        }
        guard var problems = found.first else { return catalogue }
        problems.others = Array(found.dropFirst())
        throw problems
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
