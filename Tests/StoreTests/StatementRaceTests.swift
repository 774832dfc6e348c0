import Postgres
import Reporting
import Scopes
import Store
import Synchronization
import TestSupport
import Testing
import UsageModel

/// Months are closed while usage comes in, is rolled up and is reclassified; afterwards every statement and its
/// adjustments are held against sums that are made from the batches themselves, outside the database.
@Suite struct StatementRaceTests {
    private static let tenants = ["t1", "t2", "t3", "t4"]
    private static let providers = ["acme", "other", "third"]
    private static let batchesPerSender = 60
    /// A third of the days are May's and July's: they must never count.
    private static let days = date("2025-05-21").days..<date("2025-07-11").days

    @Test func `statement and adjustments are the total whatever happens meanwhile`() async throws {
        try await World.with(connections: 12) { world in
            let seed = UInt64.random(in: 0...UInt64.max)
            print("seed \(seed)")
            let senders = Senders(Self.providers.count)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, provider) in Self.providers.enumerated() {
                    group.addTask {
                        defer { senders.leave() }
                        try await Self.send(world, provider, seed: seed &+ UInt64(index))
                    }
                }
                group.addTask {
                    while senders.areSending { try await world.rollUpAll(RollupLimits(maxBatches: 3)) }
                }
                group.addTask { try await Self.reclassify(world, seed: seed &+ 100) { senders.areSending } }
                for closer in 0..<2 {
                    group.addTask {
                        try await Self.close(world, "custom-\(closer)") { senders.areSending }
                    }
                }
                try await group.waitForAll()
            }
            try await world.rollUpAll()
            try await Self.verify(world)
        }
    }

    private static func send(_ world: World, _ provider: String, seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        var sender = try await Sender(world, provider)
        for _ in 0..<batchesPerSender {
            let rows = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                (
                    minute: Int64.random(in: days, using: &generator) * 1_440
                        + Int64.random(in: 0..<1_440, using: &generator),
                    tenant: tenants.randomElement(using: &generator) ?? "t1", model: "m",
                    counts: TokenCounts(
                        requests: 1, input: UInt64.random(in: 0...1_000_000, using: &generator), output: 1)
                )
            }
            try await sender.send(usageRows(rows))
        }
    }

    private static func reclassify(_ world: World, seed: UInt64, while isSending: () -> Bool) async throws {
        var generator = SeededGenerator(seed: seed)
        repeat {
            let day = Int64.random(in: days, using: &generator)
            let change = FactRecord(
                provider: providers.randomElement(using: &generator) ?? "acme",
                tenant: tenants.randomElement(using: &generator) ?? "t1",
                is: TenantKind.allCases.randomElement(using: &generator) ?? .trial,
                effectiveFrom: CalendarDate(days: day), reason: "because")
            // The importer's clock is far behind: what counts is what was recorded before the statement's snapshot.
            _ = try await world.importFacts([change])
        } while isSending()
    }

    /// Proposes and approves over and over; what is refused because figures moved is withdrawn. All of them are
    /// checked.
    private static func close(_ world: World, _ scope: String, while isSending: () -> Bool) async throws {
        var isClosed = false
        while !isClosed {
            isClosed = !isSending()
            let proposed = try await world.reports.propose(
                Closing.proposal(Closing.scope(scope), override: "a race"))
            let refused = try await world.refusal {
                _ = try await world.reports.approve(
                    proposed.header.id, by: Closing.bob, rules: Closing.rules, now: Closing.july)
            }
            guard let refused else { return }
            #expect(refused.code == .figuresChanged || refused.code == .coverageShort)
            _ = try await world.reports.withdraw(
                proposed.header.id, by: Closing.ann, reason: "it moved", now: Closing.july)
        }
    }

    private static func verify(_ world: World) async throws {
        let model = try await LedgerModel(world)
        #expect(model.batches.count == providers.count * batchesPerSender)
        let headers = try await world.store.snapshot { try $0.statements() }
        #expect(headers.count >= 2)
        print("\(headers.count) statements, positions \(headers.map(\.position))")
        for header in headers {
            let restated = try await world.reports.restated(header.id)
            let content = restated.statement.content
            let closed = try await model.external(upTo: header.position, knownAt: header.knownAt)
            let later = try await model.external(upTo: .max, knownAt: header.knownAt)
            let now = try await model.external(upTo: .max, knownAt: restated.knownAt)
            for provider in providers {
                let row = restated.restatement.rows.first { $0.entity == provider }
                #expect(content.table[provider]?.numerator ?? 0 == closed[provider] ?? 0, "\(header.id) \(provider)")
                #expect(
                    row?.numerator.lateUsage.description ?? "0"
                        == "\(AmountChange(from: closed[provider] ?? 0, to: later[provider] ?? 0))")
                #expect(
                    row?.numerator.reclassification.description ?? "0"
                        == "\(AmountChange(from: later[provider] ?? 0, to: now[provider] ?? 0))")
                #expect(row?.numerator.now ?? 0 == now[provider] ?? 0)
            }
            #expect(restated.restatement.denominator.now == now.values.reduce(0, +))
        }
    }

    @Test func `of two that do the same one wins`() async throws {
        try await World.with(connections: 8) { world in
            var sender = try await Sender(world)
            try await sender.complete()
            try await world.rollUpAll()
            func race(_ body: @escaping @Sendable (Int) async throws -> Void) async throws -> [String] {
                try await withThrowingTaskGroup(of: String.self) { group in
                    for index in 0..<6 {
                        group.addTask { try await world.refusal { try await body(index) }?.code.rawValue ?? "won" }
                    }
                    return try await group.reduce(into: [String]()) { $0.append($1) }.sorted()
                }
            }
            let proposals = try await race { _ in _ = try await world.reports.propose(Closing.proposal()) }
            #expect(proposals == Array(repeating: "statement-exists", count: 5) + ["won"])
            let id = try #require(try await world.store.snapshot { try $0.statements() }.first).id
            let approvals = try await race { index in
                let person = StatementPerson(holder: "Bob \(index)", token: "b\(index)")
                if index == 0 {
                    _ = try await world.reports.withdraw(id, by: person, reason: "x", now: Closing.july)
                } else {
                    _ = try await world.reports.approve(
                        id, by: person, rules: Closing.rules, now: Closing.july)
                }
            }
            #expect(approvals == Array(repeating: "statement-decided", count: 5) + ["won"])
        }
    }

    /// Random usage and reclassifications after the close.
    @Test func `what comes afterwards is adjustments and nothing else`() async throws {
        try await World.with { world in
            let seed = UInt64.random(in: 0...UInt64.max)
            print("seed \(seed)")
            var generator = SeededGenerator(seed: seed)
            for (index, provider) in Self.providers.enumerated() {
                try await Self.send(world, provider, seed: seed &+ UInt64(index))
            }
            try await world.rollUpAll()
            try await Self.reclassify(world, seed: seed &+ 50) { Bool.random(using: &generator) }
            let closed = try await world.close(override: "no last day")
            for round in 0..<5 {
                try await Self.send(world, "acme", seed: seed &+ UInt64(200 + round))
                try await Self.reclassify(world, seed: seed &+ UInt64(300 + round)) { Bool.random(using: &generator) }
                try await world.rollUpAll()
                let restated = try await world.reports.restated(closed.header.id)
                #expect(restated.statement == closed)
                let scope = Closing.scope()
                let answers = try await world.reports.answers(
                    to: [ScopeQuestion(scope: scope, period: Closing.month)], visibility: .everything)
                let table = answers.tables[0]
                #expect(restated.restatement.denominator.now == table.denominator)
                for row in restated.restatement.rows {
                    let found = table[row.entity]
                    for (figure, now) in [
                        (row.numerator, found?.numerator), (row.external, found?.external),
                        (row.ownBusiness, found?.ownBusiness), (row.unclassified, found?.unclassified),
                        (row.otherKinds, found?.otherKinds),
                    ] {
                        let later = figure.lateUsage.applied(to: figure.closed)
                        #expect(later.flatMap { figure.reclassification.applied(to: $0) } == now ?? 0)
                        #expect(!figure.lateUsage.isFall, "usage is only ever added")
                    }
                }
                #expect(restated.restatement.rows.count == table.rows.count)
            }
        }
    }
}

/// The ledger's batches in their order, and the registry's whole history, summed up without the database.
private struct LedgerModel {
    let world: World
    /// Ledger position, provider and rows.
    let batches: [(position: UInt64, provider: String, rows: UsageRows)]

    init(_ world: World) async throws {
        self.world = world
        let decode = world.payloads.decode
        batches = try await world.store.pool.withConnection { connection in
            try connection.query(
                """
                SELECT l.position, pr.name, p.payload
                  FROM ledger_position l JOIN ledger_payload p USING (collector_id, epoch, sequence)
                  JOIN collector c USING (collector_id) JOIN provider pr ON pr.provider_id = c.provider_id ORDER BY 1
                """
            ).map { row in
                (position: try row.decode(0), provider: try row.decode(1), rows: try decode(try row.decode(2)))
            }
        }
    }

    /// June's tokens of external customers, by provider: of the batches up to a position, with the registry as of a
    /// moment.
    func external(upTo position: UInt64, knownAt: Timestamp) async throws -> [String: Int128] {
        let records = try await world.facts(knownAt: knownAt).map(\.record)
        let zone = world.store.calendar
        var sums: [String: Int128] = [:]
        for batch in batches where batch.position <= position {
            for row in batch.rows.rows {
                let day = zone.date(atSecond: row.minute * 60)
                let tenant = batch.rows.tenants[Int(row.tenant)]
                let isExternal = records.contains {
                    $0.subject == [batch.provider, tenant] && $0["kind"] == TenantKind.externalCustomer.name
                        && $0.effectiveFrom <= day && ($0.effectiveTo.map { day < $0 } ?? true)
                }
                guard isExternal, Closing.month.contains(day) else { continue }
                sums[batch.provider, default: 0] += Int128(row.counts.input) + Int128(row.counts.output)
            }
        }
        return sums
    }
}

/// How many senders are still at work.
private final class Senders: Sendable {
    private let left: Mutex<Int>

    init(_ count: Int) {
        left = Mutex(count)
    }

    var areSending: Bool { left.withLock { $0 > 0 } }

    func leave() {
        left.withLock { $0 -= 1 }
    }
}
