import SourceFormats
import UsageModel

/// An event with its names spelt out.
struct CollectedEvent: Equatable, Sendable {
    var minute: Int64
    var tenant: String
    var model: String
    var region: String
    var layer = Layer.maas
    var workload = Workload.online
    var modality = Modality.text
    var counts: TokenCounts
    var isEstimated = false
    var repair: UsageRepair?
}

/// A rejection with what came with it.
struct CollectedRejection: Equatable, Sendable {
    var rejection: Rejection
    var record: [UInt8]
    var position: RecordPosition
}

/// A sink that keeps everything, in order.
struct Collected: UsageEventSink, Equatable, Sendable {
    var events: [CollectedEvent] = []
    var rejections: [CollectedRejection] = []
    /// Why records were ignored, and their lines.
    var ignored: [IgnoredReason] = []
    var ignoredLines: [UInt64] = []
    /// Refuses events of this tenant, as a sink with a full table would.
    var refusedTenant: String?

    var totals: TokenCounts {
        var sum = TokenCounts()
        for event in events { _ = sum.add(event.counts) }
        return sum
    }

    /// How many records were ignored, by reason.
    var ignoredCounts: [IgnoredReason: Int] { Dictionary(ignored.map { ($0, 1) }, uniquingKeysWith: +) }

    var reasons: [RejectionReason] { rejections.map(\.rejection.reason) }

    mutating func accept(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection) {
        func text(_ range: FieldRange) -> String {
            let bytes = range.isInScratch ? scratch : record
            let place = Int(range.start)..<Int(range.start) + Int(range.count)
            return String(decoding: place.map { bytes.byte(at: $0) }, as: UTF8.self)
        }
        let tenant = text(event.tenant)
        if tenant == refusedTenant { throw Rejection(.tooManyNames, field: "tenant") }
        events.append(
            CollectedEvent(
                minute: event.minute, tenant: tenant, model: text(event.model), region: text(event.region),
                layer: event.layer, workload: event.workload, modality: event.modality, counts: event.counts,
                isEstimated: event.isEstimated, repair: event.repair))
    }

    mutating func ignore(_ reason: IgnoredReason, record: RawSpan, position: RecordPosition) {
        ignored.append(reason)
        ignoredLines.append(position.line)
    }

    mutating func reject(_ rejection: Rejection, record: RawSpan, position: RecordPosition) {
        rejections.append(
            CollectedRejection(
                rejection: rejection, record: (0..<record.byteCount).map { record.byte(at: $0) }, position: position))
    }
}

extension SourceParser {
    /// Feeds the bytes `chunk` at a time, keeping what isn't consumed as a caller does, and ends the input.
    mutating func feed(_ bytes: [UInt8], chunk: Int = .max, into sink: inout Collected) {
        var pending: [UInt8] = []
        var index = 0
        repeat {
            let end = chunk > bytes.count - index ? bytes.count : index + chunk
            pending += bytes[index..<end]
            index = end
            let used = unsafe consume(pending.span.bytes, endOfInput: index == bytes.count, into: &sink)
            pending.removeFirst(used)
        } while index < bytes.count
        precondition(pending.isEmpty, "a parser consumes everything at the end of its input")
    }
}

let testDefaults = EventDefaults(provider: "volcengine")

/// Parses a whole source at once.
func collect(
    _ bytes: [UInt8], _ format: any SourceFormat = NativeFormat(), in wrappings: [Wrapping] = [],
    defaults: EventDefaults = testDefaults, framing: SourceFraming = .stream, chunk: Int = .max
) throws -> Collected {
    var parser = try SourcePlan(format, in: wrappings, defaults: defaults, framing: framing).makeParser()
    var sink = Collected()
    parser.feed(bytes, chunk: chunk, into: &sink)
    return sink
}

func collect(
    _ text: String, _ format: any SourceFormat = NativeFormat(), defaults: EventDefaults = testDefaults,
    framing: SourceFraming = .stream, chunk: Int = .max
) throws -> Collected {
    try collect(Array(text.utf8), format, defaults: defaults, framing: framing, chunk: chunk)
}

/// 2025-06-01T00:00Z in minutes since 1970.
let june2025: Int64 = 29_145_600

extension UInt64 {
    /// The next value of a SplitMix64 sequence: random enough for tests, and the same everywhere.
    mutating func nextRandom() -> UInt64 {
        self &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func nextRandom(below bound: Int) -> Int { Int(nextRandom() % UInt64(bound)) }
}
