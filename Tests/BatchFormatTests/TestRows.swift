internal import BatchFormat
internal import UsageModel

/// Random numbers from a seed, so that a failing test fails again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// An event in plain words, as tests like to write it.
struct PlainEvent: Hashable {
    var minute: Int64 = 29_000_000
    var tenant = "acme"
    var model = "doubao-1.6-pro"
    var region = "cn-beijing"
    var layer = Layer.maas
    var workload = Workload.online
    var modality = Modality.text
    var flags: UsageFlags = []
    var counts = TokenCounts(requests: 1, input: 100, cachedInput: 10, output: 20, reasoningOutput: 5)

    var key: PlainEvent {
        var key = self
        key.counts = TokenCounts()
        return key
    }

    /// Any of the flags, on an event like those that have none.
    static func randomFlagged(using generator: inout SeededGenerator) -> PlainEvent {
        var event = random(using: &generator)
        event.flags = UsageFlags(rawValue: .random(in: 0...UsageFlags.all.rawValue, using: &generator))
        return event
    }

    static func random(using generator: inout SeededGenerator) -> PlainEvent {
        let input = UInt64.random(in: 0...5_000, using: &generator)
        let output = UInt64.random(in: 0...3_000, using: &generator)
        return PlainEvent(
            minute: 29_000_000 + .random(in: 0...3, using: &generator),
            tenant: "tenant-\(Int.random(in: 0...40, using: &generator))",
            model: ["qwen3-max", "doubao-1.6-pro", "deepseek-v3.1", "模型-一"].randomElement(using: &generator) ?? "m",
            region: ["cn-beijing", "cn-shanghai"].randomElement(using: &generator) ?? "r",
            layer: Layer.allCases.randomElement(using: &generator) ?? .maas,
            workload: Workload.allCases.randomElement(using: &generator) ?? .online,
            modality: Modality.allCases.randomElement(using: &generator) ?? .text,
            counts: TokenCounts(
                requests: .random(in: 1...9, using: &generator), input: input,
                cachedInput: .random(in: 0...input, using: &generator), output: output,
                reasoningOutput: .random(in: 0...output, using: &generator)))
    }
}

extension MinuteBuckets {
    /// Adds an event whose tenant stands in scratch and whose other names stand in the record.
    mutating func add(_ event: PlainEvent) throws(Rejection) -> Outcome {
        let (model, region) = (Array(event.model.utf8), Array(event.region.utf8))
        let record = Array("{".utf8) + model + Array("|".utf8) + region
        let scratch = Array(event.tenant.utf8)
        let usageEvent = UsageEvent(
            minute: event.minute,
            tenant: FieldRange(start: 0, count: UInt32(scratch.count), isInScratch: true),
            model: FieldRange(start: 1, count: UInt32(model.count)),
            region: FieldRange(start: UInt32(2 + model.count), count: UInt32(region.count)),
            layer: event.layer, workload: event.workload, modality: event.modality, counts: event.counts,
            isEstimated: event.flags.contains(.estimated), isTakenBack: event.flags.contains(.takenBack))
        return unsafe try add(usageEvent, record: record.span.bytes, scratch: scratch.span.bytes)
    }

    static func summing(_ events: [PlainEvent]) throws -> MinuteBuckets {
        var sums = MinuteBuckets()
        for event in events { _ = try sums.add(event) }
        return sums
    }
}

extension UsageRows {
    /// The rows as keys with their sums, whatever their order.
    var plain: [PlainEvent: TokenCounts] {
        Dictionary(
            rows.map { row in
                (
                    PlainEvent(
                        minute: row.minute, tenant: tenants[Int(row.tenant)], model: models[Int(row.model)],
                        region: regions[Int(row.region)], layer: row.layer, workload: row.workload,
                        modality: row.modality, flags: row.flags, counts: TokenCounts()), row.counts
                )
            }, uniquingKeysWith: { first, _ in first })
    }

    /// Rows of `count` random events from a seed.
    static func random(
        count: Int, seed: UInt64, isFlagged: Bool = false
    ) throws -> (rows: UsageRows, eventCount: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let sums = try MinuteBuckets.summing(
            (0..<count).map { _ in isFlagged ? .randomFlagged(using: &generator) : .random(using: &generator) })
        return (sums.rows(), sums.eventCount)
    }
}

extension BatchHeader {
    static func sample(
        eventCount: UInt64, rejections: [RejectionReason: UInt64] = [:], spoolSequence: UInt64 = 7
    ) -> BatchHeader {
        var generator = SeededGenerator(seed: 99)
        return BatchHeader(
            provider: "aliyun", collector: "cn-beijing-1", spoolID: SpoolID(using: &generator),
            spoolSequence: spoolSequence,
            sealedAtMilliseconds: 1_763_793_600_123, softwareVersion: "0.1.0", eventCount: eventCount,
            rejections: rejections)
    }
}
