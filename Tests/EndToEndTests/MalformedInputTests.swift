internal import Foundation
internal import TestHarness
internal import Testing
internal import UsageModel

extension EndToEndTests {
    /// Malformed input of every kind through a real collector: named, kept, and never in the way of the good lines.
    @Suite struct MalformedInputTests {
        private static let provider = "tencent-cloud"

        /// What the collector answers to `POST /v1/events`.
        private struct Answer: Decodable {
            struct Rejected: Decodable {
                var line: Int
                var reason: String
            }

            var accepted: Int
            var rejected: [Rejected]
        }

        /// One line of a quarantine file.
        private struct Quarantined: Decodable {
            var source: String
            var line: Int
            var reason: String
            var detail: String
            var bytes: Data
        }

        private static func good(_ number: Int) -> [UInt8] {
            Array(
                ("{\"time\":\"2025-06-01T08:00:00Z\",\"tenant\":\"good-\(number)\",\"model\":\"m\","
                    + "\"input_tokens\":\(1_000 + number),\"output_tokens\":1}").utf8)
        }

        /// A good line, then each malformed one with a good one behind it.
        private static let body: [UInt8] = {
            var body = good(0) + [0x0A]
            for (index, input) in MalformedInput.all.enumerated() {
                body += input.bytes + [0x0A] + good(index + 1) + [0x0A]
            }
            return body
        }()

        private static let goodCount = MalformedInput.all.count + 1

        private static var goodCounts: [String: Counts] {
            Dictionary(uniqueKeysWithValues: (0..<goodCount).map { ("good-\($0)", Counts(1, UInt64(1_000 + $0), 1)) })
        }

        @Test func `there are more than thirty kinds and each has its own name`() {
            #expect(MalformedInput.all.count > 30)
            #expect(Set(MalformedInput.all.map(\.kind)).count == MalformedInput.all.count)
            #expect(MalformedInput.all.allSatisfy { !$0.bytes.contains(UInt8(ascii: "\n")) })
        }

        @Test
        func `malformed lines of a file are quarantined with their reason and the others are counted`() async throws {
            try await Installation.with("malformed-file") { installation in
                let file = "\(installation.files.directory)/events.ndjson"
                try Data(Self.body).write(to: URL(fileURLWithPath: file))
                let aggregator = try await installation.startAggregator()
                var setup = CollectorSetup(provider: Self.provider)
                setup.sources = TraceSources.native(path: file, isWhole: true)
                let collector = try await installation.startCollector(setup, to: aggregator)
                try await installation.waitUntilCounted(events: UInt64(Self.goodCount))
                try await collector.stop()
                try await installation.waitUntilCounted(events: UInt64(Self.goodCount))

                let found = try await installation.database.byTenant(provider: Self.provider)
                #expect(differences(found, Self.goodCounts) == "")
                let quarantined = try Self.quarantined(in: collector.quarantineDirectory)
                for (index, input) in MalformedInput.all.enumerated() {
                    let line = 2 * index + 2
                    let kept = quarantined.filter { $0.line == line }
                    #expect(kept.map(\.reason) == [input.reason.rawValue], "\(input.kind), line \(line)")
                    // The raw bytes are kept, from the beginning, however long the record was.
                    #expect(
                        kept.allSatisfy { input.bytes.starts(with: $0.bytes) && !$0.bytes.isEmpty }, "\(input.kind)")
                    #expect(kept.allSatisfy { !$0.detail.isEmpty && $0.source == "events" }, "\(input.kind)")
                }
                // Emitted = counted + quarantined + refused, and the aggregator was told.
                let progress = try await installation.database.progress()
                #expect(quarantined.count == MalformedInput.all.count)
                #expect(progress.rejections == UInt64(MalformedInput.all.count))
                #expect(progress.events + progress.rejections == UInt64(Self.goodCount + MalformedInput.all.count))
            }
        }

        @Test
        func `malformed lines of a push are answered with their reason and the others are counted`() async throws {
            try await Installation.with("malformed-push") { installation in
                let aggregator = try await installation.startAggregator()
                let collector = try await installation.startCollector(
                    CollectorSetup(provider: Self.provider), to: aggregator)
                // One record too long for a body is only for files.
                let answer = try await HTTPCaller().post(
                    "\(collector.url)/v1/events", headers: [("Content-Type", "application/x-ndjson")], body: Self.body)
                #expect(answer.status == 200, "\(answer.text.prefix(1_000))")
                let said = try answer.decoded(Answer.self)
                #expect(said.accepted == Self.goodCount)
                #expect(said.rejected.count == MalformedInput.all.count)
                for (index, input) in MalformedInput.all.enumerated() {
                    let line = 2 * index + 2
                    #expect(
                        said.rejected.filter { $0.line == line }.map(\.reason) == [input.reason.rawValue],
                        "\(input.kind), line \(line)")
                }
                try await installation.waitUntilCounted(events: UInt64(Self.goodCount))
                try await collector.stop()
                try await installation.waitUntilCounted(events: UInt64(Self.goodCount))
                let found = try await installation.database.byTenant(provider: Self.provider)
                #expect(differences(found, Self.goodCounts) == "")
                let quarantined = try Self.quarantined(in: collector.quarantineDirectory)
                #expect(quarantined.map(\.reason).sorted() == MalformedInput.all.map(\.reason.rawValue).sorted())
                #expect(try await installation.database.progress().rejections == UInt64(MalformedInput.all.count))
            }
        }

        @Test func `bodies that are no events at all are refused whole`() async throws {
            try await Installation.with("malformed-body") { installation in
                let aggregator = try await installation.startAggregator()
                let collector = try await installation.startCollector(
                    CollectorSetup(provider: Self.provider), to: aggregator)
                let url = "\(collector.url)/v1/events"
                let json = ("Content-Type", "application/json")
                let caller = HTTPCaller()
                let notGzip = try await caller.post(
                    url, headers: [json, ("Content-Encoding", "gzip")], body: [1, 2, 3])
                #expect(notGzip.status == 400)
                let unknownEncoding = try await caller.post(
                    url, headers: [json, ("Content-Encoding", "compress")], body: Self.good(1))
                #expect(unknownEncoding.status == 415)
                let unknownType = try await caller.post(
                    url, headers: [("Content-Type", "text/html")], body: Self.good(1))
                #expect(unknownType.status == 415)
                let tooLarge = try await caller.post(
                    url, headers: [json], body: Array(repeating: UInt8(ascii: " "), count: 64 << 20 | 1))
                #expect(tooLarge.status == 413)
                for refused in [notGzip, unknownEncoding, unknownType, tooLarge] {
                    #expect(refused.headers["content-type"] == "application/problem+json")
                }
                // And it still takes what is good.
                #expect(try await caller.post(url, headers: [json], body: Self.good(7)).status == 200)
                try await installation.waitUntilCounted(events: 1)
                #expect(try await installation.database.progress().events == 1)
            }
        }

        private static func quarantined(in directory: String) throws -> [Quarantined] {
            try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".ndjson") }
                .flatMap { name in
                    let data = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)"))
                    return try data.split(separator: 0x0A).map { try JSONDecoder().decode(Quarantined.self, from: $0) }
                }
        }
    }
}
