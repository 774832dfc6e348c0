internal import UsageModel

/// Reading `Export…ServiceRequest` as protobuf. Numbers are those of opentelemetry-proto's fields.
///
/// What breaks within a record costs that record; what breaks around records costs what follows within the same
/// message.
extension OTLPReader {
    mutating func readProtobuf(_ bytes: RawSpan, into sink: inout some UsageEventSink & ~Copyable) {
        var walk = ProtobufWalk(0..<bytes.byteCount)
        do throws(Fault) {
            while let (field, value) = try walk.next(bytes) {
                if field == 1, case .bytes(let range) = value { readResource(bytes, range, into: &sink) }
            }
        } catch {
            reject(error, bytes, min(walk.index, bytes.byteCount)..<bytes.byteCount, into: &sink)
        }
        finishPoints(bytes, into: &sink)
    }

    /// `ResourceSpans`, `ResourceMetrics`, `ResourceLogs`: the resource (1) and scopes (2).
    private mutating func readResource(
        _ bytes: RawSpan, _ range: Range<Int>, into sink: inout some UsageEventSink & ~Copyable
    ) {
        record.beginResource()
        var walk = ProtobufWalk(range)
        do throws(Fault) {
            // Fields may come in any order, and every record needs to know its resource.
            var ahead = ProtobufWalk(range)
            while let (field, value) = try ahead.next(bytes) {
                if field == 1, case .bytes(let resource) = value {
                    try readAttributes(bytes, resource, field: 1, ofResource: true)
                }
            }
            record.endResource(plan)
            while let (field, value) = try walk.next(bytes) {
                if field == 2, case .bytes(let scope) = value { readScope(bytes, scope, into: &sink) }
            }
        } catch {
            // Without its resource whole no record's tenant is certain.
            reject(error, bytes, range, into: &sink)
        }
    }

    /// `ScopeSpans`, `ScopeMetrics`, `ScopeLogs`: the scope (1) and records (2).
    private mutating func readScope(
        _ bytes: RawSpan, _ range: Range<Int>, into sink: inout some UsageEventSink & ~Copyable
    ) {
        record.scopeHash = SeriesHash()
        var walk = ProtobufWalk(range)
        do throws(Fault) {
            if signal == .metrics {
                var ahead = ProtobufWalk(range)
                while let (field, value) = try ahead.next(bytes) {
                    if field == 1, case .bytes(let scope) = value { try readScopeName(bytes, scope) }
                }
            }
            while let (field, value) = try walk.next(bytes) {
                guard field == 2, case .bytes(let range) = value else { continue }
                if signal != plan.signal {
                    ignore(.otherSignal, bytes, range, into: &sink)
                } else if signal == .metrics {
                    readMetric(bytes, range, into: &sink)
                } else {
                    readRecord(bytes, range, into: &sink)
                }
            }
        } catch {
            reject(error, bytes, min(walk.index, range.upperBound)..<range.upperBound, into: &sink)
        }
    }

    /// `InstrumentationScope`: name (1) and version (2).
    private mutating func readScopeName(_ bytes: RawSpan, _ range: Range<Int>) throws(Fault) {
        var walk = ProtobufWalk(range)
        while let (field, value) = try walk.next(bytes) {
            guard field == 1 || field == 2, case .bytes(let text) = value else { continue }
            record.scopeHash.mix(UInt64(field))
            record.scopeHash.mix(SeriesHash.of(bytes, text))
        }
    }

    private mutating func readRecord(
        _ bytes: RawSpan, _ range: Range<Int>, into sink: inout some UsageEventSink & ~Copyable
    ) {
        record.begin()
        do throws(Fault) {
            if signal == .traces { try readSpan(bytes, range) } else { try readLogRecord(bytes, range) }
        } catch {
            return reject(error, bytes, range, into: &sink)
        }
        take(bytes, range, into: &sink)
    }

    /// `Span`: trace_id (1), span_id (2), trace_state (3), start (7), end (8), attributes (9).
    private mutating func readSpan(_ bytes: RawSpan, _ range: Range<Int>) throws(Fault) {
        var walk = ProtobufWalk(range)
        while let (field, value) = try walk.next(bytes) {
            switch (field, value) {
            case (9, .bytes(let attribute)): try readAttribute(bytes, attribute, ofResource: false)
            case (1, .bytes(let id)): record.traceID = OTLPIdentifier(range: id, isHexadecimal: false)
            case (2, .bytes(let id)): record.spanID = OTLPIdentifier(range: id, isHexadecimal: false)
            case (3, .bytes(let state)): record.isSampled = TraceState.isSampled(bytes, state)
            case (7, .fixed64(let time)): if record.time == 0 { record.time = time }
            case (8, .fixed64(let time)): if time > 0 { record.time = time }
            default: continue
            }
        }
    }

    /// `LogRecord`: time (1), attributes (6), trace_id (9), span_id (10), observed time (11).
    private mutating func readLogRecord(_ bytes: RawSpan, _ range: Range<Int>) throws(Fault) {
        var walk = ProtobufWalk(range)
        while let (field, value) = try walk.next(bytes) {
            switch (field, value) {
            case (6, .bytes(let attribute)): try readAttribute(bytes, attribute, ofResource: false)
            case (9, .bytes(let id)): record.traceID = OTLPIdentifier(range: id, isHexadecimal: false)
            case (10, .bytes(let id)): record.spanID = OTLPIdentifier(range: id, isHexadecimal: false)
            case (11, .fixed64(let time)): if record.time == 0 { record.time = time }
            case (1, .fixed64(let time)): if time > 0 { record.time = time }
            default: continue
            }
        }
    }

    // MARK: Metrics

    /// `Metric`: name (1), and its points in a sum (7), histogram (9) or exponential histogram (10).
    private mutating func readMetric(
        _ bytes: RawSpan, _ range: Range<Int>, into sink: inout some UsageEventSink & ~Copyable
    ) {
        var walk = ProtobufWalk(range)
        do throws(Fault) {
            var name = 0..<0
            var data: (field: UInt32, range: Range<Int>)?
            while let (field, value) = try walk.next(bytes) {
                guard case .bytes(let content) = value else { continue }
                if field == 1 { name = content }
                if field == 5 || field == 7 || (9...11).contains(field) { data = (field, content) }
            }
            let number = Int(plan.metrics.find(bytes, name))
            guard number >= 0, let data, data.field == 7 || data.field == 9 || data.field == 10 else {
                return ignore(.filtered, bytes, range, into: &sink)
            }
            var metric = OTLPMetric(
                metric: OTLPNames.Metric.allCases[number], hash: SeriesHash.of(bytes, name))
            try readKind(bytes, data.range, isSum: data.field == 7, &metric)
            var points = ProtobufWalk(data.range)
            while let (field, value) = try points.next(bytes) {
                guard field == 1, case .bytes(let point) = value else { continue }
                readPoint(bytes, point, of: metric, kind: data.field, into: &sink)
            }
        } catch {
            reject(error, bytes, range, into: &sink)
        }
    }

    /// The aggregation temporality (2) and whether a sum is monotonic (3).
    private func readKind(
        _ bytes: RawSpan, _ range: Range<Int>, isSum: Bool, _ metric: inout OTLPMetric
    ) throws(Fault) {
        metric.isMonotonic = !isSum
        var walk = ProtobufWalk(range)
        while let (field, value) = try walk.next(bytes) {
            switch (field, value) {
            case (2, .varint(1)): metric.temporality = .delta
            case (2, .varint(2)): metric.temporality = .cumulative
            case (3, .varint(let flag)) where isSum: metric.isMonotonic = flag != 0
            default: continue
            }
        }
    }

    private mutating func readPoint(
        _ bytes: RawSpan, _ range: Range<Int>, of metric: OTLPMetric, kind: UInt32,
        into sink: inout some UsageEventSink & ~Copyable
    ) {
        record.begin()
        do throws(Fault) {
            if kind == 7 {
                try readNumber(bytes, range)
            } else {
                try readHistogram(bytes, range, isExponential: kind == 10)
            }
        } catch {
            return reject(error, bytes, range, into: &sink)
        }
        takePoint(of: metric, bytes, range, into: &sink)
    }

    /// `NumberDataPoint`: start (2), time (3), as_double (4), as_int (6), attributes (7), flags (8).
    private mutating func readNumber(_ bytes: RawSpan, _ range: Range<Int>) throws(Fault) {
        var walk = ProtobufWalk(range)
        while let (field, value) = try walk.next(bytes) {
            switch (field, value) {
            case (7, .bytes(let attribute)): try readAttribute(bytes, attribute, ofResource: false)
            case (2, .fixed64(let time)): record.start = time
            case (3, .fixed64(let time)): record.time = time
            case (4, .fixed64(let bits)): record.total = .double(Double(bitPattern: bits))
            case (6, .fixed64(let bits)): record.total = .integer(Int64(bitPattern: bits))
            case (8, .varint(let flags)): record.hasNoValue = flags & 1 != 0
            default: continue
            }
        }
    }

    /// `HistogramDataPoint`: start (2), time (3), count (4), sum (5), attributes (9, in an exponential one 1), flags
    /// (10).
    private mutating func readHistogram(
        _ bytes: RawSpan, _ range: Range<Int>, isExponential: Bool
    ) throws(Fault) {
        let attributes: UInt32 = isExponential ? 1 : 9
        var walk = ProtobufWalk(range)
        while let (field, value) = try walk.next(bytes) {
            switch (field, value) {
            case (attributes, .bytes(let attribute)): try readAttribute(bytes, attribute, ofResource: false)
            case (2, .fixed64(let time)): record.start = time
            case (3, .fixed64(let time)): record.time = time
            case (4, .fixed64(let count)): record.observations = count
            case (5, .fixed64(let bits)): record.total = .double(Double(bitPattern: bits))
            case (10, .varint(let flags)): record.hasNoValue = flags & 1 != 0
            default: continue
            }
        }
    }

    // MARK: Attributes

    /// The attributes in a message that has them as this field.
    private mutating func readAttributes(
        _ bytes: RawSpan, _ range: Range<Int>, field wanted: UInt32, ofResource: Bool
    ) throws(Fault) {
        var walk = ProtobufWalk(range)
        while let (field, value) = try walk.next(bytes) {
            if field == wanted, case .bytes(let attribute) = value {
                try readAttribute(bytes, attribute, ofResource: ofResource)
            }
        }
    }

    /// `KeyValue`: key (1) and value (2).
    @inline(__always)
    private mutating func readAttribute(
        _ bytes: RawSpan, _ range: Range<Int>, ofResource: Bool
    ) throws(Fault) {
        var walk = ProtobufWalk(range)
        var key = range.lowerBound..<range.lowerBound
        var content: Range<Int>?
        while let (field, value) = try walk.next(bytes) {
            guard case .bytes(let range) = value else { continue }
            if field == 1 { key = range } else if field == 2 { content = range }
        }
        guard !key.isEmpty else { return }
        let value = if let content { try readValue(bytes, content) } else { OTLPValue?.none }
        if ofResource {
            try record.note(resourceAttribute: key, value, bytes, plan)
        } else {
            try record.note(key, value, bytes, plan)
        }
    }

    /// `AnyValue`: string (1), bool (2), int (3), double (4), array (5), map (6), bytes (7); `nil` for none of them. What
    /// is in arrays and maps isn't gone into.
    @inline(__always)
    private func readValue(_ bytes: RawSpan, _ range: Range<Int>) throws(Fault) -> OTLPValue? {
        var walk = ProtobufWalk(range)
        var found: OTLPValue?
        while let (field, value) = try walk.next(bytes) {
            switch (field, value) {
            case (1, .bytes(let text)): found = .text(text, isEscaped: false)
            case (2, .varint(let flag)): found = .boolean(flag != 0)
            case (3, .varint(let number)): found = .integer(Int64(bitPattern: number))
            case (4, .fixed64(let bits)): found = .double(Double(bitPattern: bits))
            case (5...7, .bytes(let content)): found = .other(content)
            default: continue
            }
        }
        return found
    }
}
