/// Requests, input and output tokens: what `totals.json` holds for each thing it counts.
package struct Counts: Equatable, Sendable, CustomStringConvertible {
    package var requests: UInt64 = 0
    package var input: UInt64 = 0
    package var output: UInt64 = 0

    package init(_ requests: UInt64 = 0, _ input: UInt64 = 0, _ output: UInt64 = 0) {
        self.requests = requests
        self.input = input
        self.output = output
    }

    package static func += (left: inout Counts, right: Counts) {
        left.requests += right.requests
        left.input += right.input
        left.output += right.output
    }

    package static func + (left: Counts, right: Counts) -> Counts {
        var sum = left
        sum += right
        return sum
    }

    package var description: String { "[\(requests), \(input), \(output)]" }
}

/// The first few differences between two tables of counts, for a message that a person can use; empty when equal.
package func differences(_ found: [String: Counts], _ expected: [String: Counts]) -> String {
    let keys = Set(found.keys).union(expected.keys).sorted()
    let lines = keys.compactMap { key -> String? in
        let (left, right) = (found[key], expected[key])
        if left == right { return nil }
        return "\(key): \(left?.description ?? "absent"), expected \(right?.description ?? "absent")"
    }
    let more = lines.count > 8 ? "\n… and \(lines.count - 8) more" : ""
    return lines.prefix(8).joined(separator: "\n") + more
}
