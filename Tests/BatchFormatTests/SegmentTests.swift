internal import Testing
internal import UsageModel

@testable internal import BatchFormat

@Suite struct SegmentTests {
    // MARK: Round trip

    @Test(arguments: [1, 2, 3, 10, 1_500, 4_000])
    func `what is sealed is read again, row by row`(count: Int) throws {
        var generator = SeededGenerator(seed: UInt64(count))
        for granularity in SegmentGranularity.allCases {
            let rows = Self.rows(count, granularity, using: &generator)
            let segment = try SegmentEncoder.seal(.sample(granularity), rows[...])
            let reader = try SegmentReader(sealed: segment.sealed)
            #expect(reader.header == .sample(granularity))
            #expect(reader.allRows == rows)
            #expect(segment.rowCount == rows.count)
            #expect(segment.totals == rows.totals)
            #expect(reader.totals(reader.rows) == rows.totals)
            #expect(reader.digest == segment.digest)
            try reader.checkCanonical()
        }
    }

    @Test func `keys give back what they were made of`() {
        let key = SegmentKey(
            tenant: (1 << 40) - 1, model: (1 << 28) - 1, region: (1 << 28) - 2, layer: .onPremises, workload: .batch,
            modality: .embedding, isEstimated: true, minute: 59)
        #expect(key.tenant == (1 << 40) - 1 && key.model == (1 << 28) - 1 && key.region == (1 << 28) - 2)
        #expect(key.layer == .onPremises && key.workload == .batch && key.modality == .embedding)
        #expect(key.isEstimated && key.minute == 59)
        let plain = SegmentKey(tenant: 0)
        #expect(plain.tenant == 0 && plain.model == 0 && plain.region == 0 && plain.minute == 0)
        #expect(plain.layer == nil && plain.workload == nil && plain.modality == nil && !plain.isEstimated)
    }

    @Test func `keys are in the order of tenant, model, region, layer, workload, modality, estimate, minute`() {
        let parts: [SegmentKey] = [
            SegmentKey(tenant: 0, minute: 1), SegmentKey(tenant: 0, isEstimated: true),
            SegmentKey(tenant: 0, modality: .text), SegmentKey(tenant: 0, workload: .online),
            SegmentKey(tenant: 0, layer: .maas), SegmentKey(tenant: 0, region: 1), SegmentKey(tenant: 0, model: 1),
            SegmentKey(tenant: 1),
        ]
        #expect(parts == parts.sorted())
    }

    @Test func `extreme and negative counts survive`() throws {
        let most = SegmentBounds.maxCount
        let values: [Int128] = [-most, -1, 0, 1, 1 << 63, 1 << 64, most]
        var rows: [SegmentRow] = []
        for (index, value) in values.enumerated() {
            let counts = SignedTokenCounts(
                requests: 1, input: value, cachedInput: -value, output: value / 3, reasoningOutput: most)
            rows.append(SegmentRow(key: .sample(tenant: Int64(index)), counts: counts))
        }
        let reader = try SegmentReader(sealed: SegmentEncoder.seal(.sample(), rows[...]).sealed)
        #expect(reader.allRows == rows)
        #expect(reader.totals(reader.rows) == rows.totals)
    }

    @Test func `some tenants' rows are found without reading the others`() throws {
        var generator = SeededGenerator(seed: 4)
        let rows = Self.rows(3_000, .hour, using: &generator)
        let reader = try SegmentReader(sealed: SegmentEncoder.seal(.sample(), rows[...]).sealed)
        for _ in 0..<200 {
            let first = Int64.random(in: 0..<4_096, using: &generator)
            let ids = first...min(4_095, first + .random(in: 0..<40, using: &generator))
            let found = reader.rows(ofTenants: ids)
            let expected = rows.filter { ids.contains($0.key.tenant) }
            var read: [SegmentRow] = []
            reader.forEach(found) { read.append($0) }
            #expect(read == expected)
            #expect(reader.totals(found) == expected.totals)
        }
        #expect(reader.rows(ofTenants: 5_000...6_000).isEmpty)
    }

    @Test func `the content of a segment never changes`() throws {
        let rows = [
            SegmentRow(key: .sample(tenant: 5), counts: SignedTokenCounts(requests: 1, input: 300)),
            SegmentRow(
                key: .sample(tenant: 5, model: 9, isEstimated: true), counts: SignedTokenCounts(requests: -2, output: 7)
            ),
            SegmentRow(key: .sample(tenant: 4_000), counts: SignedTokenCounts(requests: 1 << 70)),
        ]
        let content = try SegmentEncoder.content(.sample(), rows[...])
        #expect(content.hex == Self.golden)
    }

    private static let golden =
        "010103d0d51d0000294d0302020a020096000f020101000e0100020200a40101000100010001000000030903000200000000000000000000000000000000000000000000004000022c0000010000000000010007000000"

    // MARK: Merging

    @Test func `merged segments are the sum of their rows, the same bytes in whatever order`() throws {
        for seed in 0..<12 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let granularity = SegmentGranularity.allCases[Int(seed % 4)]
            let added = (0..<4).flatMap { _ in
                Self.rows(.random(in: 1...400, using: &generator), granularity, using: &generator)
            }
            var sums = SegmentSums()
            var model: [SegmentKey: SignedTokenCounts] = [:]
            for row in added {
                sums.add(row.key, row.counts)
                model[row.key, default: SignedTokenCounts()] += row.counts
            }
            let expected = model.filter { !$0.value.isZero }.map { SegmentRow(key: $0.key, counts: $0.value) }
                .sorted { $0.key < $1.key }
            #expect(sums.sorted() == expected)
            #expect(SegmentSums.sorted(added) == expected)
            // Few are sorted in another way than many.
            let few = Array(added.prefix(60))
            #expect(SegmentSums.sorted(few) == few.reduce(into: SegmentSums()) { $0.add($1.key, $1.counts) }.sorted())
            let whole = try SegmentEncoder.sealChunks(expected, as: .sample(granularity))
            #expect(whole.count == 1)
            for _ in 0..<3 {
                var parts = [SegmentSums](repeating: SegmentSums(), count: .random(in: 1...6, using: &generator))
                for row in added { parts[.random(in: 0..<parts.count, using: &generator)].add(row.key, row.counts) }
                var readers = try parts.flatMap { try SegmentEncoder.sealChunks($0.sorted(), as: .sample(granularity)) }
                    .map { try SegmentReader(sealed: $0.sealed) }
                readers.shuffle(using: &generator)
                // In one step, or two first.
                if readers.count > 2 {
                    let two = try SegmentMerge.seal(Array(readers.prefix(2)), as: .sample(granularity))
                    readers.replaceSubrange(0..<2, with: try two.map { try SegmentReader(sealed: $0.sealed) })
                }
                #expect(try SegmentMerge.seal(readers, as: .sample(granularity)) == whole)
            }
        }
    }

    @Test func `what is counted and taken back leaves no row`() throws {
        let counts = SignedTokenCounts(requests: 3, input: 50, output: 20)
        let taken = SignedTokenCounts(requests: -3, input: -50, output: -20)
        let readers = try [(1, counts), (1, taken), (2, counts)].map { tenant, counts in
            let row = SegmentRow(key: .sample(tenant: Int64(tenant)), counts: counts)
            return try SegmentReader(sealed: SegmentEncoder.seal(.sample(), [row]).sealed)
        }
        let merged = try SegmentMerge.seal(readers, as: .sample())
        #expect(try merged.map { try SegmentReader(sealed: $0.sealed).allRows.map(\.key.tenant) } == [[2]])
        #expect(try SegmentMerge.seal(Array(readers.prefix(2)), as: .sample()).isEmpty)
    }

    @Test func `chunks and parts cut the rows and lose none`() throws {
        var generator = SeededGenerator(seed: 8)
        var sums = SegmentSums()
        for row in Self.rows(2_000, .hour, tenants: 0..<20_000, using: &generator) { sums.add(row.key, row.counts) }
        let segments = try SegmentEncoder.sealChunks(sums.sorted(), as: .sample(), maxRows: 300)
        var rows: [SegmentRow] = []
        for (index, segment) in segments.enumerated() {
            let reader = try SegmentReader(sealed: segment.sealed)
            try reader.checkCanonical()
            #expect(reader.rowCount <= 300)
            let previous = index > 0 ? segments[index - 1].header : nil
            #expect(segment.header.part == (previous?.chunk == segment.header.chunk ? (previous?.part ?? 0) + 1 : 0))
            rows += reader.allRows
        }
        #expect(Set(segments.map(\.header.chunk)) == [0, 1, 2, 3, 4])
        #expect(rows == sums.sorted())
        let first = try segments.filter { $0.header.chunk == 0 }.map { try SegmentReader(sealed: $0.sealed) }
        #expect(try SegmentMerge.seal(first, as: .sample(), maxRows: 300) == segments.filter { $0.header.chunk == 0 })
    }

    // MARK: What is refused

    @Test func `rows that break a rule aren't sealed`() {
        let counts = SignedTokenCounts(requests: 1)
        func row(_ key: SegmentKey, _ counts: SignedTokenCounts = counts) -> SegmentRow {
            SegmentRow(key: key, counts: counts)
        }
        let cases: [(String, SegmentHeader, [SegmentRow], SegmentError.Code)] = [
            ("none", .sample(), [], .tooLarge),
            ("order", .sample(), [row(.sample(tenant: 2)), row(.sample(tenant: 1))], .badOrder),
            ("twice", .sample(), [row(.sample(tenant: 2)), row(.sample(tenant: 2))], .badOrder),
            ("nothing", .sample(), [row(.sample(tenant: 2), SignedTokenCounts())], .notCanonical),
            (
                "large", .sample(),
                [row(.sample(tenant: 2), SignedTokenCounts(output: -SegmentBounds.maxCount - 1))], .tooLarge
            ),
            ("chunk", .sample(), [row(.sample(tenant: 4_096))], .badOrder),
            ("granularity", .sample(.minuteByTenant), [row(.sample(tenant: 2))], .badOrder),
            ("parts", .sample(), [row(SegmentKey(tenant: 2, model: 1))], .badOrder),
            ("by model", .sample(.minuteByModel), [row(SegmentKey(tenant: 0, model: 2, region: 1))], .badOrder),
            ("by provider", .sample(.minuteByProvider), [row(SegmentKey(tenant: 1))], .badOrder),
        ]
        for (name, header, rows, code) in cases {
            #expect(throws: SegmentError.self, "\(name)") { try SegmentEncoder.seal(header, rows[...]) }
            do { _ = try SegmentEncoder.seal(header, rows[...]) } catch { #expect(error.code == code, "\(name)") }
        }
        var headers = [SegmentHeader](repeating: .sample(), count: 4)
        headers[0].lastPosition = headers[0].afterPosition
        headers[1].provider = -1
        headers[2].hour = BatchBounds.maxMinute / 60 + 1
        headers[3].chunk = -1
        for header in headers {
            #expect(throws: SegmentError.self) { try SegmentEncoder.seal(header, [row(.sample(tenant: 2))]) }
        }
    }

    @Test func `rows that are written in another way are told`() throws {
        let row = SegmentRow(key: .sample(tenant: 1), counts: SignedTokenCounts(requests: 1, reasoningOutput: 4))
        var content = try SegmentEncoder.content(.sample(), [row])
        // The last column is the value 4, zigzag, in 0 bytes: the same as 3 and a distance of 1 in one byte.
        #expect(content.suffix(2) == [8, 0])
        content.replaceSubrange(content.count - 2..<content.count, with: [6, 1, 1])
        let reader = try SegmentReader(content: content)
        #expect(reader.allRows == [row])
        #expect(throws: SegmentError(.notCanonical, "\(reader.header): its rows can be written in another way")) {
            try reader.checkCanonical()
        }
    }

    @Test func `cut and garbled bytes are refused or read, and never trap`() throws {
        var generator = SeededGenerator(seed: 3)
        let rows = Self.rows(60, .hour, using: &generator)
        let segment = try SegmentEncoder.seal(.sample(), rows[...])
        let content = try SegmentEncoder.content(.sample(), rows[...])
        for count in 0..<content.count {
            #expect(throws: SegmentError.self) { try SegmentReader(content: Array(content.prefix(count))) }
        }
        #expect(throws: SegmentError.self) { try SegmentReader(content: content + [0]) }
        for index in content.indices {
            for bit in [0, 3, 7] {
                var garbled = content
                garbled[index] ^= 1 << UInt8(bit)
                guard let reader = try? SegmentReader(content: garbled) else { continue }
                _ = try? SegmentMerge.seal([reader], as: .sample())
                #expect(reader.digest != segment.digest)
            }
        }
        for index in segment.sealed.indices {
            var garbled = segment.sealed
            garbled[index] ^= 1
            let opened = try? SegmentReader(sealed: garbled)
            #expect(opened == nil || opened?.digest == segment.digest)
        }
    }

    @Test func `a frame that promises more than a segment may have is refused unread`() throws {
        let zeros = [UInt8](repeating: 0, count: SegmentBounds.maxContentBytes + 1)
        let sealed = try ZstdFrame.compress(zeros, level: 1, boundaries: [])
        #expect(sealed.count < 100_000)
        do {
            _ = try SegmentReader(sealed: sealed)
            Issue.record("it was opened")
        } catch {
            #expect(error.code == .badFrame && error.message.contains("decoded-too-large"))
        }
    }

    // MARK: Rows

    /// Random rows with distinct keys, in their order.
    static func rows(
        _ count: Int, _ granularity: SegmentGranularity, tenants: Range<Int64> = 0..<4_096,
        using generator: inout SeededGenerator
    ) -> [SegmentRow] {
        var rows: [SegmentKey: SignedTokenCounts] = [:]
        for _ in 0..<count {
            let (tenant, model) = (
                Int64.random(in: tenants, using: &generator), Int32.random(in: 1...40, using: &generator)
            )
            let minute = Int.random(in: 0..<60, using: &generator)
            let isEstimated = Int.random(in: 0..<10, using: &generator) == 0
            let key =
                switch granularity {
                case .hour:
                    SegmentKey.sample(
                        tenant: tenant, model: model, region: .random(in: 1...3, using: &generator),
                        layer: Layer.allCases.randomElement(using: &generator) ?? .maas,
                        isEstimated: isEstimated)
                case .minuteByTenant: SegmentKey(tenant: tenant, isEstimated: isEstimated, minute: minute)
                case .minuteByModel: SegmentKey(tenant: 0, model: model, isEstimated: isEstimated, minute: minute)
                case .minuteByProvider: SegmentKey(tenant: 0, isEstimated: isEstimated, minute: minute)
                }
            let sign: Int128 = Int.random(in: 0..<8, using: &generator) == 0 ? -1 : 1
            rows[key] = SignedTokenCounts(
                requests: sign * .random(in: 1...9, using: &generator),
                input: sign * .random(in: 0...1_000_000, using: &generator),
                cachedInput: .random(in: 0...5, using: &generator),
                output: sign * .random(in: 0...1_000_000_000_000, using: &generator), reasoningOutput: 0)
        }
        return rows.map { SegmentRow(key: $0.key, counts: $0.value) }.sorted { $0.key < $1.key }
    }
}

extension SegmentHeader {
    static func sample(_ granularity: SegmentGranularity = .hour) -> SegmentHeader {
        SegmentHeader(
            granularity: granularity, provider: 3, hour: 486_096, chunk: 0, afterPosition: 41, lastPosition: 77)
    }
}

extension SegmentKey {
    static func sample(
        tenant: Int64, model: Int32 = 7, region: Int32 = 1, layer: Layer = .maas, isEstimated: Bool = false
    ) -> SegmentKey {
        SegmentKey(
            tenant: tenant, model: model, region: region, layer: layer, workload: .online, modality: .text,
            isEstimated: isEstimated)
    }
}

extension [SegmentRow] {
    var totals: SignedTokenCounts { reduce(into: SignedTokenCounts()) { $0 += $1.counts } }
}

extension SegmentReader {
    var allRows: [SegmentRow] {
        var all: [SegmentRow] = []
        forEach(rows) { all.append($0) }
        return all
    }
}

extension [UInt8] {
    fileprivate var hex: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
