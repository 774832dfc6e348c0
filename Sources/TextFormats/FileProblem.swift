/// One mistake in a file that a person wrote: where it is, and a sentence that says what is wrong and what is right.
package struct FileProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The line, from 1. For a mistake of the file as a whole (a missing column), the line where it should stand.
    package var line: Int
    /// The CSV column or the YAML key it is about (`filters.kinds`), or `nil` where it is about the line as a whole.
    package var field: String?
    package var message: String
    /// What to do about it, where the message doesn't say so.
    package var remedy: String?

    package init(line: Int, field: String? = nil, message: String, remedy: String? = nil) {
        self.line = line
        self.field = field
        self.message = message
        self.remedy = remedy
    }

    package var description: String {
        let place = field.map { "line \(line), \($0)" } ?? "line \(line)"
        return "\(place): \(message)" + (remedy.map { "; \($0)" } ?? "")
    }
}

/// A file that was refused, with every mistake found in it, in order of line.
package struct FileProblems: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file as the caller named it.
    package var file: String
    package var problems: [FileProblem]
    /// Those of other files, where several were read together.
    package var others: [FileProblems] = []

    /// The most mistakes that are listed; a file in the wrong format would otherwise list every line.
    package static let maxListed = 100

    package init(file: String, problems: [FileProblem]) {
        self.file = file
        var sorted = Array(Set(problems))
        sorted.sort { ($0.line, $0.field ?? "", $0.message) < ($1.line, $1.field ?? "", $1.message) }
        self.problems = sorted
    }

    /// One line per mistake, each starting with the file's name: `tenants.csv: line 3, kind: …`.
    package var description: String {
        var lines = problems.prefix(Self.maxListed).map { "\(file): \($0)" }
        if problems.count > Self.maxListed {
            lines.append("\(file): … and \(problems.count - Self.maxListed) more problems")
        }
        return (lines + others.map(\.description)).joined(separator: "\n")
    }
}
