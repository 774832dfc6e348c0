/// Finds the word that somebody who mistyped probably meant.
package enum Nearest {
    /// The candidate with the fewest edits from `word`, if that is few enough to be a slip.
    package static func match(_ word: String, among candidates: [String]) -> String? {
        let best = candidates.map { (candidate: $0, distance: distance(from: word, to: $0)) }.min {
            $0.distance < $1.distance
        }
        guard let best, best.distance <= max(1, min(3, word.count / 3)) else { return nil }
        return best.candidate
    }

    /// Edits (insert, delete, replace, swap neighbours) between two words.
    ///
    /// - Complexity: O(*n* × *m*).
    static func distance(from left: String, to right: String) -> Int {
        let a = Array(left.utf8.prefix(128))
        let b = Array(right.utf8.prefix(128))
        var rows = Array(repeating: Array(repeating: 0, count: b.count + 1), count: a.count + 1)
        for i in 0...a.count { rows[i][0] = i }
        for j in 0...b.count { rows[0][j] = j }
        for i in stride(from: 1, through: a.count, by: 1) {
            for j in stride(from: 1, through: b.count, by: 1) {
                let same = a[i - 1] == b[j - 1]
                var best = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (same ? 0 : 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    best = min(best, rows[i - 2][j - 2] + 1)
                }
                rows[i][j] = best
            }
        }
        return rows[a.count][b.count]
    }
}
