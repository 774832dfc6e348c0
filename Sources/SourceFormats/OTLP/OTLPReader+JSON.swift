internal import UsageModel

/// Reading `Export…ServiceRequest` as JSON: what stands as protobuf, with names in place of numbers, integers as text or
/// numbers, ids as hexadecimal digits, and unknown members passed over.
///
/// A record is found by its brackets and then read, so that what is wrong in it costs that record alone. What breaks
/// around records costs what follows.
extension OTLPReader {
    /// How many levels are around what isn't read, at least.
    private static let depth = 8

    mutating func readJSON(_ bytes: RawSpan, into sink: inout some UsageEventSink & ~Copyable) {
        do throws(Fault) {
            var members = JSONMembers(JSONText.skipSpace(bytes, 0))
            while let name = try members.next(bytes) {
                // A body of another signal than its path says is told by its own names.
                if let found = OTLPSignal.allCases.first(where: { bytes.holds($0.jsonNames.resources, name) }) {
                    signal = found
                    var resources = JSONElements(members.index)
                    while try resources.next(bytes) {
                        resources.index = try readResource(bytes, resources.index, into: &sink)
                    }
                    members.index = resources.index
                } else {
                    members.index = try Self.skip(bytes, members.index)
                }
            }
            let end = JSONText.skipSpace(bytes, members.index)
            if end < bytes.byteCount { throw Fault(.trailingBytes, at: end) }
        } catch {
            let start = min(max(0, Int(error.at)), bytes.byteCount)
            reject(error, bytes, start..<bytes.byteCount, into: &sink)
        }
        finishPoints(bytes, into: &sink)
    }

    private static func skip(_ bytes: RawSpan, _ start: Int) throws(Fault) -> Int {
        try JSONText.skipValue(bytes, start, depth: depth)
    }

    /// Returns the index behind it.
    private mutating func readResource(
        _ bytes: RawSpan, _ start: Int, into sink: inout some UsageEventSink & ~Copyable
    ) throws(Fault) -> Int {
        record.beginResource()
        var isKnown = false
        var members = JSONMembers(start)
        while let name = try members.next(bytes) {
            if bytes.holds("resource", name) {
                guard !isKnown else {
                    members.index = try Self.skip(bytes, members.index)
                    continue
                }
                members.index = try readResourceAttributes(bytes, members.index)
                isKnown = true
            } else if bytes.holds(signal.jsonNames.scopes, name) {
                // Every record needs to know its resource, which may stand behind them.
                if !isKnown { try findResource(bytes, behind: members) }
                isKnown = true
                var scopes = JSONElements(members.index)
                while try scopes.next(bytes) { scopes.index = try readScope(bytes, scopes.index, into: &sink) }
                members.index = scopes.index
            } else {
                members.index = try Self.skip(bytes, members.index)
            }
        }
        return members.index
    }

    private mutating func findResource(_ bytes: RawSpan, behind members: JSONMembers) throws(Fault) {
        var ahead = members
        ahead.index = try Self.skip(bytes, ahead.index)
        while let name = try ahead.next(bytes) {
            if bytes.holds("resource", name) {
                ahead.index = try readResourceAttributes(bytes, ahead.index)
            } else {
                ahead.index = try Self.skip(bytes, ahead.index)
            }
        }
    }

    private mutating func readResourceAttributes(_ bytes: RawSpan, _ start: Int) throws(Fault) -> Int {
        var members = JSONMembers(start)
        while let name = try members.next(bytes) {
            if bytes.holds("attributes", name) {
                members.index = try readAttributes(bytes, members.index, ofResource: true)
            } else {
                members.index = try Self.skip(bytes, members.index)
            }
        }
        record.endResource(plan)
        return members.index
    }

    /// Returns the index behind it.
    private mutating func readScope(
        _ bytes: RawSpan, _ start: Int, into sink: inout some UsageEventSink & ~Copyable
    ) throws(Fault) -> Int {
        record.scopeHash = SeriesHash()
        var members = JSONMembers(start)
        while let name = try members.next(bytes) {
            if bytes.holds("scope", name) {
                members.index = try readScopeName(bytes, members.index)
            } else if bytes.holds(signal.jsonNames.records, name) {
                var records = JSONElements(members.index)
                while try records.next(bytes) {
                    records.index = try readElement(bytes, records.index, into: &sink) { reader, bytes, range, sink in
                        reader.readRecord(bytes, range, into: &sink)
                    }
                }
                members.index = records.index
            } else {
                members.index = try Self.skip(bytes, members.index)
            }
        }
        return members.index
    }

    /// Reads one record as it stands between its brackets.
    ///
    /// - Throws: where its end isn't there: at its start, since nothing of it is read.
    private mutating func readElement<Sink: UsageEventSink & ~Copyable>(
        _ bytes: RawSpan, _ start: Int, into sink: inout Sink,
        _ read: (inout OTLPReader, RawSpan, Range<Int>, inout Sink) -> Void
    ) throws(Fault) -> Int {
        var scan = ElementScan()
        guard let end = scan.end(bytes, from: start) else { throw Fault(.unexpectedEnd, at: start) }
        read(&self, bytes.extracting(0..<end), start..<end, &sink)
        return end
    }

    private mutating func readScopeName(_ bytes: RawSpan, _ start: Int) throws(Fault) -> Int {
        var members = JSONMembers(start)
        while let name = try members.next(bytes) {
            let value = members.index
            members.index = try Self.skip(bytes, value)
            let field: UInt64 = bytes.holds("name", name) ? 1 : bytes.holds("version", name) ? 2 : 0
            guard field > 0, bytes.peek(value) == UInt8(ascii: "\"") else { continue }
            record.scopeHash.mix(field)
            record.scopeHash.mix(SeriesHash.of(bytes, value + 1..<members.index - 1))
        }
        return members.index
    }

    private mutating func readRecord(
        _ bytes: RawSpan, _ range: Range<Int>, into sink: inout some UsageEventSink & ~Copyable
    ) {
        guard signal == plan.signal else { return ignore(.otherSignal, bytes, range, into: &sink) }
        guard signal != .metrics else { return readMetric(bytes, range, into: &sink) }
        record.begin()
        do throws(Fault) {
            try checkEnd(bytes, try readCall(bytes, range, isSpan: signal == .traces))
        } catch {
            return reject(error, bytes, range, into: &sink)
        }
        take(bytes, range, into: &sink)
    }

    private func checkEnd(_ bytes: RawSpan, _ index: Int) throws(Fault) {
        let end = JSONText.skipSpace(bytes, index)
        if end < bytes.byteCount { throw Fault(.trailingBytes, at: end) }
    }

    /// Reads a span, or with its own names of times a log record.
    private mutating func readCall(_ bytes: RawSpan, _ range: Range<Int>, isSpan: Bool) throws(Fault) -> Int {
        let time: StaticString = isSpan ? "endTimeUnixNano" : "timeUnixNano"
        let otherTime: StaticString = isSpan ? "startTimeUnixNano" : "observedTimeUnixNano"
        var members = JSONMembers(range.lowerBound)
        while let name = try members.next(bytes) {
            let value = members.index
            if bytes.holds("attributes", name) {
                members.index = try readAttributes(bytes, value, ofResource: false)
                continue
            }
            members.index = try Self.skip(bytes, value)
            if bytes.holds("traceId", name) {
                record.traceID = Self.identifier(bytes, value..<members.index)
            } else if bytes.holds("spanId", name) {
                record.spanID = Self.identifier(bytes, value..<members.index)
            } else if isSpan, bytes.holds("traceState", name) {
                record.isSampled = TraceState.isSampled(bytes, value + 1..<max(value + 1, members.index - 1))
            } else if bytes.holds(time, name) {
                let time = try Self.unsigned(bytes, value..<members.index)
                if time > 0 { record.time = time }
            } else if bytes.holds(otherTime, name), record.time == 0 {
                record.time = try Self.unsigned(bytes, value..<members.index)
            }
        }
        return members.index
    }

    // MARK: Metrics

    private mutating func readMetric(
        _ bytes: RawSpan, _ range: Range<Int>, into sink: inout some UsageEventSink & ~Copyable
    ) {
        do throws(Fault) {
            var name = 0..<0
            var data: (start: Int, isSum: Bool)?
            var members = JSONMembers(range.lowerBound)
            while let member = try members.next(bytes) {
                let value = members.index
                members.index = try Self.skip(bytes, value)
                if bytes.holds("name", member), bytes.peek(value) == UInt8(ascii: "\"") {
                    name = value + 1..<members.index - 1
                } else if bytes.holds("sum", member) {
                    data = (value, true)
                } else if bytes.holds("histogram", member) || bytes.holds("exponentialHistogram", member) {
                    data = (value, false)
                }
            }
            try checkEnd(bytes, members.index)
            let number = name.isEmpty ? -1 : Int(plan.metrics.find(bytes, name))
            guard number >= 0, let data else { return ignore(.filtered, bytes, range, into: &sink) }
            var metric = OTLPMetric(metric: OTLPNames.Metric.allCases[number], hash: SeriesHash.of(bytes, name))
            guard let start = try readKind(bytes, data.start, isSum: data.isSum, &metric) else { return }
            var points = JSONElements(start)
            while try points.next(bytes) {
                points.index = try readElement(bytes, points.index, into: &sink) {
                    [metric] reader, bytes, range, sink in
                    reader.readPoint(bytes, range, of: metric, into: &sink)
                }
            }
        } catch {
            reject(error, bytes, range, into: &sink)
        }
    }

    /// Reads how the values are to be understood; returns where the points begin.
    private func readKind(
        _ bytes: RawSpan, _ start: Int, isSum: Bool, _ metric: inout OTLPMetric
    ) throws(Fault) -> Int? {
        metric.isMonotonic = !isSum
        var points: Int?
        var members = JSONMembers(start)
        while let name = try members.next(bytes) {
            let value = members.index
            members.index = try Self.skip(bytes, value)
            if bytes.holds("dataPoints", name) {
                points = value
            } else if bytes.holds("aggregationTemporality", name) {
                // Numbers are what the protocol asks for; names are what some write.
                let text = value..<members.index
                if bytes.holds("1", text) || bytes.holds("\"AGGREGATION_TEMPORALITY_DELTA\"", text) {
                    metric.temporality = .delta
                } else if bytes.holds("2", text) || bytes.holds("\"AGGREGATION_TEMPORALITY_CUMULATIVE\"", text) {
                    metric.temporality = .cumulative
                }
            } else if isSum, bytes.holds("isMonotonic", name) {
                metric.isMonotonic = bytes.peek(value) == UInt8(ascii: "t")
            }
        }
        return points
    }

    private mutating func readPoint(
        _ bytes: RawSpan, _ range: Range<Int>, of metric: OTLPMetric,
        into sink: inout some UsageEventSink & ~Copyable
    ) {
        record.begin()
        do throws(Fault) {
            var members = JSONMembers(range.lowerBound)
            while let name = try members.next(bytes) {
                let value = members.index
                if bytes.holds("attributes", name) {
                    members.index = try readAttributes(bytes, value, ofResource: false)
                } else {
                    members.index = try Self.skip(bytes, value)
                    try notePoint(bytes, name, value..<members.index)
                }
            }
            try checkEnd(bytes, members.index)
        } catch {
            return reject(error, bytes, range, into: &sink)
        }
        takePoint(of: metric, bytes, range, into: &sink)
    }

    private mutating func notePoint(_ bytes: RawSpan, _ name: Range<Int>, _ value: Range<Int>) throws(Fault) {
        if bytes.holds("startTimeUnixNano", name) {
            record.start = try Self.unsigned(bytes, value)
        } else if bytes.holds("timeUnixNano", name) {
            record.time = try Self.unsigned(bytes, value)
        } else if bytes.holds("count", name) {
            record.observations = try Self.unsigned(bytes, value)
        } else if bytes.holds("sum", name) || bytes.holds("asDouble", name) {
            record.total = Self.double(bytes, value).map { .double($0) }
        } else if bytes.holds("asInt", name) {
            record.total = Self.integer(bytes, value).map { .integer($0) }
        } else if bytes.holds("flags", name) {
            record.hasNoValue = try Self.unsigned(bytes, value) & 1 != 0
        }
    }

    // MARK: Attributes

    /// Returns the index behind the array.
    private mutating func readAttributes(
        _ bytes: RawSpan, _ start: Int, ofResource: Bool
    ) throws(Fault) -> Int {
        if bytes.peek(start) == UInt8(ascii: "n") { return try Self.skip(bytes, start) }
        var elements = JSONElements(start)
        while try elements.next(bytes) {
            var key: Range<Int>?
            var found: OTLPValue?
            var members = JSONMembers(elements.index)
            while let name = try members.next(bytes) {
                let value = members.index
                if bytes.holds("value", name), bytes.peek(value) == UInt8(ascii: "{") {
                    members.index = try readValue(bytes, value, &found)
                } else {
                    members.index = try Self.skip(bytes, value)
                    if bytes.holds("key", name), bytes.peek(value) == UInt8(ascii: "\"") {
                        key = value + 1..<members.index - 1
                    }
                }
            }
            elements.index = members.index
            guard let key, !key.isEmpty else { continue }
            if ofResource {
                try record.note(resourceAttribute: key, found, bytes, plan)
            } else {
                try record.note(key, found, bytes, plan)
            }
        }
        return elements.index
    }

    /// Returns the index behind the object.
    private func readValue(_ bytes: RawSpan, _ start: Int, _ found: inout OTLPValue?) throws(Fault) -> Int {
        var members = JSONMembers(start)
        while let name = try members.next(bytes) {
            let value = members.index
            if bytes.holds("stringValue", name), bytes.peek(value) == UInt8(ascii: "\"") {
                let end = try JSONText.stringEnd(bytes, value + 1)
                found = .text(value + 1..<end.quote, isEscaped: end.isEscaped)
                members.index = end.quote + 1
                continue
            }
            members.index = try Self.skip(bytes, value)
            let text = value..<members.index
            if bytes.holds("intValue", name) {
                found = Self.integer(bytes, text).map { .integer($0) } ?? .other(text)
            } else if bytes.holds("doubleValue", name) {
                found = Self.double(bytes, text).map { .double($0) } ?? .other(text)
            } else if bytes.holds("boolValue", name) {
                found = .boolean(bytes.peek(value) == UInt8(ascii: "t"))
            } else if bytes.peek(value) != UInt8(ascii: "n") {
                found = .other(text)
            }
        }
        return members.index
    }

    // MARK: Numbers

    private static func identifier(_ bytes: RawSpan, _ value: Range<Int>) -> OTLPIdentifier? {
        guard value.count >= 2, bytes.peek(value.lowerBound) == UInt8(ascii: "\"") else { return nil }
        return OTLPIdentifier(range: value.lowerBound + 1..<value.upperBound - 1, isHexadecimal: true)
    }

    /// The inside of a value that may stand in quotes.
    private static func inside(_ bytes: RawSpan, _ value: Range<Int>) -> Range<Int> {
        guard value.count >= 2, bytes.peek(value.lowerBound) == UInt8(ascii: "\"") else { return value }
        return value.lowerBound + 1..<value.upperBound - 1
    }

    /// A whole number in quotes or without.
    private static func integer(_ bytes: RawSpan, _ value: Range<Int>) -> Int64? {
        let digits = inside(bytes, value)
        let isNegative = bytes.peek(digits.lowerBound) == UInt8(ascii: "-")
        let first = digits.lowerBound + (isNegative ? 1 : 0)
        guard first < digits.upperBound, digits.upperBound - first <= 20 else { return nil }
        var number: UInt64 = 0
        for index in first..<digits.upperBound {
            guard JSONText.isDigit(bytes.peek(index)) else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(bytes.peek(index) - 0x30))
            if overflow || carry { return nil }
            number = sum
        }
        if isNegative { return number <= UInt64(Int64.max) ? -Int64(number) : nil }
        return Int64(exactly: number)
    }

    /// A whole number from 0, or null, which is 0.
    private static func unsigned(_ bytes: RawSpan, _ value: Range<Int>) throws(Fault) -> UInt64 {
        if bytes.peek(value.lowerBound) == UInt8(ascii: "n") { return 0 }
        guard let number = integer(bytes, value), number >= 0 else { throw Fault(.badNumber, at: value.lowerBound) }
        return UInt64(number)
    }

    private static func double(_ bytes: RawSpan, _ value: Range<Int>) -> Double? {
        if let number = integer(bytes, value), number.magnitude <= 1 << 53 { return Double(number) }
        let text = inside(bytes, value)
        guard text.count <= 64 else { return nil }
        return Double(String(decoding: text.map { bytes.peek($0) }, as: UTF8.self))
    }
}
