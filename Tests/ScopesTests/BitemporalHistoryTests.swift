import Testing
import UsageModel

@testable import Scopes

/// Random imports of every kind against the simplest model there is: for each import, an array of contents by subject
/// and day.
@Suite struct BitemporalHistoryTests {
    private static let dayCount = 40
    /// The days of the model: the last one stands for all days after the others, where only records without an end
    /// hold.
    private static let days = 0..<dayCount + 1
    private static let start: Int64 = 20_000

    /// What is stored, as the tables have it.
    private struct Stored {
        var current: FactRevision.Current
        var recordedAt: Int
        var supersededAt: Int?
    }

    /// What records of a kind are about and say; the last content retracts where the kind can be.
    private static func samples(_ kind: FactKind) throws -> (subjects: [[String]], contents: [[String]]) {
        let text = try #require(FactFileTests.files.first { $0.kind == kind }).text
        let record = try #require(try FactFile.parse(Array(text.utf8), kind: kind, file: "sample").first)
        var subjects = [record.subject, ["other"] + record.subject.dropFirst()]
        if kind == .prices {
            // The last two are for parts of the context lengths of the first.
            subjects = [("", ""), ("", "32000"), ("32000", "")].map { record.subject.prefix(4) + [$0, $1] }
        }
        func content(note: String, value: (String) -> String = { $0 }) -> [String] {
            zip(kind.definition.contentColumns, record.content).map { $0.role == .note ? note : value($1) }
        }
        var contents = [record.content, content(note: "another reason")]
        if kind.definition.canBeRetracted {
            contents.append(content(note: FactKind.retractionWords[0], value: { _ in "" }))
        }
        return (subjects, contents)
    }

    @Test(arguments: FactKind.allCases)
    func `what was known of every day is what the model says`(kind: FactKind) throws {
        let (subjects, contents) = try Self.samples(kind)
        try withSeeds(60) { seed, random in
            var stored: [Stored] = []
            var model = subjects.reduce(into: [[String]: [[String]?]]()) {
                $0[$1] = [[String]?](repeating: nil, count: Self.days.count)
            }
            var moments = [model]
            for moment in 1...20 {
                var (records, next): ([FactRecord], [[String]: [[String]?]]) = ([], model)
                // A file was compared with itself before: prices that exclude each other never come together.
                let chosen = kind == .prices ? [subjects.randomElement(using: &random) ?? []] : subjects
                for subject in chosen where Bool.random(using: &random) {
                    let from = Int.random(in: 0..<Self.dayCount - 1, using: &random)
                    let to =
                        Bool.random(using: &random) ? nil : Int.random(in: from + 1...Self.dayCount, using: &random)
                    let content = try #require(contents.randomElement(using: &random))
                    for day in from..<(to ?? Self.days.upperBound) { next[subject]?[day] = content }
                    records.append(
                        FactRecord(
                            kind: kind, subject: subject,
                            effectiveFrom: CalendarDate(days: Self.start + Int64(from)),
                            effectiveTo: to.map { CalendarDate(days: Self.start + Int64($0)) }, content: content))
                }
                let current = stored.filter { $0.supersededAt == nil }.map(\.current)
                if Self.isExcluded(next, kind) {
                    #expect(throws: FactConflict.self, "seed \(seed)") {
                        try FactRevision(kind, of: current, by: records)
                    }
                } else {
                    let revision = try FactRevision(kind, of: current, by: records)
                    #expect(revision.unchanged + revision.recorded.count == records.count, "seed \(seed)")
                    for index in stored.indices where revision.superseded.contains(stored[index].current.id) {
                        #expect(stored[index].supersededAt == nil, "seed \(seed)")
                        stored[index].supersededAt = moment
                    }
                    for record in revision.recorded + revision.split {
                        let current = FactRevision.Current(id: Int64(stored.count), record: record)
                        stored.append(Stored(current: current, recordedAt: moment))
                    }
                    model = next
                }
                moments.append(model)
            }
            for (moment, expected) in moments.enumerated() {
                let known = stored.filter { $0.recordedAt <= moment && ($0.supersededAt.map { moment < $0 } ?? true) }
                    .map(\.current.record)
                #expect(Self.byDay(known, subjects) == expected, "seed \(seed), moment \(moment)")
            }
        }
    }

    /// Whether two prices would hold for the same context length on some day.
    private static func isExcluded(_ days: [[String]: [[String]?]], _ kind: FactKind) -> Bool {
        guard kind == .prices else { return false }
        func holds(_ subject: [String]) -> Set<Int> {
            let contents = days[subject] ?? []
            // The reason stands last; a retraction has nothing before it.
            return Set(contents.indices.filter { contents[$0].map { !$0.dropLast().allSatisfy(\.isEmpty) } ?? false })
        }
        let whole = days.keys.filter { $0[4].isEmpty && $0[5].isEmpty }
        let parts = days.keys.filter { !$0[4].isEmpty || !$0[5].isEmpty }
        return whole.contains { one in parts.contains { !holds(one).isDisjoint(with: holds($0)) } }
    }

    /// The content of each day, of which there may be one only.
    private static func byDay(_ records: [FactRecord], _ subjects: [[String]]) -> [[String]: [[String]?]] {
        subjects.reduce(into: [:]) { days, subject in
            days[subject] = Self.days.map { day in
                let date = CalendarDate(days: start + Int64(day))
                let matches = records.filter {
                    $0.subject == subject && $0.effectiveFrom <= date && ($0.effectiveTo.map { date < $0 } ?? true)
                }
                #expect(matches.count <= 1)
                return matches.first?.content
            }
        }
    }

    @Test func `an import of what holds changes nothing`() throws {
        let text = try #require(FactFileTests.files.first { $0.kind == .tenants }).text
        let records = try FactFile.parse(Array(text.utf8), kind: .tenants, file: "sample")
        let current = records.enumerated().map { FactRevision.Current(id: Int64($0), record: $1) }
        let revision = try FactRevision(.tenants, of: current, by: records)
        #expect(revision.unchanged == records.count)
        #expect(revision.superseded.isEmpty && revision.recorded.isEmpty && revision.split.isEmpty)
    }
}
