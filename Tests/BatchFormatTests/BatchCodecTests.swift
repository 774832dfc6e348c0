internal import SwiftProtobuf
internal import Testing
internal import UsageModel
internal import WireProtocol

@testable internal import BatchFormat

@Suite struct BatchCodecTests {
    @Test(arguments: [1, 2, 3, 10, 1_000, 30_000])
    func `what is sealed comes out again`(count: Int) throws {
        let (rows, eventCount) = try UsageRows.random(count: count, seed: UInt64(count))
        let header = BatchHeader.sample(eventCount: eventCount, rejections: [.syntax: 3, .badName: 1])
        let sealed = try BatchEncoder().seal(header, rows)
        let opened = try BatchDecoder().decode(sealed.bytes)
        #expect(opened.header == header)
        #expect(opened.rows == rows)
        #expect(sealed.digest == BatchDigest(of: sealed.bytes))
    }

    @Test(arguments: [1, 2, 40, 3_000])
    func `messages are the bytes that SwiftProtobuf writes of them`(count: Int) throws {
        let (rows, eventCount) = try UsageRows.random(count: count, seed: UInt64(count))
        let batch = try BatchEncoder.message(.sample(eventCount: eventCount, rejections: [.syntax: 3]), rows)
        #expect(try WireBatch(serializedBytes: batch).serializedBytes() == batch)
        let fingerprints = [EventFingerprint(key: 1, content: 2)]
        for accepted in [
            AcceptedRows(rows: rows, eventCount: eventCount, rejections: [.badName: 1]),
            AcceptedRows(
                rows: rows, eventCount: eventCount,
                fingerprints: AcceptedFingerprints(acceptedAtMilliseconds: 1, fingerprints: fingerprints)),
        ] {
            let bytes = try RowsCodec.encode(accepted)
            #expect(try WireAcceptedRows(serializedBytes: bytes).serializedBytes() == bytes)
            #expect(try RowsCodec.decode(bytes) == accepted)
        }
    }

    @Test func `sealing twice gives the same bytes, and another spool sequence gives others`() throws {
        let (rows, eventCount) = try UsageRows.random(count: 3_000, seed: 5)
        let first = try BatchEncoder().seal(.sample(eventCount: eventCount), rows)
        let second = try BatchEncoder().seal(.sample(eventCount: eventCount), rows)
        let other = try BatchEncoder().seal(.sample(eventCount: eventCount, spoolSequence: 8), rows)
        #expect(first == second)
        #expect(first.digest != other.digest)
    }

    @Test(arguments: [1, 3, 9, 19] as [Int32])
    func `every level gives a frame that opens`(level: Int32) throws {
        let (rows, eventCount) = try UsageRows.random(count: 4_000, seed: 6)
        let sealed = try BatchEncoder(compressionLevel: level).seal(.sample(eventCount: eventCount), rows)
        #expect(try BatchDecoder().decode(sealed.bytes).rows == rows)
    }

    @Test func `extremes of every field survive`() throws {
        let longest = String(repeating: "z", count: 128)
        let most = Limits.maxTokensPerField
        let counts = TokenCounts(
            requests: Limits.maxRequestsPerEvent, input: most, cachedInput: most, output: most, reasoningOutput: most)
        let sums = try MinuteBuckets.summing([
            PlainEvent(minute: 0, tenant: "0", model: "0", region: "0", counts: TokenCounts(requests: 1)),
            PlainEvent(
                minute: BatchBounds.maxMinute, tenant: longest, model: longest, region: String(longest.prefix(64)),
                layer: .onPremises, workload: .batch, modality: .embedding, counts: counts),
        ])
        let sealed = try BatchEncoder().seal(.sample(eventCount: 2), sums.rows())
        #expect(try BatchDecoder().decode(sealed.bytes).rows == sums.rows())
    }

    @Test func `a batch without rows reports refusals`() throws {
        let header = BatchHeader.sample(eventCount: 0, rejections: [.timeTooOld: 12])
        let sealed = try BatchEncoder().seal(header, UsageRows())
        let opened = try BatchDecoder().decode(sealed.bytes)
        #expect(opened.header == header)
        #expect(opened.rows == UsageRows())
    }

    @Test func `the estimate is an upper bound of the message's size`() throws {
        for count in [1, 100, 10_000] {
            var generator = SeededGenerator(seed: UInt64(count))
            let sums = try MinuteBuckets.summing((0..<count).map { _ in .random(using: &generator) })
            let message = try BatchEncoder.message(.sample(eventCount: sums.eventCount), sums.rows())
            #expect(message.count <= sums.estimatedBytes)
        }
    }

    @Test func `headers that break a rule aren't sealed`() throws {
        let (rows, eventCount) = try UsageRows.random(count: 10, seed: 1)
        let changes: [(String, (inout BatchHeader) -> Void, BatchError.Code)] = [
            ("provider", { $0.provider = "Ali Yun" }, .badHeader),
            ("collector", { $0.collector = "" }, .badHeader),
            ("spool_sequence", { $0.spoolSequence = 0 }, .badHeader),
            ("sealed at", { $0.sealedAtMilliseconds = -1 }, .badHeader),
            ("version", { $0.softwareVersion = "" }, .badHeader),
            ("no events", { $0.eventCount = 0 }, .inconsistentCounts),
            ("too many events", { $0.eventCount = 1_000_000 }, .inconsistentCounts),
            ("zero refusals", { $0.rejections = [.syntax: 0] }, .badHeader),
        ]
        for (name, change, code) in changes {
            var header = BatchHeader.sample(eventCount: eventCount)
            change(&header)
            let error = #expect(throws: BatchError.self) { try BatchEncoder().seal(header, rows) }
            #expect(error?.code == code, "\(name)")
        }
    }

    @Test func `rows that aren't canonical aren't sealed`() throws {
        let (rows, eventCount) = try UsageRows.random(count: 500, seed: 1)
        let changes: [(String, (inout UsageRows) -> Void, BatchError.Code)] = [
            ("order", { $0.rows.swapAt(0, 1) }, .badOrder),
            ("repeat", { $0.rows.insert($0.rows[3], at: 3) }, .badOrder),
            ("unused tenant", { $0.tenants.append("zzz") }, .badDictionary),
            ("unused model", { $0.models.append("\u{9F99}") }, .badDictionary),
            ("unsorted regions", { $0.regions.swapAt(0, 1) }, .badDictionary),
            ("index", { $0.rows[0].model = 99 }, .badColumn),
            ("minute", { $0.rows[0].minute = -5 }, .badColumn),
            ("requests", { $0.rows[0].counts.requests = 0 }, .inconsistentCounts),
        ]
        for (name, change, code) in changes {
            var changed = rows
            change(&changed)
            let error = #expect(throws: BatchError.self) {
                try BatchEncoder().seal(.sample(eventCount: eventCount), changed)
            }
            #expect(error?.code == code, "\(name)")
        }
    }

    @Test func `write-ahead rows come out as they went in, and damage is an error`() throws {
        let (rows, eventCount) = try UsageRows.random(count: 200, seed: 3)
        let accepted = AcceptedRows(rows: rows, eventCount: eventCount, rejections: [.badTime: 2])
        let bytes = try RowsCodec.encode(accepted)
        #expect(try RowsCodec.decode(bytes) == accepted)
        // Behind the version the record may end: it then tells of nothing.
        for length in 0..<bytes.count where length != 2 {
            #expect(throws: BatchError.self) { try RowsCodec.decode(Array(bytes.prefix(length))) }
        }
        #expect(try RowsCodec.decode(Array(bytes.prefix(2))) == AcceptedRows(rows: UsageRows(), eventCount: 0))
        let refusals = AcceptedRows(rows: UsageRows(), eventCount: 0, rejections: [.syntax: 1])
        #expect(try RowsCodec.decode(RowsCodec.encode(refusals)) == refusals)
    }
}
