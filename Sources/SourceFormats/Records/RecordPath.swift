/// The way from a record's top to a value, as settings write it.
///
/// Steps are joined by dots:
/// - `usage` is the member of that name. A name that holds a dot, a blank, `*`, a quote or braces stands in single
///   quotes, in which a quote is written twice: `'gen_ai.usage.input_tokens'`.
/// - `0` is an array's element of that number, from 0, or an object's member of that name: `choices.0.usage`.
/// - `*` is each element of an array and each member of an object, `input*` each member whose name begins so. Counts
///   are added up over what is found; of anything else the first that has a value is taken.
/// - `{}` behind a name says that its value is a string (or a CSV column) that holds JSON, in which the path goes on:
///   `log{}.usage`. An object in that place is gone into as well.
struct RecordPath: Sendable, Hashable {
    enum Step: Sendable, Hashable {
        case name(String)
        /// Each element of an array, where the prefix is empty, and each member of an object whose name has it.
        case each(prefix: String)
        /// Into the JSON that a string holds.
        case text
    }

    var steps: [Step]

    /// What is wrong with a path.
    struct Problem: Error {
        var message: String
        var remedy: String
    }

    init(_ text: String) throws(Problem) {
        var reader = Reader(left: text.unicodeScalars[...])
        steps = try reader.steps()
    }

    /// Reads the steps one by one.
    private struct Reader {
        var left: Substring.UnicodeScalarView

        mutating func steps() throws(Problem) -> [Step] {
            var steps: [Step] = []
            while true {
                steps += try step()
                if left.isEmpty { break }
                guard left.removeFirst() == "." else {
                    throw Problem(
                        message: "a name in quotes, * or {} is followed by something else than a dot",
                        remedy: "join names by single dots; write a quote within quotes twice")
                }
            }
            if steps.last == .text {
                throw Problem(
                    message: "{} ends the path, and what is in the JSON is not said",
                    remedy: "go on behind it, as in log{}.usage")
            }
            return steps
        }

        private mutating func step() throws(Problem) -> [Step] {
            let isQuoted = left.first == "'"
            let name = isQuoted ? try quoted() : bare()
            var steps: [Step]
            if left.first == "*" {
                left.removeFirst()
                steps = [.each(prefix: name)]
            } else {
                guard !name.isEmpty else {
                    throw Problem(message: "a name in the path is empty", remedy: "join names by single dots")
                }
                steps = [.name(name)]
            }
            if left.starts(with: "{}".unicodeScalars) {
                left.removeFirst(2)
                steps.append(.text)
            }
            return steps
        }

        private mutating func bare() -> String {
            let end = left.firstIndex { ".*{".unicodeScalars.contains($0) } ?? left.endIndex
            let name = String(left[..<end])
            left = left[end...]
            return name
        }

        private mutating func quoted() throws(Problem) -> String {
            left.removeFirst()
            var name = String.UnicodeScalarView()
            while let scalar = left.popFirst() {
                guard scalar == "'" else {
                    name.append(scalar)
                    continue
                }
                guard left.first == "'" else { return String(name) }
                left.removeFirst()
                name.append("'")
            }
            throw Problem(message: "a quote in the path is not closed", remedy: "end the name with '")
        }
    }
}

extension RecordPath {
    /// The path in a setting, or the setting's error.
    init(_ text: String, setting: String) throws(SourceFormatError) {
        do throws(Problem) {
            try self.init(text)
        } catch {
            throw SourceFormatError(setting: setting, message: "\(text): \(error.message)", remedy: error.remedy)
        }
    }
}
