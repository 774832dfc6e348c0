internal import Yams

/// Finds where a map gives a key more than once.
enum RepeatedKeys {
    /// The lines, from 1, of a key in the map that holds another key at `mark`.
    ///
    /// Goes by indentation: keys of one map begin in the same column, and the map ends with the first line that begins
    /// before it. Maps in braces are not taken apart; of their keys none may be found.
    static func lines(of key: String, besides mark: Mark, in yaml: String) -> [Int] {
        let lines = yaml.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard lines.indices.contains(mark.line - 1) else { return [] }
        let indentation = mark.column - 1
        func isOutside(_ index: Int) -> Bool {
            let content = lines[index].drop { $0 == " " }
            let isBlank = content.isEmpty || content.hasPrefix("#")
            return !isBlank && lines[index].count - content.count < indentation
        }
        var found: [Int] = []
        var first = mark.line - 1
        while first > 0, !isOutside(first - 1) { first -= 1 }
        for index in first..<lines.count {
            if isOutside(index) { break }
            let line = lines[index]
            guard line.prefix(while: { $0 == " " }).count == indentation else { continue }
            let content = line.dropFirst(indentation)
            let spellings = [key, "\"\(key)\"", "'\(key)'"]
            if spellings.contains(where: { isKey($0, of: content) }) { found.append(index + 1) }
        }
        return found
    }

    /// Whether the line begins with the key and a colon.
    private static func isKey(_ spelling: String, of line: Substring) -> Bool {
        guard line.hasPrefix(spelling) else { return false }
        return line.dropFirst(spelling.count).drop { $0 == " " }.hasPrefix(":")
    }
}
