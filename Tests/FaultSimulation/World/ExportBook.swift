internal import UsageModel

/// Keeps its own book of what the files of exports said, and compares: after each batch, what is counted of an export
/// is what one of its versions said, whole.
struct ExportBook {
    struct Key: Hashable {
        var tenant: String
        var minute: Int64
    }

    /// Tokens by row; none is 0.
    typealias Sums = [Key: Int64]

    /// What tenants of exports begin with.
    static let prefix = "export-"

    /// By collector, what its file has said.
    private var said: [Int: Set<Sums>] = [:]
    private var last: [Int: Sums] = [:]

    mutating func note(_ collector: Int, _ sums: Sums) {
        said[collector, default: [[:]]].insert(sums)
        last[collector] = sums
    }

    /// Adds rows of exports to what is counted; `nil` for those of others.
    static func signed(_ row: UsageRow, of rows: UsageRows) -> (key: Key, tokens: Int64)? {
        let tenant = rows.tenants[Int(row.tenant)]
        guard tenant.hasPrefix(prefix) else { return nil }
        return (Key(tenant: tenant, minute: row.minute), Int64(row.signedCounts.input))
    }

    func check(_ collector: Int, _ counted: Sums) throws(Violation) {
        guard counted.isEmpty || said[collector]?.contains(counted) == true else {
            throw Violation(.exact, "collector \(collector) counts of its export what no version said: \(counted)")
        }
    }

    func checkDrained(_ counted: [Int: Sums]) throws(Violation) {
        for (collector, sums) in last.sorted(by: { $0.key < $1.key }) where counted[collector] ?? [:] != sums {
            throw Violation(
                .exact, "collector \(collector) counts \(counted[collector] ?? [:]), its export says \(sums)")
        }
    }
}
