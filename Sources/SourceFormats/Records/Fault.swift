internal import UsageModel

/// What is wrong with a record, in a form that fits in registers: it becomes a ``Rejection`` with its words only once.
struct Fault: Error {
    enum Kind: UInt8 {
        case unexpectedEnd
        case expectedName
        case expectedColon
        case expectedCommaOrEnd
        case expectedValue
        case controlCharacter
        case badEscape
        case badNumber
        case trailingBytes
        /// Too much of a long record is read.
        case keptTooLong
        case arrayCut
        case badQuoting
        case headerLost
        case notAnObject
        case tooDeep
        case duplicate
        /// `source` is the number of the object's node.
        case duplicateObject
        case unknown
        case missing
        case wantedText
        case wantedCount
        case wantedObject
        case wantedTime
        case negative
        case fractional
        case tooLarge
        case tooLargeSum
        case noRequests
        case cachedAboveInput
        case reasoningAboveOutput
        case totalDiffers
        case sourcesDiffer
        case nameEmpty
        case nameTooLong
        case nameInvalidUTF8
        case nameForbidden
        case nameReserved
        case otherValue
        case badTime
        case timeSkipped
        case otherProvider
        case columnCount
        case badProtobuf
        case sampled
        case badTemporality
        case totalFell
        case totalUnknown
        case totalUnremembered
    }

    var kind: Kind
    /// The source that the fault is about, or -1.
    var source: Int16
    /// A byte offset in the record, or -1; for ``Kind/unknown`` the start of the field's name.
    var at: Int32
    /// The length of an unknown field's name, or a limit, or a number of columns.
    var extent: Int32

    init(_ kind: Kind, source: Int = -1, at: Int = -1, extent: Int = 0) {
        self.kind = kind
        self.source = Int16(truncatingIfNeeded: source)
        self.at = Int32(truncatingIfNeeded: at)
        self.extent = Int32(truncatingIfNeeded: extent)
    }
}

extension Fault.Kind {
    var reason: RejectionReason {
        switch self {
        case .unexpectedEnd, .expectedName, .expectedColon, .expectedCommaOrEnd, .expectedValue, .controlCharacter,
            .badEscape, .badNumber, .trailingBytes, .arrayCut, .badQuoting, .headerLost, .badProtobuf:
            .syntax
        case .notAnObject: .notAnObject
        case .keptTooLong: .recordTooLong
        case .tooDeep: .nestingTooDeep
        case .duplicate, .duplicateObject: .duplicateField
        case .unknown: .unknownField
        case .missing: .missingField
        case .wantedText, .wantedCount, .wantedObject, .wantedTime: .wrongType
        case .negative: .negativeCount
        case .fractional: .fractionalCount
        case .tooLarge, .tooLargeSum: .countTooLarge
        case .noRequests, .cachedAboveInput, .reasoningAboveOutput, .totalDiffers, .sourcesDiffer: .inconsistentCounts
        case .nameEmpty, .nameForbidden, .nameReserved: .badName
        case .nameTooLong: .nameTooLong
        case .nameInvalidUTF8: .invalidUTF8
        case .otherValue: .unknownValue
        case .badTime, .timeSkipped: .badTime
        case .otherProvider: .wrongProvider
        case .columnCount: .wrongColumnCount
        case .sampled: .sampled
        case .badTemporality: .wrongType
        case .totalFell: .inconsistentCounts
        case .totalUnknown, .totalUnremembered: .unknownTotal
        }
    }
}

// MARK: In words

extension Fault {
    /// How many bytes of an unknown field's name are shown.
    static let shownNameBytes = 40

    /// The fault with its words.
    func rejection(_ record: RawSpan, _ plan: FieldPlan) -> Rejection {
        Rejection(kind.reason, field: field(record, plan), detail: detail(plan))
    }

    private func field(_ record: RawSpan, _ plan: FieldPlan) -> String {
        switch kind {
        case .unknown: return shownName(record)
        case .duplicateObject: return plan.nodes[Int(source)].name
        case .missing where source < 0:
            guard let field = EventField(rawValue: UInt8(truncatingIfNeeded: extent)) else { return "" }
            return field.name
        default:
            return source >= 0 && Int(source) < plan.sources.count ? plan.sources[Int(source)].name : ""
        }
    }

    /// An unknown field's name, made safe to show: cut, and with `?` for what isn't plain ASCII.
    private func shownName(_ record: RawSpan) -> String {
        let start = Int(at)
        let end = min(start + min(Int(extent), Fault.shownNameBytes), record.byteCount)
        var name = ""
        for index in start..<max(start, end) {
            let byte = record.peek(index)
            name.unicodeScalars.append(byte >= 0x20 && byte < 0x7F ? Unicode.Scalar(byte) : "?")
        }
        return Int(extent) > Fault.shownNameBytes ? name + "…" : name
    }

    private func detail(_ plan: FieldPlan) -> String {
        switch kind {
        case .nameTooLong: return "the name is longer than \(extent) bytes"
        case .columnCount: return "the record has \(at) columns instead of \(extent)"
        case .negative, .fractional, .tooLarge, .wantedCount:
            let field = source >= 0 ? plan.sources[Int(source)].field : .input
            let limit = field == .total ? 2 * Limits.maxTokensPerField : Limits.maxTokensPerField
            return kind.words + " from \(field == .requests ? 1 : 0) to \(limit)"
        default:
            return at >= 0 && kind != .unknown ? "\(kind.words) (at byte \(at))" : kind.words
        }
    }
}

extension Fault.Kind {
    /// What was wrong and what would be right.
    fileprivate var words: String {
        switch self {
        case .unexpectedEnd: "the record ends in the middle of its JSON"
        case .expectedName: "a field name in quotes should stand here"
        case .expectedColon: "a colon should follow the field name"
        case .expectedCommaOrEnd: "a comma or a closing bracket should stand here"
        case .expectedValue: "a JSON value should stand here"
        case .controlCharacter: "a string may not hold a control character unescaped"
        case .badEscape: "this is no JSON escape"
        case .badNumber: "this is no JSON number"
        case .trailingBytes: "something follows the end of the JSON value"
        case .keptTooLong: "more than \(SourceLimits.maxKeptBytes) bytes of it would have to be kept"
        case .arrayCut: "the array is not closed; what was whole in it has been read"
        case .badQuoting: "the CSV quoting is broken: quotes stand around a whole field and are doubled inside it"
        case .headerLost: "the header row could not be read, so that the columns are not known"
        case .notAnObject: "a record is a JSON object"
        case .tooDeep: "arrays and objects may be nested \(Limits.maxJSONDepth) deep"
        case .duplicate, .duplicateObject: "the field is there twice; which one counts can't be known"
        case .unknown: "the native event has no such field; put what should be ignored under attributes"
        case .missing: "the field is missing, and no default is configured for it"
        case .wantedText: "the value should be a string"
        case .wantedObject: "the value should be an object"
        case .wantedTime: "the value is of a kind that holds no time in this source's time format"
        case .wantedCount, .negative, .fractional, .tooLarge: "a count is a whole number"
        case .tooLargeSum: "with its cache counts the input is above \(Limits.maxTokensPerField)"
        case .noRequests: "an event stands for at least one request"
        case .cachedAboveInput: "the cached input is more than the input"
        case .reasoningAboveOutput: "the reasoning output is more than the output"
        case .totalDiffers: "the total is not input plus output"
        case .sourcesDiffer: "two fields that say the same thing differ"
        case .nameEmpty: "the name is empty"
        case .nameTooLong: "the name is too long"
        case .nameInvalidUTF8: "the name is not valid UTF-8"
        case .nameForbidden: "the name holds a character that names may not hold there"
        case .nameReserved: "the name stands in parentheses, which only Steelyard's own names do"
        case .otherValue: "the value is none of those that this field can have"
        case .badTime: "the time is not written in this source's time format, or outside the years 0001 to 9999"
        case .timeSkipped: "the zone's clock skipped this time"
        case .otherProvider: "the event is of another provider than the collector"
        case .columnCount: "the record has another number of columns"
        case .badProtobuf: "the bytes break protobuf's format: a field is cut or of an unknown kind"
        case .sampled:
            "tracestate has a sampling threshold (ot=th:), so that spans were left out; send all of them, or count a metric"
        case .badTemporality: "only sums that grow are counted, with a temporality of delta or cumulative"
        case .totalFell: "the total is less than it was and didn't begin anew"
        case .totalUnknown:
            "the total began before deduplication.horizon, or doesn't say when; it is counted from here on"
        case .totalUnremembered:
            "a cumulative total needs a pushed source and deduplication.horizon above 0; or export delta temporality"
        }
    }
}
