internal import Foundation
internal import TestHarness
internal import TestSupport
internal import Testing

extension EndToEndTests {
    /// SIGKILL at random moments, on the way: the same totals.
    @Suite(.enabled(if: Traces.areHere, "the traces are not on this machine; set STEELYARD_SHARED_DATA"))
    struct KilledProcessesTests {
        private static let killsOfEach = 10

        /// The collector and the aggregator are each killed ten times, at moments that the seed decides: when a number
        /// of events drawn at random has been committed, plus a few random milliseconds, so that kills land in reading,
        /// sealing, sending, committing and the rollup.
        @Test func `ten kills of collectors and ten of the aggregator change no total`() async throws {
            let seed = SeededGenerator.chosenSeed()
            print("kills: STEELYARD_TEST_SEED=\(seed)")
            var random = SeededGenerator(seed: seed)
            try await Installation.with("kills") { installation in
                let aggregator = try await installation.startAggregator()
                let growing = try GrowingTraces(directory: installation.files.directory)
                var collectors: [CollectorProcess] = []
                for setup in growing.setups {
                    collectors.append(try await installation.startCollector(setup, to: aggregator))
                }
                let events = try TraceTests.eventsPerProvider().values.reduce(0, +)
                var kills = Kills(
                    of: Self.killsOfEach, events: events, collectors: collectors, aggregator: aggregator, random: random
                )
                // Feed a part, let it be committed under fire, feed the next.
                for part in 1...GrowingTraces.parts {
                    try growing.append(part: part, using: &random)
                    // One part behind, since the files' parts don't hold equal numbers of events.
                    let goal = events * UInt64(part - 1) / UInt64(GrowingTraces.parts)
                    try await kills.fire(until: goal, in: installation.database)
                }
                try await kills.fireTheRest(in: installation.database)
                #expect(kills.ofCollectors == Self.killsOfEach)
                #expect(kills.ofTheAggregator == Self.killsOfEach)
                #expect(kills.whileWorkWasLeft == 2 * Self.killsOfEach, "every kill is to land during the work")

                try await installation.waitUntilCounted(events: events)
                for collector in collectors { try await collector.stop() }
                try await installation.waitUntilCounted(events: events)
                try await TraceTests.expectTotals(of: installation.database)
                #expect(try await installation.database.progress().events == events, "seed \(seed)")
                let tables = try await installation.database.totalsOfEveryTable()
                #expect(Set(tables.map(\.value.description)).count == 1, "the tables disagree: \(tables)")
            }
        }
    }
}

/// The five traces as files that grow part by part.
private struct GrowingTraces {
    static let parts = 24

    private let files: [(path: String, bytes: [UInt8])]
    let setups: [CollectorSetup]

    init(directory: String) throws {
        func plain(_ name: String) -> String { "\(directory)/\(name)" }
        files = [
            (plain("azure.csv"), try decompressed(try Traces.path(Traces.azure))),
            (plain("mooncake.jsonl"), try decompressed(try Traces.path(Traces.mooncake))),
            (plain("small.ndjson"), try Self.read(try TraceInputs.serveGenSmall().path)),
            (plain("reason.ndjson"), try Self.read(try TraceInputs.serveGenReason().path)),
            (plain("agentic.ndjson"), try Self.read(try TraceInputs.agentic().path)),
        ]
        func setup(_ provider: String, _ sources: String) -> CollectorSetup {
            var setup = CollectorSetup(provider: provider, sources: sources)
            setup.sealAge = "50ms"
            setup.sealRows = 400
            return setup
        }
        setups = [
            setup("azure", TraceSources.azure(path: files[0].path, isWhole: false)),
            setup("moonshot", TraceSources.mooncake(path: files[1].path, isWhole: false)),
            setup(
                "aliyun",
                TraceSources.native(name: "small", path: files[2].path, isWhole: false)
                    + TraceSources.native(name: "reason", path: files[3].path, isWhole: false)),
            setup("anthropic", TraceSources.native(path: files[4].path, isWhole: false)),
        ]
    }

    private static func read(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// Appends one part (from 1) of every file, in pieces that end anywhere. The last line of each file comes without
    /// delay behind its beginning, but any cut may stand for a while between parts.
    func append(part: Int, using random: inout SeededGenerator) throws {
        for (path, bytes) in files {
            if part == 1 { _ = FileManager.default.createFile(atPath: path, contents: nil) }
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try handle.seekToEnd()
            let range = bytes.count * (part - 1) / Self.parts..<bytes.count * part / Self.parts
            try handle.write(contentsOf: bytes[lineStart(bytes, range.lowerBound)..<lineStart(bytes, range.upperBound)])
            try handle.close()
        }
    }

    /// The first line start at or after `offset`: a part ends with a whole line, so that a line that waits for its
    /// rest isn't taken as the file's last.
    private func lineStart(_ bytes: [UInt8], _ offset: Int) -> Int {
        if offset == 0 { return 0 }
        var index = offset
        while index < bytes.count && bytes[index - 1] != UInt8(ascii: "\n") { index += 1 }
        return index
    }
}

/// The kills of one run: which process dies when.
private struct Kills {
    private enum Victim {
        case collector(Int)
        case aggregator
    }

    private static let patience = Duration.seconds(300)

    private var plan: [(afterEvents: UInt64, victim: Victim)]
    private let events: UInt64
    private let collectors: [CollectorProcess]
    private let aggregator: AggregatorProcess
    private var random: SeededGenerator
    private(set) var ofCollectors = 0
    private(set) var ofTheAggregator = 0
    private(set) var whileWorkWasLeft = 0

    init(
        of each: Int, events: UInt64, collectors: [CollectorProcess], aggregator: AggregatorProcess,
        random: SeededGenerator
    ) {
        self.events = events
        self.collectors = collectors
        self.aggregator = aggregator
        var random = random
        var victims = (0..<each).map { _ in Victim.aggregator }
        // The two collectors with most batches bear most, and each gets some.
        victims += (0..<each).map { Victim.collector($0 < collectors.count ? $0 : 2 + $0 % 2) }
        victims.shuffle(using: &random)
        let latest = events * 9 / 10
        let moments = victims.map { _ in UInt64.random(in: 1...latest, using: &random) }.sorted()
        plan = zip(moments, victims).map { ($0, $1) }
        self.random = random
    }

    /// Kills whatever is due until `goal` events are committed.
    mutating func fire(until goal: UInt64, in database: Database) async throws {
        try await fire(in: database, what: "\(goal) events are committed under fire") { progress, _ in
            progress.events >= goal
        }
    }

    /// Kills what has not been due yet while the last part is on its way.
    mutating func fireTheRest(in database: Database) async throws {
        try await fire(in: database, what: "all kills are done") { _, plan in plan == 0 }
    }

    private mutating func fire(
        in database: Database, what: String, until isDone: (Database.Progress, Int) -> Bool
    ) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + Self.patience
        while true {
            let progress = try await database.progress()
            if isDone(progress, plan.count) { return }
            guard clock.now < deadline else {
                throw NeverHappened(what: what, limit: Self.patience, last: "\(progress), \(plan.count) kills left")
            }
            try await fireIfDue(progress)
            try await Task.sleep(for: .milliseconds(Int.random(in: 1...20, using: &random)))
        }
    }

    private mutating func fireIfDue(_ progress: Database.Progress) async throws {
        guard let next = plan.first, progress.events >= next.afterEvents else { return }
        plan.removeFirst()
        if progress.events < events { whileWorkWasLeft += 1 }
        switch next.victim {
        case .aggregator:
            ofTheAggregator += 1
            try await aggregator.killHard()
            try await aggregator.start()
        case .collector(let index):
            ofCollectors += 1
            try await collectors[index].killHard()
            try await collectors[index].start()
        }
    }
}
