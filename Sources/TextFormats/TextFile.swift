internal import Foundation

/// A text with the name of the file that it came from, under which its problems are reported.
package struct TextFile: Sendable, Hashable {
    package var name: String
    package var text: String

    package init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    /// Reads a file.
    ///
    /// - Throws: ``FileProblems`` where it can't be read or isn't UTF-8.
    package init(path: String) throws(FileProblems) {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw FileProblems(file: path, problems: [FileProblem(line: 1, message: "the file can't be read")])
        }
        guard let text = String(bytes: bytes, encoding: .utf8) else {
            throw FileProblems(file: path, problems: [FileProblem(line: 1, message: "the file is not UTF-8")])
        }
        self.init(name: path, text: text)
    }

    /// The paths of the YAML files of a directory (`*.yaml`, `*.yml`), by name.
    ///
    /// - Throws: ``FileProblems`` where the directory can't be read.
    package static func yamlPaths(in directory: String) throws(FileProblems) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
                .filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.map { "\(directory)/\($0)" }
        } catch {
            throw FileProblems(
                file: directory, problems: [FileProblem(line: 1, message: "the directory can't be read")])
        }
    }

    /// The YAML files of a directory, by name; each is read on its own, so that one that can't be read doesn't hide
    /// what is wrong with the others.
    package static func yamlFiles(in directory: String) throws(FileProblems) -> [Result<TextFile, FileProblems>] {
        try yamlPaths(in: directory).map { path in
            Result { () throws(FileProblems) in try TextFile(path: path) }
        }
    }
}
