internal import UsageModel

/// One body of OTLP, in either encoding: read when it is whole, in place.
struct OTLPParser: SourceParser {
    enum Encoding: Sendable {
        /// As the body begins.
        case told
        case protobuf
        case json
    }

    private var reader: OTLPReader
    private var encoding = Encoding.told
    private var signal: OTLPSignal?
    private var state = ParserCheckpoint.start

    init(_ reader: OTLPReader) {
        self.reader = reader
    }

    var checkpoint: ParserCheckpoint { state }

    /// None: a record's fields stand in what is around it too.
    func mappedFields(of record: RawSpan) -> [UInt8] { [] }

    mutating func resume(from checkpoint: ParserCheckpoint) { state = checkpoint }

    mutating func expect(_ expectation: SourceExpectation) {
        if let type = expectation.mediaType {
            encoding = OTLPFormat.protobufTypes.contains(type) ? .protobuf : .json
        }
        signal = expectation.signal
    }

    mutating func consume(
        _ bytes: RawSpan, endOfInput: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) -> Int {
        guard endOfInput else { return 0 }
        reader.begin(at: state.position, as: signal)
        let isJSON =
            switch encoding {
            case .json: true
            case .protobuf: false
            case .told: bytes.peek(JSONText.skipSpace(bytes, 0)) == UInt8(ascii: "{")
            }
        if isJSON {
            reader.readJSON(bytes, into: &sink)
        } else {
            reader.readProtobuf(bytes, into: &sink)
        }
        return state.advance(to: bytes.byteCount, from: 0)
    }
}
