package import UsageModel

/// How many records were not for counting, by reason.
package struct IgnoredRecords: Sendable, Equatable {
    /// In the order of `IgnoredReason.allCases`, which has no more cases than there are places.
    private var counts = InlineArray<8, UInt64>(repeating: 0)

    package init() {
        precondition(IgnoredReason.allCases.count <= counts.count, "\(IgnoredReason.allCases.count) reasons, too many")
    }

    package subscript(_ reason: IgnoredReason) -> UInt64 {
        get { counts[Self.place(reason)] }
        set { counts[Self.place(reason)] = newValue }
    }

    package mutating func add(_ reason: IgnoredReason) { self[reason] += 1 }

    package mutating func add(_ other: IgnoredRecords) {
        for index in counts.indices { counts[index] += other.counts[index] }
    }

    package var total: UInt64 { counts.indices.reduce(0) { $0 + counts[$1] } }

    package static func == (left: IgnoredRecords, right: IgnoredRecords) -> Bool {
        left.counts.indices.allSatisfy { left.counts[$0] == right.counts[$0] }
    }

    private static func place(_ reason: IgnoredReason) -> Int {
        guard let place = IgnoredReason.allCases.firstIndex(of: reason) else {
            preconditionFailure("\(reason) is no reason")
        }
        return place
    }
}
