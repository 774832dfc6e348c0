import Postgres
import Reporting
import Scopes
import Store
import TestSupport
import Testing
import UsageModel

@Suite struct FactTests {
    private let now = World.june

    /// Records from rows of cells, in the order of the kind's columns.
    static func records(_ kind: FactKind, _ rows: String...) throws -> [FactRecord] {
        let header = kind.columns.map(\.name).joined(separator: ",")
        return try FactFile.parse(Array(([header] + rows).joined(separator: "\n").utf8), kind: kind, file: "test")
    }

    @discardableResult
    static func add(_ world: World, _ kind: FactKind, _ rows: String...) async throws -> FactChange {
        let header = kind.columns.map(\.name).joined(separator: ",")
        let bytes = Array(([header] + rows).joined(separator: "\n").utf8)
        return try await world.store.importFacts(
            FactFile.parse(bytes, kind: kind, file: "test"), kind: kind, by: "test", now: World.june)
    }

    @Test func aLaterImportSupersedesTheDaysThatItSpeaksAbout() async throws {
        try await World.with { world in
            let first = try await Self.add(world, .providers, "acme,one,2025-01-01,,r", "other,two,2025-01-01,,r")
            #expect(first.asserted == 2)
            let again = try await Self.add(world, .providers, "acme,one,2025-02-01,2025-03-01,r")
            #expect(again.unchanged == 1 && again.asserted == 0 && again.superseded == 0)
            let second = try await Self.add(world, .providers, "acme,three,2025-02-01,2025-03-01,merged")
            #expect(second.asserted == 1 && second.superseded == 1 && second.remainders == 2)
            #expect(second.recordedAt > first.recordedAt)
            let held = try await world.store.exportFacts(.providers, visibility: .everything)
            #expect(held.map { $0.record["group"] } == ["one", "three", "one", "two"])
            #expect(
                held.map { "\($0.record.effectiveFrom)" } == ["2025-01-01", "2025-02-01", "2025-03-01", "2025-01-01"])
            let before = try await world.store.exportFacts(
                .providers, knownAt: first.recordedAt, visibility: .everything)
            #expect(
                before.map(\.record)
                    == (try Self.records(.providers, "acme,one,2025-01-01,,r", "other,two,2025-01-01,,r")))
            #expect(before.map { $0.supersededAt == nil } == [false, true])
            // Facts are the whole market's.
            #expect(try await world.store.exportFacts(.providers, visibility: .provider("acme")).isEmpty)
        }
    }

    @Test func everyKindComesBackAsItWent() async throws {
        try await World.with { world in
            let files: [(FactKind, String)] = [
                (.models, "doubao,bytedance,bytedance,doubao,,,2025-01-01,,r"),
                (.regions, "acme,,cn-mainland,2025-01-01,2025-02-01,r"),
                (.revenue, "acme,2025-01,maas,0.5,CNY,\"a, b\""), (.revenue, "acme,2025-02,maas,,,taken back"),
                (.tenders, "acme,2025-01,3,10,CNY,s"), (.privateDeployments, "acme,qwen 3,2025-01,7,s"),
                (.referenceTotals, "t,2025-H1,,5,tokens,1,s,2025-07-01"),
                (.prices, "acme,m,,input,,,CNY,0.5,1000,,2025-01-01,,r"), (.rates, "2025-01,USD,CNY,7.1,s"),
            ]
            for (kind, row) in files {
                let change = try await Self.add(world, kind, row)
                #expect(change.asserted == 1)
                let held = try await world.store.exportFacts(kind, visibility: .everything).map(\.record)
                let expected = try Self.records(kind, row)
                #expect(expected.count == 1 && expected.allSatisfy(held.contains), "\(kind): \(held)")
                let text = FactFile.emit(held, kind: kind)
                #expect(try FactFile.parse(Array(text.utf8), kind: kind, file: "export") == held)
            }
        }
    }

    /// Random imports against the simplest model there is: for each import, an array of groups by key and day.
    @Test func everyMomentsKnowledgeOfEveryDayIsTheModels() async throws {
        try await World.with { world in
            var generator = SeededGenerator(seed: UInt64.random(in: 0...UInt64.max))
            print("seed \(generator.seed)")
            let start = date("2025-01-01").days
            var days: [String: [String?]] = [:]
            for name in ["a", "b", "c"] { days[name] = [String?](repeating: nil, count: 60) }
            var moments: [(known: Timestamp, days: [String: [String?]])] = []
            for round in 0..<25 {
                var records: [FactRecord] = []
                for name in ["a", "b", "c"] where Bool.random(using: &generator) {
                    let from = Int.random(in: 0..<59, using: &generator)
                    let to = Bool.random(using: &generator) ? nil : Int.random(in: from + 1...60, using: &generator)
                    // Every fourth import takes back.
                    let group = round % 4 == 3 ? "" : "g\(Int.random(in: 0..<3, using: &generator))"
                    for day in from..<(to ?? 60) { days[name]?[day] = group.isEmpty ? nil : group }
                    records.append(
                        FactRecord(
                            kind: .providers, subject: [name], effectiveFrom: CalendarDate(days: start + Int64(from)),
                            effectiveTo: to.map { CalendarDate(days: start + Int64($0)) }, content: [group, "r"]))
                }
                guard !records.isEmpty else { continue }
                let change = try await world.store.importFacts(
                    records.shuffled(using: &generator), kind: .providers, by: "x", now: now)
                moments.append((known: change.recordedAt, days: days))
            }
            for (known, expected) in moments {
                let records = try await world.store.exportFacts(.providers, knownAt: known, visibility: .everything)
                for (name, groups) in expected {
                    let found = (0..<60).map { day -> String? in
                        let date = CalendarDate(days: start + Int64(day))
                        let held = records.map(\.record).filter {
                            $0.subject == [name] && $0.effectiveFrom <= date
                                && ($0.effectiveTo.map { date < $0 } ?? true)
                        }
                        #expect(held.count <= 1)
                        return held.first.flatMap { $0["group"].isEmpty ? nil : $0["group"] }
                    }
                    #expect(found == groups)
                }
            }
        }
    }

    @Test func importsAtOnceNeverLeaveTwoStatementsAboutOneDay() async throws {
        try await World.with { world in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<12 {
                    group.addTask {
                        _ = try await Self.add(world, .providers, "acme,g\(index),2025-01-\(10 + index),,r")
                    }
                }
                try await group.waitForAll()
            }
            let held = try await world.store.exportFacts(.providers, visibility: .everything).map(\.record)
            for (one, next) in zip(held, held.dropFirst()) { #expect(!one.overlaps(next)) }
            #expect(held.first?.effectiveFrom == date("2025-01-10") || held.count == 1)
        }
    }

    @Test func recordsThatOverlapAreRefusedWhole() async throws {
        try await World.with { world in
            let one = try Self.records(.providers, "acme,one,2025-01-01,,r")
            let two = try Self.records(.providers, "acme,two,2025-06-01,,r")
            let error = await #expect(throws: StoreError.self) {
                _ = try await world.store.importFacts(one + two, kind: .providers, by: "x", now: World.june)
            }
            #expect(error?.code == .factConflict)
            #expect(try await world.store.exportFacts(.providers, visibility: .everything).isEmpty)
        }
    }
}
