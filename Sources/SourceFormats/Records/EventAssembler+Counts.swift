internal import UsageModel

extension EventAssembler {
    /// Reads the counts and makes one meaning of the many shapes: cached is part of input, reasoning part of output.
    @inline(__always)
    func counts(_ record: RawSpan, _ values: borrowing RecordValues) throws(Fault) -> TokenCounts {
        var counts = TokenCounts(requests: 1)
        if values.present & masks[.requests] != 0 || plan.constantCounts[Int(EventField.requests.rawValue)] != absent {
            counts.requests = try requests(record, values)
        }
        var plainInput = absent
        if values.present & unusualMask == 0 {
            counts.input = try agreed(record, values, mask: masks[.input], field: .input)
            counts.cachedInput = orZero(try agreed(record, values, mask: masks[.cachedInput], field: .cachedInput))
            if counts.input == absent {
                guard plan.rules.inputIsOptional else { throw missingInput() }
                counts.input = 0
            }
        } else {
            plainInput = try unusualInput(record, values, counts: &counts)
        }
        counts.output = try agreed(record, values, mask: masks[.output], field: .output)
        counts.reasoningOutput = orZero(
            try agreed(record, values, mask: masks[.reasoningOutput], field: .reasoningOutput))
        let total = try agreed(record, values, mask: masks[.total], field: .total)
        if counts.output == absent {
            // An embedding's usage has no output; its total says so.
            guard plan.rules.outputIsOptional || total == counts.input else { throw missing(.output) }
            counts.output = 0
        }
        if counts.cachedInput > counts.input {
            throw Fault(
                .cachedAboveInput, source: first(values, masks[.cachedInput] | masks[.cacheRead] | masks[.cacheHit]))
        }
        if counts.reasoningOutput > counts.output {
            throw Fault(.reasoningAboveOutput, source: first(values, masks[.reasoningOutput]))
        }
        if total != absent, total != counts.input + counts.output,
            plainInput == absent || total != plainInput + counts.output
        {
            throw Fault(.totalDiffers, source: first(values, masks[.total]))
        }
        return counts
    }

    /// Input in any shape that isn't OpenAI chat's or the native one.
    ///
    /// - Returns: the input without what a cache added to it, which some sources total instead.
    private func unusualInput(
        _ record: RawSpan, _ values: borrowing RecordValues, counts: inout TokenCounts
    ) throws(Fault) -> UInt64 {
        let input = try agreed(record, values, mask: masks[.input], field: .input)
        let split = try agreed(record, values, mask: masks[.splitInput], field: .splitInput)
        let cached = orZero(try agreed(record, values, mask: masks[.cachedInput], field: .cachedInput))
        let read = orZero(try agreed(record, values, mask: masks[.cacheRead], field: .cacheRead))
        let written = orZero(try agreed(record, values, mask: masks[.cacheWrite], field: .cacheWrite))
        let hit = try agreed(record, values, mask: masks[.cacheHit], field: .cacheHit)
        let miss = try agreed(record, values, mask: masks[.cacheMiss], field: .cacheMiss)

        if plan.rules.cacheIsAlwaysAdditional {
            guard input != absent || plan.rules.inputIsOptional else { throw missingInput() }
            counts.input = orZero(input) + read + written
            counts.cachedInput = try same(cached, as: read, in: values)
        } else if input == absent || (input == 0 && orZero(split) > 0), split != absent {
            // Anthropic and Bedrock count what the cache gave and took beside the input; OpenAI's responses have the
            // part that was cached in the details, and then nothing is added.
            let isAdditive = cached == 0
            counts.input = isAdditive ? split + read + written : split
            counts.cachedInput = isAdditive ? read : try same(cached, as: read, in: values)
        } else if input != absent {
            // Some gateways give the input in both spellings, or zero in the one that they don't use.
            if orZero(split) != 0, split != input, split + read + written != input {
                throw Fault(.sourcesDiffer, source: first(values, masks[.splitInput]))
            }
            counts.input = input
            counts.cachedInput = try same(try same(cached, as: read, in: values), as: orZero(hit), in: values)
        } else if hit != absent, miss != absent {
            counts.input = hit + miss
            counts.cachedInput = hit
        } else {
            throw missingInput()
        }
        if hit != absent, miss != absent, hit + miss != counts.input {
            throw Fault(.sourcesDiffer, source: first(values, masks[.cacheHit]))
        }
        guard counts.input <= Limits.maxTokensPerField else {
            throw Fault(.tooLargeSum, source: first(values, masks[.input] | masks[.splitInput] | masks[.cacheRead]))
        }
        return split != absent ? split : counts.input
    }

    var absent: UInt64 { FieldPlan.absentCount }

    @inline(__always)
    private func orZero(_ count: UInt64) -> UInt64 { count == absent ? 0 : count }

    private func first(_ values: borrowing RecordValues, _ mask: UInt64) -> Int { values.choose(mask) }

    /// Two statements of one count: zero yields to the other, anything else must be equal.
    private func same(
        _ left: UInt64, as right: UInt64, in values: borrowing RecordValues
    ) throws(Fault) -> UInt64 {
        if left == right || right == 0 { return left }
        if left == 0 { return right }
        throw Fault(
            .sourcesDiffer, source: first(values, masks[.cachedInput] | masks[.cacheRead] | masks[.cacheHit]))
    }

    private func missingInput() -> Fault {
        missing(masks[.input] == 0 ? .splitInput : .input)
    }

    private func requests(_ record: RawSpan, _ values: borrowing RecordValues) throws(Fault) -> UInt64 {
        let requests = try agreed(record, values, mask: masks[.requests], field: .requests)
        if requests == absent { return 1 }
        if requests == 0 { throw Fault(.noRequests, source: first(values, masks[.requests])) }
        return requests
    }

    /// The one value of a field's sources, or ``absent``: zeros yield, others must be equal.
    @inline(__always)
    private func agreed(
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
