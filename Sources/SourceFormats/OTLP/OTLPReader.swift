internal import UsageModel

/// Makes events of records of telemetry, and decides which of them count.
struct OTLPReader: Sendable {
    let plan: OTLPPlan
    var record = OTLPRecord()
    /// The signal that is being read.
    var signal: OTLPSignal
    private var assembler: EventAssembler
    private var points = OTLPPoints()
    private var id: [UInt8] = []
    /// Records so far: what stands as their line in rejections.
    private var recordCount: UInt64 = 0
    /// Where the body begins in its source.
    var base = RecordPosition(line: 1, byteOffset: 0)

    init(_ plan: OTLPPlan, defaults: EventDefaults) throws(SourceFormatError) {
        self.plan = plan
        signal = plan.signal
        assembler = try EventAssembler(plan: plan.fields, defaults: defaults)
    }

    /// Begins a body.
    ///
    /// - Parameter sent: the signal that it was sent as; without it the source's own.
    mutating func begin(at position: RecordPosition, as sent: OTLPSignal?) {
        signal = sent ?? plan.signal
        base = position
        recordCount = 0
        points.removeAll()
        record.beginResource()
    }

    private func position(_ offset: Int) -> RecordPosition {
        RecordPosition(line: base.line + recordCount, byteOffset: base.byteOffset + UInt64(offset))
    }

    /// Refuses bytes in which no record can be found.
    mutating func reject(
        _ fault: Fault, _ bytes: RawSpan, _ range: Range<Int>, into sink: inout some UsageEventSink & ~Copyable
    ) {
        assembler.reject(fault, record: bytes.extracting(range), position: position(range.lowerBound), into: &sink)
        recordCount += 1
    }

    /// Passes over a record that can't count.
    mutating func ignore(
        _ reason: IgnoredReason, _ bytes: RawSpan, _ range: Range<Int>,
        into sink: inout some UsageEventSink & ~Copyable
    ) {
        sink.ignore(reason, record: bytes.extracting(range), position: position(range.lowerBound))
        recordCount += 1
    }

    // MARK: Spans and log records

    /// Takes the record that was noted.
    mutating func take(_ bytes: RawSpan, _ range: Range<Int>, into sink: inout some UsageEventSink & ~Copyable) {
        let hasUsage = record.values.present & plan.countMask != 0
        // What doesn't say what it is about is a call where it says what one used: vLLM's spans are such.
        if record.call == .other || (record.call == .unsaid && !hasUsage) {
            return ignore(.filtered, bytes, range, into: &sink)
        }
        guard hasUsage else { return ignore(.noUsage, bytes, range, into: &sink) }
        do throws(Fault) {
            if record.isSampled { throw Fault(.sampled) }
            record.setTime(plan)
            var event = try assembler.event(bytes, record.values)
            if event.counts.input == 0, event.counts.output == 0 {
                return ignore(.noUsage, bytes, range, into: &sink)
            }
            if event.id.count == 0, spellID(bytes) { event.id = assembler.spell(id) }
            pass(event, bytes, range, into: &sink)
        } catch {
            reject(error, bytes, range, into: &sink)
        }
    }

    /// Whether the record has an id of its own, which then is spelt out: `TRACE:SPAN`.
    private mutating func spellID(_ bytes: RawSpan) -> Bool {
        guard plan.identity == .span, let trace = record.traceID, let span = record.spanID else { return false }
        id.removeAll(keepingCapacity: true)
        guard trace.spell(bytes, byteCount: 16, into: &id) else { return false }
        id.append(UInt8(ascii: ":"))
        return span.spell(bytes, byteCount: 8, into: &id)
    }

    private mutating func pass(
        _ event: UsageEvent, _ bytes: RawSpan, _ range: Range<Int>,
        into sink: inout some UsageEventSink & ~Copyable
    ) {
        do throws(Rejection) {
            try unsafe sink.accept(event, record: bytes, scratch: assembler.scratch.span.bytes)
        } catch {
            sink.reject(error, record: bytes.extracting(range), position: position(range.lowerBound))
        }
        recordCount += 1
    }

    // MARK: Points of metrics

    /// Takes the point that was noted.
    mutating func takePoint(
        of metric: OTLPMetric, _ bytes: RawSpan, _ range: Range<Int>,
        into sink: inout some UsageEventSink & ~Copyable
    ) {
        if record.call == .other { return ignore(.filtered, bytes, range, into: &sink) }
        if record.hasNoValue { return ignore(.noUsage, bytes, range, into: &sink) }
        record.setTime(plan)
        do throws(Fault) {
            guard try points.add(record, of: metric, range: range) else {
                return ignore(.filtered, bytes, range, into: &sink)
            }
        } catch {
            reject(error, bytes, range, into: &sink)
        }
    }

    /// Counts the points of a body: those of one moment that tell of the same calls make one event.
    mutating func finishPoints(_ bytes: RawSpan, into sink: inout some UsageEventSink & ~Copyable) {
        for group in points.takeGroups() {
            do throws(Fault) {
                guard let counts = try count(group, bytes, into: &sink) else { continue }
                var event = try assembler.event(bytes, group.values)
                event.counts = counts
                pass(event, bytes, group.range, into: &sink)
            } catch {
                reject(error, bytes, group.range, into: &sink)
            }
        }
    }

    /// What a group's points say that hasn't been counted; `nil` where that is nothing.
    private mutating func count(
        _ group: OTLPPoints.Group, _ bytes: RawSpan, into sink: inout some UsageEventSink & ~Copyable
    ) throws(Fault) -> TokenCounts? {
        var counts = TokenCounts()
        var outputCalls: UInt64 = 0
        for point in group.points {
            do throws(Fault) {
                // Both before anything is thrown: what is remembered of a point is of all of it.
                let (moreTokens, moreCalls) = (
                    advance(point, .tokens, to: point.tokens, into: &sink),
                    advance(point, .calls, to: point.calls, into: &sink)
                )
                let (tokens, calls) = (try moreTokens.get(), try moreCalls.get())
                guard max(tokens, calls) <= Limits.maxTokensPerField else { throw Fault(.tooLarge) }
                switch point.kind {
                case .input:
                    counts.input += tokens
                    counts.requests += calls
                case .output:
                    counts.output += tokens
                    outputCalls += calls
                case .cachedInput: counts.cachedInput += tokens
                case .reasoningOutput: counts.reasoningOutput += tokens
                case .calls: counts.requests += calls
                }
                guard max(counts.input, counts.output) <= Limits.maxTokensPerField else { throw Fault(.tooLargeSum) }
            } catch {
                reject(error, bytes, point.range, into: &sink)
            }
        }
        if counts.input == 0, counts.output == 0 { return nil }
        if counts.cachedInput > counts.input { throw Fault(.cachedAboveInput) }
        if counts.reasoningOutput > counts.output { throw Fault(.reasoningAboveOutput) }
        // Counters don't say of how many calls they are; there was one at least.
        if counts.requests == 0 { counts.requests = max(1, outputCalls) }
        return counts
    }

    private func advance(
        _ point: OTLPPoints.Point, _ part: RunningTotal.Part, to value: UInt64?,
        into sink: inout some UsageEventSink & ~Copyable
    ) -> Result<UInt64, Fault> {
        guard let value else { return .success(0) }
        let total = RunningTotal(
            key: point.series, part: part, value: value,
            beganAtMilliseconds: point.isCumulative ? Int64(clamping: point.start / 1_000_000) : nil)
        switch sink.advance(total) {
        case .by(let more): return .success(more)
        case .fell: return .failure(Fault(.totalFell))
        case .unknownBeginning: return .failure(Fault(.totalUnknown))
        case .unremembered:
            // What counts from one export to the next needs no memory where its source is read once.
            return point.isCumulative ? .failure(Fault(.totalUnremembered)) : .success(value)
        }
    }
}
