import BatchFormat
import Foundation
import SourceFormats
import UsageModel

/// The input of every benchmark and what is made of it once.
enum Input {
    static let eventsPerIteration = 100_000
    static let provider = "volcengine"
    static let collector = "bench"

    /// The first events of the file that `STEELYARD_BENCHMARK_INPUT` names: JSON lines with an OpenAI `usage` object.
    static let bytes: [UInt8] = {
        guard let path = ProcessInfo.processInfo.environment["STEELYARD_BENCHMARK_INPUT"],
            let data = FileManager.default.contents(atPath: path)
        else { fatalError("set STEELYARD_BENCHMARK_INPUT to a file of events; deploy/bench makes one") }
        var end = 0
        for _ in 0..<eventsPerIteration {
            guard let next = data[end...].firstIndex(of: UInt8(ascii: "\n")) else {
                fatalError("\(path) holds fewer than \(eventsPerIteration) events")
            }
            end = next + 1
        }
        return Array(data[..<end])
    }()

    static func makeParser() -> any SourceParser {
        do {
            return try OpenAIFormat().makeParser(defaults: EventDefaults(provider: provider), framing: .stream)
        } catch {
            fatalError("the parser can't be made: \(error)")
        }
    }

    /// The sums of the input.
    static func sums() -> MinuteBuckets {
        var sink = SummingSink()
        var parser = makeParser()
        _ = unsafe parser.consume(bytes.span.bytes, endOfInput: true, into: &sink)
        precondition(sink.rejections == 0 && sink.sums.eventCount == UInt64(eventsPerIteration), "the input is unfit")
        return sink.sums
    }

    static let spoolID: SpoolID = {
        var generator = SystemRandomNumberGenerator()
        return SpoolID(using: &generator)
    }()

    static func header(spoolSequence: UInt64) -> BatchHeader {
        BatchHeader(
            provider: provider, collector: collector, spoolID: spoolID, spoolSequence: spoolSequence,
            sealedAtMilliseconds: 1_764_000_000_000, softwareVersion: "0.0.0-benchmark",
            eventCount: UInt64(eventsPerIteration))
    }

    static func seal(_ rows: UsageRows, spoolSequence: UInt64) -> SealedBatch {
        do {
            return try BatchEncoder().seal(header(spoolSequence: spoolSequence), rows)
        } catch {
            fatalError("the batch can't be sealed: \(error)")
        }
    }
}

/// Counts events and drops them: what parsing alone costs.
struct CountingSink: UsageEventSink {
    var events = 0
    var rejections = 0

    mutating func accept(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection) {
        events += 1
    }

    mutating func reject(_ rejection: Rejection, record: RawSpan, position: RecordPosition) {
        rejections += 1
    }

    mutating func ignore(_ reason: IgnoredReason, record: RawSpan, position: RecordPosition) {
        rejections += 1
    }
}

/// Sums events per minute and key.
struct SummingSink: UsageEventSink {
    var sums = MinuteBuckets()
    var rejections = 0

    mutating func accept(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection) {
        try sums.add(event, record: record, scratch: scratch)
    }

    mutating func reject(_ rejection: Rejection, record: RawSpan, position: RecordPosition) {
        rejections += 1
    }

    mutating func ignore(_ reason: IgnoredReason, record: RawSpan, position: RecordPosition) {
        rejections += 1
    }
}
