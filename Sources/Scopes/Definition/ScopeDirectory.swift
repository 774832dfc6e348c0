internal import Foundation
package import TextFormats

/// Custom scopes: files that an installation keeps beside the built-in ones.
package enum ScopeDirectory {
    /// The files of a directory that are scopes (`*.yaml`, `*.yml`), by name.
    ///
    /// - Throws: ``FileProblems`` where the directory can't be read.
    package static func files(in directory: String) throws(FileProblems) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
                .filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.map { "\(directory)/\($0)" }
        } catch {
            throw FileProblems(
                file: directory, problems: [FileProblem(line: 1, message: "the directory of scopes can't be read")])
        }
    }

    /// The text of one scope file.
    ///
    /// - Throws: ``FileProblems`` where the file can't be read or isn't UTF-8.
    package static func text(_ file: String) throws(FileProblems) -> String {
        guard let bytes = FileManager.default.contents(atPath: file) else {
            throw FileProblems(file: file, problems: [FileProblem(line: 1, message: "the file can't be read")])
        }
        guard let text = String(bytes: bytes, encoding: .utf8) else {
            throw FileProblems(file: file, problems: [FileProblem(line: 1, message: "the file is not UTF-8")])
        }
        return text
    }

    /// The built-in scopes and those of a directory.
    ///
    /// - Throws: the mistakes of all files; among them an id that a built-in scope has already.
    package static func catalogue(_ directory: String?) throws(FileProblems) -> ScopeCatalogue {
        var catalogue = try ScopeCatalogue.builtIn()
        guard let directory else { return catalogue }
        var found: [FileProblems] = []
        for file in try files(in: directory) {
            do throws(FileProblems) {
                catalogue = try catalogue.adding(try text(file), file: file)
            } catch {
                found.append(error)
            }
        }
        guard var problems = found.first else { return catalogue }
        problems.others = Array(found.dropFirst())
        throw problems
    }
}
