internal import Foundation
internal import TestHarness
internal import TestSupport
internal import Testing

extension EndToEndTests {
    /// Processes that stop and start, and two that claim to be the same.
    @Suite struct RestartTests {
        private static let provider = "baidu-cloud"

        /// Events of distinct tenants, numbered, so that any lost or repeated one shows by name.
        private static func lines(_ range: Range<Int>) -> [UInt8] {
            Array(
                range.map { number in
                    "{\"time\":\"2025-06-01T00:00:\(number % 60 < 10 ? "0" : "")\(number % 60)Z\",\"tenant\":\"n-\(number)\","
                        + "\"model\":\"ernie\",\"input_tokens\":\(number),\"output_tokens\":1}\n"
                }.joined().utf8)
        }

        private static func counts(_ range: Range<Int>) -> [String: Counts] {
            Dictionary(uniqueKeysWithValues: range.map { ("n-\($0)", Counts(1, UInt64($0), 1)) })
        }

        private static func append(_ bytes: some Sequence<UInt8>, to path: String) throws {
            if !FileManager.default.fileExists(atPath: path) {
                _ = FileManager.default.createFile(atPath: path, contents: nil)
            }
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(bytes))
            try handle.close()
        }

        private static func post(_ range: Range<Int>, to collector: CollectorProcess) async throws -> HTTPAnswer {
            try await HTTPCaller().post(
                "\(collector.url)/v1/events", headers: [("Content-Type", "application/x-ndjson")], body: lines(range))
        }

        @Test func `a collector that restarts in the middle of a file goes on exactly there`() async throws {
            try await Installation.with("restart") { installation in
                let file = "\(installation.files.directory)/events.ndjson"
                let aggregator = try await installation.startAggregator()
                var setup = CollectorSetup(provider: Self.provider)
                setup.sources = """
                      events:
                        type: file
                        paths: ["\(file)"]
                        format: native

                    """
                let all = Self.lines(0..<3_000)
                let cut = all.count / 3 + 17  // in the middle of a line
                try Self.append(all[..<cut], to: file)
                let collector = try await installation.startCollector(setup, to: aggregator)
                let whole = all[..<cut].count { $0 == UInt8(ascii: "\n") }
                try await installation.waitUntilCounted(events: UInt64(whole))
                try await collector.stop()

                // It grows and is rotated away while nobody reads.
                try Self.append(all[cut..<2 * cut], to: file)
                try await collector.start()
                let more = all[..<(2 * cut)].count { $0 == UInt8(ascii: "\n") }
                try await installation.waitUntilCounted(events: UInt64(more))
                try await collector.killHard()
                try Self.append(all[(2 * cut)...], to: file)
                try await collector.start()
                try await installation.waitUntilCounted(events: 3_000)
                try await collector.stop()
                let found = try await installation.database.byTenant(provider: Self.provider)
                #expect(differences(found, Self.counts(0..<3_000)) == "")
                #expect(try await installation.database.progress().events == 3_000)
            }
        }

        @Test func `a push that was acknowledged is counted exactly once whatever is killed`() async throws {
            let seed = SeededGenerator.chosenSeed()
            print("pushes: STEELYARD_TEST_SEED=\(seed)")
            var random = SeededGenerator(seed: seed)
            try await Installation.with("pushes") { installation in
                let aggregator = try await installation.startAggregator()
                var setup = CollectorSetup(provider: Self.provider)
                setup.sealAge = "100ms"
                let collector = try await installation.startCollector(setup, to: aggregator)
                var acknowledged: [Range<Int>] = []
                var unknown: [Range<Int>] = []
                for round in 0..<60 {
                    let range = round * 100..<round * 100 + Int.random(in: 1...100, using: &random)
                    // Every sixth push has its collector killed under it, or just before or after it.
                    let delay = Duration.microseconds(Int.random(in: 0...8_000, using: &random))
                    async let answer = Self.post(range, to: collector)
                    if round % 6 == 5 {
                        try await Task.sleep(for: delay)
                        try await collector.killHard()
                    }
                    if let answer = try? await answer {
                        #expect(answer.status == 200, "\(answer.text)")
                        acknowledged.append(range)
                    } else {
                        unknown.append(range)
                    }
                    if !collector.isRunning { try await collector.start() }
                }
                #expect(acknowledged.count >= 50)
                let least = acknowledged.reduce(0) { $0 + $1.count }
                try await installation.waitUntilCounted(events: UInt64(least))
                try await collector.stop()
                try await installation.waitUntilCounted(events: UInt64(least))

                let found = try await installation.database.byTenant(provider: Self.provider)
                for range in acknowledged {
                    for (tenant, counts) in Self.counts(range) {
                        #expect(found[tenant] == counts, "an acknowledged event; seed \(seed)")
                    }
                }
                // A push whose answer was cut off is there whole and once, or not at all.
                for range in unknown {
                    let present = Self.counts(range).filter { found[$0.key] != nil }
                    #expect(present.isEmpty || present.count == range.count, "seed \(seed)")
                    #expect(present.allSatisfy { found[$0.key] == $0.value }, "seed \(seed)")
                }
            }
        }

        @Test func `of two collectors with one identity, the older is fenced`() async throws {
            try await Installation.with("fenced") { installation in
                let aggregator = try await installation.startAggregator()
                let setup = CollectorSetup(provider: Self.provider)
                let older = try installation.makeCollector(setup, instance: "-older")
                try await older.start(aggregatorURL: aggregator.ingestURL)
                #expect(try await Self.post(0..<100, to: older).status == 200)
                try await installation.waitUntilCounted(events: 100)

                let newer = try installation.makeCollector(setup, instance: "-newer")
                try await newer.start(aggregatorURL: aggregator.ingestURL)
                #expect(try await Self.post(100..<200, to: newer).status == 200)
                try await installation.waitUntilCounted(events: 200)

                // The older one learns of it when it next ships; what it took in the meantime stays with it.
                let last = try await Self.post(200..<300, to: older)
                try await eventually("the older collector says that it is fenced") {
                    try await HTTPCaller().get("\(older.url)/readyz").status == 503
                }
                #expect(try await Self.post(300..<400, to: older).status == 503)
                #expect(try await Self.post(400..<500, to: newer).status == 200)
                try await installation.waitUntilCounted(events: 300)
                let found = try await installation.database.byTenant(provider: Self.provider)
                let expected = Self.counts(0..<200).merging(Self.counts(400..<500)) { $1 }
                #expect(differences(found, expected) == "")

                // The newer stops for good, the older is started again: what it had acknowledged is counted then.
                try await newer.stop()
                try await older.killHard()
                try await older.start()
                let kept = last.status == 200 ? Self.counts(200..<300) : [:]
                try await installation.waitUntilCounted(events: UInt64(expected.count + kept.count))
                try await older.stop()
                let final = try await installation.database.byTenant(provider: Self.provider)
                #expect(differences(final, expected.merging(kept) { $1 }) == "")
            }
        }
    }
}
