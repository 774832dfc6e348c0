import Scopes
import Testing
internal import TextFormats
import UsageModel

@testable import Market

/// What a market's own files say, added up here from their lines and columns, apart from all code that answers figures.
struct SimulatedLedger {
    struct Key: Hashable {
        var provider: String
        var kind: String
        var layer: String
        var model: String
        var region: String
        /// `2025-06`, of the calendar of Shanghai.
        var month: String
    }

    var rows: [Key: UInt128] = [:]
    var output: [Key: UInt128] = [:]
    var eventCount = 0
    var tables: [String: [[String: String]]] = [:]

    init(_ simulator: MarketSimulator) throws {
        for file in simulator.factsFiles { tables[file.kind] = try Self.table(file.csv) }
        let registry = try Self.table(simulator.registryCSV)
        let kinds = Dictionary(
            uniqueKeysWithValues: registry.map { ("\($0["provider"] ?? "")/\($0["tenant"] ?? "")", $0["kind"] ?? "") })
        var events = try simulator.events()
        var lines: [UInt8] = []
        while events.next(into: &lines, maxEvents: 1_000) > 0 {
            for event in try EventLine.decode(lines) {
                let key = Key(
                    provider: event.provider, kind: kinds["\(event.provider)/\(event.tenant)"] ?? "unclassified",
                    layer: event.layer, model: event.model, region: event.region, month: Self.month(of: event.time))
                rows[key, default: 0] += event.tokens
                output[key, default: 0] += UInt128(event.outputTokens)
                eventCount += 1
            }
            lines.removeAll(keepingCapacity: true)
        }
    }

    /// Tokens of the rows that a condition lets through, by whatever is asked for.
    func tokens<Group: Hashable>(by group: (Key) -> Group, where condition: (Key) -> Bool) -> [Group: UInt128] {
        rows.reduce(into: [:]) { if condition($1.key) { $0[group($1.key), default: 0] += $1.value } }
    }

    /// External customers' tokens on public-cloud MaaS.
    func idc<Group: Hashable>(by group: (Key) -> Group, in months: Set<String>) -> [Group: UInt128] {
        tokens(by: group) { $0.kind == "external-customer" && $0.layer == "maas" && months.contains($0.month) }
    }

    /// Amounts of money or numbers of a fact, in hundredths.
    func hundredths(
        _ kind: String, _ column: String, in months: Set<String>,
        where condition: ([String: String]) -> Bool = { _ in true }
    ) throws -> [String: UInt128] {
        try tables[kind, default: []].reduce(into: [:]) { sums, record in
            guard months.contains(record["month"] ?? ""), condition(record) else { return }
            sums[record["provider"] ?? "", default: 0] += try Self.hundredths(record[column] ?? "")
        }
    }

    /// The column of a catalogue by another.
    func lookup(_ kind: String, _ key: String, _ value: String) -> [String: String] {
        Dictionary(tables[kind, default: []].map { ($0[key] ?? "", $0[value] ?? "") }) { first, _ in first }
    }

    static func hundredths(_ text: String) throws -> UInt128 {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let fraction = parts.count == 2 ? parts[1] : ""
        try #require(parts.count <= 2 && fraction.utf8.count <= 2, "\(text)")
        let zeros = String(repeating: "0", count: 2 - fraction.utf8.count)
        let digits: String = parts[0] + fraction + zeros
        return try #require(UInt128(digits), "\(text)")
    }

    private static func table(_ csv: String) throws -> [[String: String]] {
        let records = try CSVReader.records(in: Array(csv.utf8))
        let header = try #require(records.first).fields
        return records.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(header, $0.fields)) }
    }

    /// Shanghai is eight hours ahead of UTC, all year round since 1991.
    private static func month(of time: String) -> String {
        guard let date = CalendarDate(String(time.prefix(10))), let hour = Int(time.dropFirst(11).prefix(2)) else {
            return time
        }
        return String("\(CalendarDate(days: date.days + (hour >= 16 ? 1 : 0)))".prefix(7))
    }
}

/// Months as the ledger has them.
enum Months {
    static let of2024 = Set((1...12).map { "2024-\($0 < 10 ? "0" : "")\($0)" })
    static let firstHalf2025: Set<String> = ["2025-01", "2025-02", "2025-03", "2025-04", "2025-05", "2025-06"]
    /// In their order.
    static let all = of2024.sorted() + (1...9).map { "2025-0\($0)" }

    static func days(_ month: String) -> UInt128 {
        (try? Period(month)).map { UInt128($0.dayCount) } ?? 1
    }
}
