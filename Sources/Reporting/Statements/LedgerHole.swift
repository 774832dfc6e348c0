/// Numbers that were given to batches and that the ledger has nothing under any more: somebody deleted them.
package struct LedgerHole: Sendable, Hashable, CustomStringConvertible {
    /// One epoch of a collector.
    package struct Epoch: Sendable, Hashable {
        package var provider: String
        package var collector: String
        package var number: UInt64

        package init(provider: String, collector: String, number: UInt64) {
            self.provider = provider
            self.collector = collector
            self.number = number
        }

        var name: String { "\(provider)/\(collector)" }
    }

    /// Whose sequence numbers are missing; `nil` for ledger positions, which are the whole market's.
    package var batches: Epoch?
    /// The first and the last number that is missing, all between them included.
    package var first: UInt64
    package var last: UInt64

    package init(batches: Epoch?, first: UInt64, last: UInt64) {
        self.batches = batches
        self.first = first
        self.last = last
    }

    /// Such as `aliyun/local: sequence 3 of epoch 1`.
    package var description: String {
        guard let batches else { return numbers(one: "ledger position", many: "ledger positions") }
        return "\(batches.name): \(inEpoch)"
    }

    /// Such as `sequences 3–5 of epoch 1`.
    var inEpoch: String {
        let epoch = batches.map { " of epoch \($0.number)" } ?? ""
        return numbers(one: "sequence", many: "sequences") + epoch
    }

    private func numbers(one: String, many: String) -> String {
        first == last ? "\(one) \(first)" : "\(many) \(first)–\(last)"
    }
}

extension [LedgerHole] {
    /// How many of them a sentence names.
    private static let maxNamed = 5

    /// The first of them with commas between, and how many more there are.
    package func named(_ text: (LedgerHole) -> String) -> String {
        let more = count > Self.maxNamed ? " and \(count - Self.maxNamed) more" : ""
        return prefix(Self.maxNamed).map(text).joined(separator: ", ") + more
    }
}
