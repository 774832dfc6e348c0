internal import Yams

/// Finds where a map gives a key more than once: the parser only says where one of the map's keys stands.
enum RepeatedKeys {
    /// The lines, from 1, of a key in the map that holds another key at `mark`.
    ///
    /// Goes by indentation: keys of one map begin in the same column, and the map ends with the first line that begins
    /// before it. The first key of a map that is an item of a list stands behind the item's hyphen. Maps in braces are
    /// not taken apart; of their keys none may be found.
    static func lines(of key: String, besides mark: Mark, in yaml: String) -> [Int] {
        let lines = yaml.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(Line.init)
        guard lines.indices.contains(mark.line - 1) else { return [] }
        let column = mark.column - 1
        var first = mark.line - 1
        // An item's first line begins its map: what stands above belongs to another item.
        while first > 0, !lines[first].beginsItem(at: column), !lines[first - 1].isBefore(column) { first -= 1 }
        var found: [Int] = []
        for index in first..<lines.count {
            let line = lines[index]
            if line.isBefore(column) || (index > first && line.beginsItem(at: column)) { break }
            if line.holds(key, at: column) { found.append(index + 1) }
        }
        return found
    }

    /// A line by the column of what it says.
    private struct Line {
        /// What follows spaces and the hyphens of list items.
        var content: Substring
        var column: Int
        var isItem: Bool

        init(_ text: Substring) {
            content = text.drop { $0 == " " }
            isItem = false
            while content.hasPrefix("- ") {
                content = content.dropFirst().drop { $0 == " " }
                isItem = true
            }
            column = text.count - content.count
        }

        private var isBlank: Bool { content.isEmpty || content.hasPrefix("#") }

        func beginsItem(at column: Int) -> Bool { isItem && self.column == column }

        /// Whether the line ends a map whose keys begin at a column.
        func isBefore(_ column: Int) -> Bool { !isBlank && self.column < column }

        /// Whether the line begins, in a column, with a key and its colon.
        func holds(_ key: String, at column: Int) -> Bool {
            guard self.column == column else { return false }
            return [key, "\"\(key)\"", "'\(key)'"].contains { spelling in
                content.hasPrefix(spelling)
                    && content.dropFirst(spelling.count).drop { $0 == " " }.hasPrefix(":")
            }
        }
    }
}
