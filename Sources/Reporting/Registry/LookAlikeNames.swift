internal import TextFormats

/// Names that no reader can tell apart, found by their skeletons while they are read one after the other.
package struct LookAlikeNames: Sendable {
    /// The most names that are examined; more are left out, and said to be.
    package static let maxNames = 250_000
    /// The most names that are listed.
    package static let maxListed = 10_000

    /// One of a skeleton's texts, by its hash of this process.
    private struct Key: Hashable {
        var text: Int
        var hash: Int
    }

    private var names: [String] = []
    private var parents: [Int] = []
    private var firsts: [Key: Int] = [:]

    package init() {}

    package var count: Int { names.count }
    package var isFull: Bool { count >= Self.maxNames }

    /// Takes a name that is told apart from all others by its bytes.
    package mutating func add(_ name: String) {
        let index = names.count
        names.append(name)
        parents.append(index)
        let skeleton = NameSkeleton(name)
        for (number, text) in skeleton.texts.enumerated() {
            let key = Key(text: number, hash: text.hashValue)
            guard let other = firsts[key] else {
                firsts[key] = index
                continue
            }
            // Equal hashes may be chance.
            if skeleton.isAlike(NameSkeleton(names[other])) { parents[root(of: index)] = root(of: other) }
        }
    }

    /// Groups of two or more names that look alike, each in the order in which they came, at most ``maxListed`` names
    /// in whole groups.
    ///
    /// - Returns: whether that is all of them, too.
    package mutating func groups() -> (groups: [[String]], isComplete: Bool) {
        var members: [Int: [String]] = [:]
        for index in names.indices { members[root(of: index), default: []].append(names[index]) }
        let all = members.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }.map(\.value)
        var listed = 0
        let groups = all.prefix {
            listed += $0.count
            return listed <= Self.maxListed
        }
        return (Array(groups), groups.count == all.count)
    }

    private mutating func root(of index: Int) -> Int {
        var index = index
        while parents[index] != index {
            parents[index] = parents[parents[index]]
            index = parents[index]
        }
        return index
    }
}
