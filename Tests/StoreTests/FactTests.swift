import Postgres
import Reporting
import Scopes
import ScopesTestSupport
import Store
import TestSupport
import Testing
import UsageModel

@Suite struct FactTests {
    private let now = World.june

    @Test func `a later import supersedes the days that it speaks about`() async throws {
        try await World.with { world in
            let first = try await world.importRows(.providers, "acme,one,2025-01-01,,r", "other,two,2025-01-01,,r")
            #expect(first.recorded == 2)
            let again = try await world.importRows(.providers, "acme,one,2025-02-01,2025-03-01,r")
            #expect(again.unchanged == 1 && again.recorded == 0 && again.superseded == 0)
            let second = try await world.importRows(.providers, "acme,three,2025-02-01,2025-03-01,merged")
            #expect(second.recorded == 1 && second.superseded == 1 && second.split == 2)
            #expect(second.recordedAt > first.recordedAt)
            let current = try await world.facts(.providers)
            #expect(current.map { $0.record["group"] } == ["one", "three", "one", "two"])
            #expect(
                current.map { "\($0.record.effectiveFrom)" } == [
                    "2025-01-01", "2025-02-01", "2025-03-01", "2025-01-01",
                ]
            )
            let before = try await world.facts(.providers, knownAt: first.recordedAt)
            #expect(
                before.map(\.record)
                    == (try factRecords(.providers, ["acme,one,2025-01-01,,r", "other,two,2025-01-01,,r"])))
            #expect(before.map { $0.supersededAt == nil } == [false, true])
            let ofAcme = try await world.facts(.providers, where: ["provider": "acme"])
            #expect(ofAcme.map { $0.record["group"] } == ["one", "three", "one"])
            let history = try await world.factHistory(.providers, where: ["provider": "acme"])
            #expect(history.map { $0.record["group"] } == ["one", "one", "three", "one"])
            #expect(history.map { $0.supersededAt == nil } == [false, true, true, true])
            let then = try await world.factHistory(
                .providers, where: ["provider": "acme"], knownAt: first.recordedAt)
            #expect(then.count == 1 && then.first?.supersededAt == nil)
            // Facts are the whole market's.
            #expect(try await world.facts(.providers, visibility: .provider("acme")).isEmpty)
            #expect(
                try await world.factHistory(.providers, where: ["provider": "acme"], visibility: .provider("acme"))
                    .isEmpty)
        }
    }

    @Test func `a tenant moved from a date on moves exactly its tokens from that date on`() async throws {
        try await World.with { world in
            // Days of Shanghai: 16:00Z starts the next.
            try await world.load([
                oneRow(minute("2025-06-14", hour: 15, minute: 59), input: 1, output: 0),
                oneRow(minute("2025-06-14", hour: 16), input: 2, output: 0),
                oneRow(minute("2025-06-20"), input: 4, output: 0),
                oneRow(minute("2025-06-20"), "t2", input: 8, output: 0),
            ])
            let june = date("2025-06-01")..<date("2025-07-01")
            func byKind(_ known: Timestamp? = nil) async throws -> [TenantKind: Int128] {
                try await world.scopeSums(june, knownAt: known, visibility: .everything).rows
                    .reduce(into: [:]) { $0[$1.tenantKind, default: 0] += $1.counts.input }
            }
            #expect(try await byKind() == [.unclassified: 15])
            let first = try await world.importFacts([tenantRecord("t1", .externalCustomer, "2025-01-01")], by: "ann")
            #expect(first.recorded == 1 && first.newTenants == 0)
            #expect(try await byKind() == [.externalCustomer: 7, .unclassified: 8])
            let second = try await world.importFacts([tenantRecord("t1", .ownBusiness, "2025-06-15")], by: "bob")
            #expect(second.superseded == 1 && second.split == 1 && second.recordedAt > first.recordedAt)
            #expect(try await byKind() == [.externalCustomer: 1, .ownBusiness: 6, .unclassified: 8])
            // What was known before is still known.
            #expect(try await byKind(first.recordedAt) == [.externalCustomer: 7, .unclassified: 8])
            #expect(try await byKind(Timestamp(microseconds: first.recordedAt.microseconds - 1)) == [.unclassified: 15])
            let usage = try await world.store.snapshot {
                try $0.usage(
                    UsageQuery(
                        from: minute("2025-06-01") * 60, to: minute("2025-07-01") * 60, zone: .utc, groupBy: [.kind],
                        filters: UsageFilters(tenants: ["t1"]), visibility: .everything))
            }
            #expect(usage.rows.map(\.keys) == [["external-customer"], ["own-business"]])
            #expect(usage.rows.map(\.counts.input) == [1, 6])
            let history = try await world.factHistory(where: ["tenant": "t1"])
            #expect(history.map(\.recordedBy) == ["ann", "bob", "bob"])
            #expect(history.map { $0.supersededAt == nil } == [false, true, true])
            // As it was known between the two, nothing had been superseded.
            let then = try await world.factHistory(
                where: ["tenant": "t1", "provider": "acme"], knownAt: first.recordedAt)
            #expect(then.map(\.recordedBy) == ["ann"] && then.first?.supersededAt == nil)
            #expect(try await world.factHistory(where: ["tenant": "t1", "provider": "other"]).isEmpty)
            // A provider sees its own tenants.
            #expect(try await world.facts(visibility: .provider("acme")).count == 2)
            #expect(try await world.facts(visibility: .provider("other")).isEmpty)
            #expect(try await world.factHistory(where: ["tenant": "t1"], visibility: .provider("other")).isEmpty)
        }
    }

    @Test func `the same file twice changes nothing and a bad file nothing at all`() async throws {
        try await World.with { world in
            let file = [
                tenantRecord("a", .trial, "2025-01-01", "2025-02-01"), tenantRecord("a", .test, "2025-02-01"),
                tenantRecord("b", .affiliate, "2025-01-01"),
            ]
            let first = try await world.importFacts(file)
            #expect(first.recorded == 3 && first.newTenants == 2)
            let again = try await world.importFacts(file)
            #expect(again.unchanged == 3 && again.recorded == 0 && again.superseded == 0 && again.newTenants == 0)
            #expect(again.recordedAt == first.recordedAt)
            let before = try await world.facts()
            #expect(before.map(\.record) == file)
            let error = await #expect(throws: StoreError.self) {
                _ = try await world.importFacts(file + [tenantRecord("b", .trial, "2025-06-01")])
            }
            #expect(error?.code == .factConflict)
            #expect(try await world.facts() == before)
        }
    }

    @Test func `every kind comes back as it went`() async throws {
        try await World.with { world in
            let files: [(FactKind, String)] = [
                (.models, "doubao,bytedance,bytedance,doubao,,,2025-01-01,,r"),
                (.regions, "acme,,cn-mainland,2025-01-01,2025-02-01,r"),
                (.revenue, "acme,2025-01,maas,0.5,CNY,\"a, b\""), (.revenue, "acme,2025-02,maas,,,retracted"),
                (.tenders, "acme,2025-01,3,10,CNY,s"), (.privateDeployments, "acme,qwen 3,2025-01,7,s"),
                (.referenceTotals, "t,2025-H1,,5,tokens,1,s,2025-07-01"),
                (.prices, "acme,m,,input,,,CNY,0.5,1000,,2025-01-01,,r"), (.rates, "2025-01,USD,CNY,7.1,s"),
                (.tenants, "acme,t 1,external-customer,,2025-01-01,2025-02-01,r"),
                (.tenants, "acme,t 2,unclassified,\"Two, Ltd\",2025-01-01,,r"),
            ]
            for (kind, row) in files {
                let change = try await world.importRows(kind, row)
                #expect(change.recorded == 1)
                let current = try await world.facts(kind).map(\.record)
                let expected = try factRecords(kind, [row])
                #expect(expected.count == 1 && expected.allSatisfy(current.contains), "\(kind): \(current)")
                let text = FactFile.emit(current, kind: kind)
                #expect(try FactFile.parse(Array(text.utf8), kind: kind, file: "export") == current)
                // Every key column that isn't empty finds the record.
                for column in kind.definition.subjectColumns where !expected[0][column.name].isEmpty {
                    let found = try await world.facts(kind, where: [column.name: expected[0][column.name]])
                    #expect(found.map(\.record).contains(expected[0]), "\(kind) \(column.name)")
                }
            }
        }
    }

    /// One kind of each table, with what its records may be about and say; the first content says nothing.
    struct Sample: Sendable, CustomTestStringConvertible {
        var kind: FactKind
        var subjects: [[String]]
        var contents: [[String]]
        var testDescription: String { kind.rawValue }
    }

    static let samples = [
        Sample(
            kind: .providers, subjects: [["a"], ["b"], ["c"]],
            contents: [["", "r"], ["g1", "r"], ["g2", "r"], ["g3", "r"]]),
        Sample(
            kind: .tenants, subjects: [["acme", "a"], ["acme", "b"], ["other", "a"]],
            contents: [
                ["unclassified", "", "r"], ["trial", "", "r"], ["own-business", "Acme", "r"], ["test", "", "why"],
            ]),
        Sample(
            kind: .regions, subjects: [["a", ""], ["a", "cn-1"], ["b", "cn-1"]],
            contents: [["", "r"], ["overseas", "r"], ["cn-mainland", "r"], ["cn-mainland", "why"]]),
    ]

    /// Random imports against the simplest model there is: for each import, an array of contents by subject and day.
    @Test(arguments: samples)
    func `every moment's knowledge of every day is what the model says`(sample: Sample) async throws {
        try await World.with { world in
            var generator = SeededGenerator(seed: UInt64.random(in: 0...UInt64.max))
            print("seed \(generator.seed)")
            let start = date("2025-01-01").days
            let nothing = sample.contents[0]
            var days = sample.subjects.reduce(into: [[String]: [[String]]]()) {
                $0[$1] = [[String]](repeating: nothing, count: 60)
            }
            var moments: [(known: Timestamp, days: [[String]: [[String]]])] = []
            for round in 0..<25 {
                var records: [FactRecord] = []
                for subject in sample.subjects where Bool.random(using: &generator) {
                    let from = Int.random(in: 0..<59, using: &generator)
                    let to = Bool.random(using: &generator) ? nil : Int.random(in: from + 1...60, using: &generator)
                    // Every fourth import retracts.
                    let content =
                        round % 4 == 3
                        ? nothing : sample.contents.dropFirst().randomElement(using: &generator) ?? nothing
                    for day in from..<(to ?? 60) { days[subject]?[day] = content }
                    records.append(
                        FactRecord(
                            kind: sample.kind, subject: subject, effectiveFrom: CalendarDate(days: start + Int64(from)),
                            effectiveTo: to.map { CalendarDate(days: start + Int64($0)) }, content: content))
                }
                guard !records.isEmpty else { continue }
                let change = try await world.importFacts(records.shuffled(using: &generator), sample.kind)
                #expect(moments.last.map { $0.known <= change.recordedAt } ?? true)
                if change.recorded > 0 { #expect(moments.last.map { $0.known < change.recordedAt } ?? true) }
                moments.append((known: change.recordedAt, days: days))
            }
            for (known, expected) in moments {
                let records = try await world.facts(sample.kind, knownAt: known).map(\.record)
                for (subject, contents) in expected {
                    let found = (0..<60).map { day -> [String] in
                        let date = CalendarDate(days: start + Int64(day))
                        let matches = records.filter {
                            $0.subject == subject && $0.effectiveFrom <= date
                                && ($0.effectiveTo.map { date < $0 } ?? true)
                        }
                        #expect(matches.count <= 1)
                        return matches.first?.content ?? nothing
                    }
                    #expect(found == contents)
                }
                // A history ends with what was known then, and says of nothing that it was superseded later.
                let history = try await world.factHistory(sample.kind, where: [:], knownAt: known)
                #expect(Set(history.filter { $0.supersededAt == nil }.map(\.record)) == Set(records))
                #expect(history.allSatisfy { $0.recordedAt <= known && ($0.supersededAt.map { $0 <= known } ?? true) })
            }
        }
    }

    @Test(arguments: samples)
    func `imports at once never leave two statements about one day`(sample: Sample) async throws {
        try await World.with { world in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<12 {
                    let record = FactRecord(
                        kind: sample.kind, subject: sample.subjects[0], effectiveFrom: date("2025-01-\(10 + index)"),
                        effectiveTo: nil, content: Array(sample.contents[1].dropLast()) + ["\(index)"])
                    group.addTask { try await world.importFacts([record], sample.kind) }
                }
                try await group.waitForAll()
            }
            let current = try await world.facts(sample.kind).map(\.record)
            for (one, next) in zip(current, current.dropFirst()) { #expect(!one.overlaps(next)) }
            #expect(current.first?.effectiveFrom == date("2025-01-10") || current.count == 1)
        }
    }

    @Test(arguments: samples) func `records that overlap are refused whole`(sample: Sample) async throws {
        try await World.with { world in
            let records = ["2025-01-01", "2025-06-01"].map {
                FactRecord(
                    kind: sample.kind, subject: sample.subjects[0], effectiveFrom: date($0), effectiveTo: nil,
                    content: sample.contents[1])
            }
            let error = await #expect(throws: StoreError.self) {
                _ = try await world.importFacts(records, sample.kind)
            }
            #expect(error?.code == .factConflict)
            let kept = try await world.facts(sample.kind)
            #expect(kept.isEmpty)
        }
    }
}
