internal import CollectorCore
internal import HTTPSupport
internal import NIOCore
internal import SourceFormats
internal import UsageModel

/// One body on its way into the parser, piece by piece: what is held of it is bounded, whatever its size.
///
/// Nothing of it is counted before ``finish()``: a body that is refused half way leaves nothing behind.
struct BodyReading {
    /// A body that was read to its end.
    struct Outcome: Sendable {
        var buckets: RequestBuckets
        /// The body after decompression, where it is small enough to have been kept for reading it again.
        var whole: [UInt8]?
        /// After decompression.
        var byteCount: Int
    }

    /// How a body is read: the source's plan, what is known about it beside its bytes, and what stands around them.
    struct Plan: Sendable {
        private let plan: SourcePlan
        private let expectation: SourceExpectation
        /// What goes to the parser before and behind the body.
        let envelope: BinaryEnvelope?

        init(_ plan: SourcePlan, expectation: SourceExpectation = SourceExpectation(), envelope: BinaryEnvelope? = nil)
        {
            self.plan = plan
            self.expectation = expectation
            self.envelope = envelope
        }

        func makeParser() -> any SourceParser {
            var parser = plan.makeParser()
            parser.expect(expectation)
            return parser
        }
    }

    /// Bytes that the parser is given at a time. A body of at most so many is kept whole.
    static let pieceBytes = AccumulatorLimits.chunkBytes
    /// Bytes that the parser is given at a time of a body that is known to be longer: what stays near the processor.
    private static let shortPieceBytes = 64 << 10
    /// Output of one step of decompression, in bytes.
    private static let stepBytes = 64 << 10
    /// The largest window of a zstd body, as a power of two: what HTTP allows (RFC 9659), 8 MiB.
    private static let maxWindowLog = Int32(Limits.maxZstdWindowLog)

    private var parser: any SourceParser
    private var buckets: RequestBuckets
    private let decompressor: (any Decompressor)?
    /// The most bytes, as they come and after decompression.
    private let limit: Int
    /// What the parser isn't done with.
    private var waiting: [UInt8] = []
    /// How much must wait before the parser is asked again, at least, and now.
    private let leastEnough: Int
    private var enough: Int
    /// What follows the body's own bytes.
    private var end: [UInt8] = []
    private var arrivedBytes = 0
    private var byteCount = 0

    /// - Parameters:
    ///   - declaredBytes: how long the body says that it is; 0 where it doesn't.
    ///   - limit: the most bytes, as they come and after decompression.
    init(
        _ plan: Plan, into buckets: RequestBuckets, compression: Compression?, declaredBytes: Int = 0, limit: Int
    ) throws(Problem) {
        parser = plan.makeParser()
        self.buckets = buckets
        self.limit = limit
        leastEnough = compression == nil && declaredBytes > Self.pieceBytes ? Self.shortPieceBytes : Self.pieceBytes
        enough = leastEnough
        if let envelope = plan.envelope {
            waiting = envelope.start
            end = envelope.end
            byteCount = waiting.count
        }
        do throws(DecompressionError) {
            decompressor = try compression?.makeDecompressor(maxWindowLog: Self.maxWindowLog)
        } catch {
            throw .badEncoding(error)
        }
    }

    /// What it holds in memory, about, in bytes.
    var heldBytes: Int { waiting.count + buckets.estimatedBytes }

    /// Takes the next bytes of the body.
    mutating func add(_ bytes: ByteBufferView) throws(Problem) {
        arrivedBytes += bytes.count
        guard arrivedBytes <= limit else { throw .bodyTooLarge(limitBytes: limit) }
        guard let decompressor else {
            waiting.append(contentsOf: bytes)
            byteCount += bytes.count
            return parseIfEnough()
        }
        var rest = Array(bytes)[...]
        while true {
            let step: (consumed: Int, produced: Int)
            do throws(DecompressionError) {
                step = try decompressor.decompress(rest, into: &waiting, limit: Self.stepBytes)
            } catch {
                throw error.code == .tooLarge ? .bodyTooLarge(limitBytes: limit) : .badEncoding(error)
            }
            rest = rest.dropFirst(step.consumed)
            byteCount += step.produced
            guard byteCount <= limit else { throw .bodyTooLarge(limitBytes: limit) }
            parseIfEnough()
            if rest.isEmpty, step.produced == 0 { return }
            // Neither bytes nor output: the rest can't be read, which the end of the body shows.
            if step.consumed == 0, step.produced == 0 { return }
        }
    }

    /// The body is complete.
    mutating func finish() throws(Problem) -> Outcome {
        if let decompressor, !decompressor.isAtEnd {
            throw .badEncoding(DecompressionError(.truncated, "ends in the middle"))
        }
        waiting += end
        byteCount += end.count
        let whole = byteCount == waiting.count && byteCount <= Self.pieceBytes ? waiting : nil
        parse(endOfInput: true)
        return Outcome(buckets: buckets, whole: whole, byteCount: byteCount)
    }

    /// Reads a body again that was kept.
    static func read(_ body: [UInt8], _ plan: Plan, into buckets: RequestBuckets) -> RequestBuckets {
        var (parser, buckets) = (plan.makeParser(), buckets)
        _ = unsafe parser.consume(body.span.bytes, endOfInput: true, into: &buckets)
        buckets.settle(by: parser)
        return buckets
    }

    private mutating func parseIfEnough() {
        if waiting.count >= enough { parse(endOfInput: false) }
    }

    private mutating func parse(endOfInput: Bool) {
        // Taken out while they are read, since parser and buckets change meanwhile.
        var bytes: [UInt8] = []
        swap(&bytes, &waiting)
        let consumed = unsafe parser.consume(bytes.span.bytes, endOfInput: endOfInput, into: &buckets)
        buckets.settle(by: parser)
        bytes.removeFirst(consumed)
        waiting = bytes
        // A long record is looked at again only once there is twice as much of it.
        enough = max(leastEnough, 2 * waiting.count)
    }
}
