internal import UsageModel

extension EventAssembler {
    /// Reads the counts and makes one meaning of the many shapes: cached is part of input, reasoning part of output.
    ///
    /// The plainest record, in which everything is said once and adds up, is done with here; whatever else a shape
    /// brings is told apart by ``unusualCounts(_:_:into:)``.
    @inline(__always)
    func readCounts(_ record: RawSpan, _ values: borrowing RecordValues, into event: inout UsageEvent) throws(Fault) {
        event.counts.requests = 1
        if values.present & masks[.requests] != 0 || plan.constantCounts[Int(EventField.requests.rawValue)] != absent {
            event.counts.requests = try requests(record, values)
        }
        guard values.present & unusualMask == 0, !isAlwaysUnusual else {
            return try unusualCounts(record, values, into: &event)
        }
        let input = try agreed(record, values, mask: masks[.input], field: .input)
        let output = try agreed(record, values, mask: masks[.output], field: .output)
        let cached = orZero(try agreed(record, values, mask: masks[.cachedInput], field: .cachedInput))
        let reasoning = orZero(try agreed(record, values, mask: masks[.reasoningOutput], field: .reasoningOutput))
        let total = try agreed(record, values, mask: masks[.total], field: .total)
        guard input != absent, output != absent, cached <= input, reasoning <= output,
            total == absent || total == input + output
        else { return try unusualCounts(record, values, into: &event) }
        event.counts.input = input
        event.counts.cachedInput = cached
        event.counts.output = output
        event.counts.reasoningOutput = reasoning
    }

    var absent: UInt64 { FieldPlan.absentCount }

    @inline(__always)
    func orZero(_ count: UInt64) -> UInt64 { count == absent ? 0 : count }

    private func requests(_ record: RawSpan, _ values: borrowing RecordValues) throws(Fault) -> UInt64 {
        let requests = try agreed(record, values, mask: masks[.requests], field: .requests)
        if requests == absent { return 1 }
        if requests == 0 { throw Fault(.noRequests, source: values.choose(masks[.requests])) }
        return requests
    }

    /// The one value of a field's sources, or ``absent``: zeros yield, others must be equal.
    @inline(__always)
    func agreed(
        _ record: RawSpan, _ values: borrowing RecordValues, mask: UInt64, field: EventField
    ) throws(Fault) -> UInt64 {
        var left = values.present & mask
        if left == 0 { return plan.constantCounts[Int(field.rawValue)] }
        var result = absent
        while left != 0 {
            let source = left.trailingZeroBitCount
            left &= left &- 1
            let count = try self.count(record, values.slots[source], source: source)
            if result == absent || result == 0 {
                result = count == absent ? result : count
            } else if count != absent, count != 0, count != result {
                throw Fault(.sourcesDiffer, source: source)
            }
        }
        return result == absent ? plan.constantCounts[Int(field.rawValue)] : result
    }

    /// One count; absent only for empty CSV fields.
    @inline(__always)
    private func count(_ record: RawSpan, _ slot: RecordValues.Slot, source: Int) throws(Fault) -> UInt64 {
        // Nineteen digits are sure to fit in 64 bits.
        guard slot.kind == .integer, slot.count <= 19, slot.number <= Limits.maxTokensPerField else {
            return try CountText.read(record, slot, by: CountText.Rules(plan, source: source), source: source)
        }
        return slot.number
    }
}
