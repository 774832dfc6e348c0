internal import UsageModel

/// The value of an attribute, where it stands.
enum OTLPValue {
    case text(Range<Int>, isEscaped: Bool)
    case integer(Int64)
    case double(Double)
    case boolean(Bool)
    /// An array, a map or bytes.
    case other(Range<Int>)
}

/// What one record of telemetry says, be it a span, a log record or a point of a metric, whichever way it was written.
struct OTLPRecord: Sendable {
    /// What a record is about, as far as it says.
    enum Call: Sendable {
        case unsaid
        /// A call of a model.
        case inference
        /// Something around calls, or none.
        case other
    }

    private(set) var values = RecordValues()
    private(set) var call = Call.unsaid
    /// What kind of tokens a point counts; `nil` for none that is known.
    private(set) var tokenType: OTLPPlan.TokenType?
    /// Of all attributes, and of those that don't tell the points of one call apart.
    private(set) var seriesHash = SeriesHash()
    private(set) var groupHash = SeriesHash()
    /// When it ended, in nanoseconds since 1970; 0 where it doesn't say.
    var time: UInt64 = 0
    /// Since when a point counts, in nanoseconds since 1970; 0 where it doesn't say.
    var start: UInt64 = 0
    var isSampled = false
    var traceID: OTLPIdentifier?
    var spanID: OTLPIdentifier?
    /// A point's value: the sum of a histogram or the value of a counter.
    var total: OTLPValue?
    /// How many values a histogram's sum is of.
    var observations: UInt64?
    var hasNoValue = false

    /// What the record's resource says of the fields of events.
    private var resource: [(source: Int, slot: RecordValues.Slot)] = []
    private(set) var resourceHash = SeriesHash()
    var scopeHash = SeriesHash()

    mutating func beginResource() {
        resource.removeAll(keepingCapacity: true)
        resourceHash = SeriesHash()
        scopeHash = SeriesHash()
        values.clear()
    }

    /// Keeps what was noted since ``beginResource()`` for all records to come.
    mutating func endResource(_ plan: borrowing OTLPPlan) {
        var left = values.present
        while left != 0 {
            let source = left.trailingZeroBitCount
            left &= left &- 1
            resource.append((source, values.slots[source]))
        }
    }

    mutating func begin() {
        values.clear()
        for (source, slot) in resource {
            values.set(source, slot.kind, start: Int(slot.start), end: Int(slot.start + slot.count))
        }
        call = .unsaid
        tokenType = nil
        seriesHash = SeriesHash()
        groupHash = SeriesHash()
        time = 0
        start = 0
        isSampled = false
        traceID = nil
        spanID = nil
        total = nil
        observations = nil
        hasNoValue = false
    }

    mutating func note(
        resourceAttribute key: Range<Int>, _ value: OTLPValue?, _ bytes: RawSpan, _ plan: borrowing OTLPPlan
    ) throws(Fault) {
        if plan.signal == .metrics { resourceHash.add(Self.hash(key, value, bytes)) }
        guard let value else { return }
        let source = plan.resourceAttributes.find(bytes, key)
        if source >= 0 { try set(Int(source), value, plan) }
    }

    @inline(__always)
    mutating func note(
        _ key: Range<Int>, _ value: OTLPValue?, _ bytes: RawSpan, _ plan: borrowing OTLPPlan
    ) throws(Fault) {
        let source = plan.attributes.find(bytes, key)
        if plan.signal == .metrics {
            let hash = Self.hash(key, value, bytes)
            seriesHash.add(hash)
            if source != OTLPNames.Role.tokenType.rawValue, source != OTLPNames.Role.tokenModality.rawValue {
                groupHash.add(hash)
            }
        }
        guard source != NameTable.unknown, let value else { return }
        if source >= 0 { return try set(Int(source), value, plan) }
        noteRole(source, value, bytes, plan)
    }

    private mutating func noteRole(
        _ source: Int16, _ value: OTLPValue, _ bytes: RawSpan, _ plan: borrowing OTLPPlan
    ) {
        guard let role = OTLPNames.Role(rawValue: source), case .text(let text, _) = value, !text.isEmpty else {
            return
        }
        switch role {
        case .operation: note(plan.operations.find(bytes, text))
        case .spanKind: note(plan.spanKinds.find(bytes, text))
        case .requestType: note(plan.requestTypes.find(bytes, text))
        case .tokenType: tokenType = OTLPPlan.TokenType(rawValue: plan.tokenTypes.find(bytes, text))
        case .tokenModality: break
        }
    }

    /// One word for something else is enough: what says both is around calls.
    private mutating func note(_ found: Int16) {
        call = found == NameTable.unknown || call == .other ? .other : .inference
    }

    /// Notes the value of a source.
    private mutating func set(_ source: Int, _ value: OTLPValue, _ plan: borrowing OTLPPlan) throws(Fault) {
        let bit: UInt64 = 1 << UInt64(source)
        if values.named & bit != 0 { throw Fault(.duplicate, source: source) }
        values.named |= bit
        let isName = plan.nameMask & bit != 0
        switch value {
        case .text(let range, let isEscaped):
            values.set(source, isEscaped ? .escapedText : .text, start: range.lowerBound, end: range.upperBound)
        case .integer(let number) where !isName:
            values.set(
                source, number < 0 ? .negativeInteger : .integer, start: 0, end: 1, number: number.magnitude)
        case .double(let number) where !isName:
            let whole = OTLPRecord.whole(number)
            values.set(source, whole == nil ? .fraction : .integer, start: 0, end: 1, number: whole ?? 0)
        default: values.set(source, .boolean, start: 0, end: 0)
        }
    }

    mutating func setTime(_ plan: borrowing OTLPPlan) {
        guard time > 0 else { return }
        values.set(plan.timeSource, .nanoseconds, start: 0, end: 1, number: time)
    }

    /// A number as a count, where it is one that 53 bits hold exactly.
    static func whole(_ number: Double) -> UInt64? {
        guard number >= 0, number <= 0x1p53, number.rounded(.towardZero) == number else { return nil }
        return UInt64(number)
    }

    private static func hash(_ key: Range<Int>, _ value: OTLPValue?, _ bytes: RawSpan) -> UInt128 {
        var hash = SeriesHash()
        hash.mix(SeriesHash.of(bytes, key))
        switch value {
        case nil: hash.mix(UInt64(0))
        case .text(let range, _):
            hash.mix(UInt64(1))
            hash.mix(SeriesHash.of(bytes, range))
        case .integer(let number):
            hash.mix(UInt64(2))
            hash.mix(UInt64(bitPattern: number))
        case .double(let number):
            hash.mix(UInt64(3))
            hash.mix(number.bitPattern)
        case .boolean(let isTrue): hash.mix(UInt64(isTrue ? 5 : 4))
        case .other(let range):
            hash.mix(UInt64(6))
            hash.mix(SeriesHash.of(bytes, range))
        }
        return hash.value
    }
}

/// The id of a trace or span where it stands: raw bytes, or in JSON hexadecimal digits.
struct OTLPIdentifier: Sendable {
    var range: Range<Int>
    var isHexadecimal: Bool

    /// Spells it in hexadecimal digits behind what is there.
    ///
    /// - Returns: `false`, with nothing spelt, where it isn't `byteCount` bytes long or all of them are zero, which
    ///   stands for no id.
    func spell(_ bytes: RawSpan, byteCount: Int, into text: inout [UInt8]) -> Bool {
        guard range.count == (isHexadecimal ? byteCount * 2 : byteCount) else { return false }
        let before = text.count
        var isZero = true
        for index in range {
            let byte = bytes.peek(index)
            if isHexadecimal {
                guard let digit = JSONText.hexValue(byte) else {
                    text.removeLast(text.count - before)
                    return false
                }
                text.append(Self.digit(UInt8(truncatingIfNeeded: digit)))
                if digit != 0 { isZero = false }
            } else {
                text.append(Self.digit(byte >> 4))
                text.append(Self.digit(byte & 15))
                if byte != 0 { isZero = false }
            }
        }
        if isZero { text.removeLast(text.count - before) }
        return !isZero
    }

    static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
    }
}

/// What `tracestate` says about sampling.
enum TraceState {
    /// Whether only a part of the spans like this one was kept: its `ot` member has a threshold `th` above zero.
    static func isSampled(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
        var member = range.lowerBound
        while member < range.upperBound {
            while member < range.upperBound, bytes.peek(member) == 0x20 || bytes.peek(member) == 0x09 { member += 1 }
            let end = Swift.min(bytes.firstIndex(of: UInt8(ascii: ","), from: member), range.upperBound)
            if end - member > 3, bytes.peek(member) == UInt8(ascii: "o"), bytes.peek(member + 1) == UInt8(ascii: "t"),
                bytes.peek(member + 2) == UInt8(ascii: "=")
            {
                return hasThreshold(bytes, member + 3..<end)
            }
            member = end + 1
        }
        return false
    }

    private static func hasThreshold(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
        var part = range.lowerBound
        while part < range.upperBound {
            let end = Swift.min(bytes.firstIndex(of: UInt8(ascii: ";"), from: part), range.upperBound)
            if end - part > 3, bytes.peek(part) == UInt8(ascii: "t"), bytes.peek(part + 1) == UInt8(ascii: "h"),
                bytes.peek(part + 2) == UInt8(ascii: ":")
            {
                return (part + 3..<end).contains { bytes.peek($0) != UInt8(ascii: "0") && bytes.peek($0) != 0x20 }
            }
            part = end + 1
        }
        return false
    }
}
