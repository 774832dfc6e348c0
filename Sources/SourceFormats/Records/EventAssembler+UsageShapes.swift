internal import UsageModel

/// Every count that a record's `usage` may hold, as it stands there; ``EventAssembler/absent`` where it doesn't.
private struct UsageReading {
    var input: UInt64
    var split: UInt64
    var cached: UInt64
    var looseCached: UInt64
    var read: UInt64
    var written: UInt64
    var hit: UInt64
    var miss: UInt64
    var output: UInt64
    var reasoning: UInt64
    var total: UInt64
}

extension EventAssembler {
    /// Reads counts of any shape but the plainest. `docs/usage-shapes.md` has a row for each.
    func unusualCounts(
        _ record: RawSpan, _ values: borrowing RecordValues, into event: inout UsageEvent
    ) throws(Fault) {
        if values.present & masks[.typedTokens] != 0 { return try typedTokens(record, values, into: &event) }
        var reading = try read(record, values)
        var counts = event.counts
        let plainInput = try input(of: reading, record, values, into: &event, counts: &counts)
        let moreInput = orZero(try agreed(record, values, mask: masks[.additionalInput], field: .additionalInput))
        counts.input += moreInput
        try output(of: &reading, record, values, into: &event, counts: &counts)
        try check(reading, plainInput: plainInput + moreInput, values, into: &event, counts: &counts)
        event.counts = counts
    }

    /// Reads the one count of a record that says what it counts.
    private func typedTokens(
        _ record: RawSpan, _ values: borrowing RecordValues, into event: inout UsageEvent
    ) throws(Fault) {
        let tokens = orZero(try agreed(record, values, mask: masks[.typedTokens], field: .typedTokens))
        let source = values.choose(masks[.tokenType])
        guard source >= 0 else { throw missing(.tokenType) }
        let slot = values.slots[source]
        guard slot.kind == .text || slot.kind == .bareText else { throw Fault(.wantedText, source: source) }
        if equals(record, slot, to: "input") || equals(record, slot, to: "prompt") {
            event.counts.input = tokens
        } else if equals(record, slot, to: "output") || equals(record, slot, to: "completion") {
            event.counts.output = tokens
        } else {
            throw Fault(.otherValue, source: source)
        }
    }

    private func read(_ record: RawSpan, _ values: borrowing RecordValues) throws(Fault) -> UsageReading {
        UsageReading(
            input: try agreed(record, values, mask: masks[.input], field: .input),
            split: try agreed(record, values, mask: masks[.splitInput], field: .splitInput),
            cached: orZero(try agreed(record, values, mask: masks[.cachedInput], field: .cachedInput)),
            looseCached: orZero(try agreed(record, values, mask: masks[.looseCachedInput], field: .looseCachedInput)),
            read: orZero(try agreed(record, values, mask: masks[.cacheRead], field: .cacheRead)),
            written: orZero(try agreed(record, values, mask: masks[.cacheWrite], field: .cacheWrite)),
            hit: try agreed(record, values, mask: masks[.cacheHit], field: .cacheHit),
            miss: try agreed(record, values, mask: masks[.cacheMiss], field: .cacheMiss),
            output: try agreed(record, values, mask: masks[.output], field: .output),
            reasoning: orZero(try agreed(record, values, mask: masks[.reasoningOutput], field: .reasoningOutput)),
            total: try agreed(record, values, mask: masks[.total], field: .total))
    }

    // MARK: Input

    /// What cache counts are to the input.
    private enum CacheMeaning {
        /// On top of it.
        case beside
        /// Part of it.
        case within
        /// Told from the other counts.
        case open
    }

    private func cacheMeaning(_ record: RawSpan, _ values: borrowing RecordValues) -> CacheMeaning {
        if plan.rules.cacheIsAlwaysAdditional { return .beside }
        let source = values.choose(masks[.cacheMeaning])
        if source >= 0 {
            let slot = values.slots[source]
            switch slot.kind {
            case .text, .bareText: return equals(record, slot, to: "anthropic") ? .beside : .within
            case .boolean where slot.count == 4: return .beside
            default: break
            }
        }
        return values.named & masks[.cacheWithinSign] != 0 ? .within : .open
    }

    /// Works out input and cached input.
    ///
    /// - Returns: the input without what a cache added to it, which some senders total instead.
    private func input(
        of reading: UsageReading, _ record: RawSpan, _ values: borrowing RecordValues,
        into event: inout UsageEvent, counts: inout TokenCounts
    ) throws(Fault) -> UInt64 {
        let meaning = cacheMeaning(record, values)
        let hasSplitInput = reading.split != absent
        if hasSplitInput, reading.input == absent || (reading.input == 0 && reading.split > 0) {
            try takeSplitInput(of: reading, meaning: meaning, values, counts: &counts)
        } else if reading.input != absent {
            try takeWholeInput(of: reading, meaning: meaning, values, counts: &counts)
        } else if reading.hit != absent, reading.miss != absent {
            counts.input = reading.hit + reading.miss
            counts.cachedInput = reading.hit
        } else {
            try takeSpareInput(of: reading, record, values, into: &event, counts: &counts)
        }
        if reading.hit != absent, reading.miss != absent, reading.hit + reading.miss != counts.input {
            throw Fault(.sourcesDiffer, source: values.choose(masks[.cacheHit]))
        }
        let plainInput = hasSplitInput ? reading.split : reading.input == absent ? counts.input : reading.input
        if reading.looseCached > 0 {
            try takeLooseCache(of: reading, meaning: meaning, values, into: &event, counts: &counts)
        }
        return plainInput
    }

    /// Anthropic and Bedrock count what the cache gave and took beside the input; OpenAI's responses have the part that
    /// was cached in the details, and then nothing is added.
    private func takeSplitInput(
        of reading: UsageReading, meaning: CacheMeaning, _ values: borrowing RecordValues, counts: inout TokenCounts
    ) throws(Fault) {
        let cached = try same(reading.cached, as: reading.read, in: values)
        let isBeside =
            switch meaning {
            case .beside: true
            case .within: false
            case .open: reading.cached == 0
            }
        counts.input = isBeside ? reading.split + cached + reading.written : reading.split
        counts.cachedInput = cached
    }

    private func takeWholeInput(
        of reading: UsageReading, meaning: CacheMeaning, _ values: borrowing RecordValues, counts: inout TokenCounts
    ) throws(Fault) {
        let split = orZero(reading.split)
        // Some gateways give the input in both spellings, or zero in the one that they don't use.
        if split != 0, split != reading.input, split + reading.read + reading.written != reading.input {
            throw Fault(.sourcesDiffer, source: values.choose(masks[.splitInput]))
        }
        let cached = try same(
            try same(reading.cached, as: reading.read, in: values), as: orZero(reading.hit), in: values)
        counts.cachedInput = cached
        guard case .beside = meaning else {
            counts.input = reading.input
            return
        }
        // A mapping names the two kinds of cached input apart: `cachedInput` is part of the input, `cacheRead` is not.
        let beside = plan.rules.tellsUsageShapes ? cached : reading.read
        counts.input = reading.input + beside + reading.written
    }

    /// Input of objects that have none of the usual counts of it.
    private func takeSpareInput(
        of reading: UsageReading, _ record: RawSpan, _ values: borrowing RecordValues, into event: inout UsageEvent,
        counts: inout TokenCounts
    ) throws(Fault) {
        let spare = try agreed(record, values, mask: masks[.spareInput], field: .spareInput)
        counts.cachedInput = try same(reading.cached, as: reading.read, in: values)
        if spare != absent {
            counts.input = spare
        } else if plan.rules.tellsUsageShapes, reading.total != absent, isAlone(values) {
            counts.input = reading.total
            event.repair = .totalAsInput
        } else if plan.rules.inputIsOptional {
            counts.input = reading.read + reading.written
        } else if values.present & plan.zeroOmitters != 0 {
            counts.input = 0
            event.repair = .absentInputAsZero
        } else {
            throw missing(masks[.input] == 0 ? .splitInput : .input)
        }
    }

    /// Whether a total is the only count.
    private func isAlone(_ values: borrowing RecordValues) -> Bool {
        let others = masks[.output] | masks[.spareOutput] | masks[.reasoningOutput] | masks[.cachedInput] | unusualMask
        return values.present & others == 0
    }

    /// The AI SDK's `cachedInputTokens`: part of the input with most providers, beside it with Anthropic's before v6.
    /// Where it is more than the input there is no doubt.
    private func takeLooseCache(
        of reading: UsageReading, meaning: CacheMeaning, _ values: borrowing RecordValues,
        into event: inout UsageEvent, counts: inout TokenCounts
    ) throws(Fault) {
        let wasNamedInDetails = values.named & masks[.cachedInput] != 0
        let known = counts.cachedInput
        counts.cachedInput = try same(known, as: reading.looseCached, in: values)
        guard known == 0, !wasNamedInDetails else { return }
        if case .beside = meaning {
            counts.input += reading.looseCached
        } else if reading.looseCached > counts.input {
            counts.input += reading.looseCached
            event.repair = .cacheBesideInput
        }
    }

    // MARK: Output

    private func output(
        of reading: inout UsageReading, _ record: RawSpan, _ values: borrowing RecordValues,
        into event: inout UsageEvent, counts: inout TokenCounts
    ) throws(Fault) {
        let thoughts = orZero(
            try agreed(record, values, mask: masks[.additionalReasoning], field: .additionalReasoning))
        let more = orZero(try agreed(record, values, mask: masks[.additionalOutput], field: .additionalOutput))
        if reading.output == absent {
            reading.output = try agreed(record, values, mask: masks[.spareOutput], field: .spareOutput)
        }
        if reading.output == absent {
            // An embedding's usage has no output; its total says so.
            let mayBeAbsent =
                plan.rules.outputIsOptional || reading.total == counts.input || thoughts > 0
                || values.present & (plan.zeroOmitters | masks[.additionalOutput]) != 0
            guard mayBeAbsent else { throw missing(.output) }
            reading.output = 0
        }
        counts.output = reading.output + more + thoughts
        counts.reasoningOutput = try same(reading.reasoning, as: thoughts, in: values, named: .reasoningOutput)
        guard reading.reasoning > 0, thoughts == 0 else { return }
        let isBeside =
            plan.rules.reasoningIsAlwaysAdditional || values.present & masks[.reasoningBesideSign] != 0
        if isBeside {
            counts.output += reading.reasoning
            event.repair = .reasoningBesideOutput
        }
    }

    // MARK: What must hold

    private func check(
        _ reading: UsageReading, plainInput: UInt64, _ values: borrowing RecordValues, into event: inout UsageEvent,
        counts: inout TokenCounts
    ) throws(Fault) {
        // A total that leaves reasoning out is as good as one that holds it, where it is known to be beside the output.
        let totalled = event.repair == .reasoningBesideOutput ? reading.output : counts.output
        if reading.total != absent, !addsUp(reading, plainInput: plainInput, output: totalled, counts) {
            try repairTotal(reading, values, into: &event, counts: &counts)
        }
        guard counts.input <= Limits.maxTokensPerField else {
            throw Fault(
                .tooLargeSum, source: values.choose(masks[.input] | masks[.splitInput] | masks[.cacheRead]))
        }
        guard counts.output <= Limits.maxTokensPerField else {
            throw Fault(.tooLargeSum, source: values.choose(masks[.output] | masks[.total]))
        }
        if counts.cachedInput > counts.input {
            // Cohere bills less than it reads, and says of what it read how much was cached.
            guard values.present & masks[.spareInput] != 0, reading.input != absent else {
                let cacheCounts = masks[.cachedInput] | masks[.cacheRead] | masks[.cacheHit] | masks[.looseCachedInput]
                throw Fault(.cachedAboveInput, source: values.choose(cacheCounts))
            }
            counts.cachedInput = counts.input
        }
        if counts.reasoningOutput > counts.output {
            throw Fault(.reasoningAboveOutput, source: values.choose(masks[.reasoningOutput]))
        }
    }

    /// Whether the total is the sum, with or without what a cache added to the input.
    private func addsUp(
        _ reading: UsageReading, plainInput: UInt64, output: UInt64, _ counts: TokenCounts
    ) -> Bool {
        let total = reading.total
        return total == counts.input + counts.output || total == plainInput + counts.output
            || total == counts.input + output || total == plainInput + output
    }

    /// Understands a total that is more than input and output, where one rule explains it and nothing speaks against
    /// it.
    private func repairTotal(
        _ reading: UsageReading, _ values: borrowing RecordValues, into event: inout UsageEvent,
        counts: inout TokenCounts
    ) throws(Fault) {
        let sum = counts.input + counts.output
        let differs = Fault(.totalDiffers, source: values.choose(masks[.total]))
        guard plan.rules.tellsUsageShapes, event.repair == nil, reading.total > sum else { throw differs }
        let gap = reading.total - sum
        if reading.reasoning > 0 {
            guard gap == reading.reasoning else { throw differs }
            event.repair = .reasoningBesideOutput
        } else {
            // Behind OpenAI's shape alone, and not where the gap could as well be what came from a cache or went into
            // it.
            let isPlainShape = values.present & (unusualMask & ~masks[.cacheRead] & ~masks[.cacheWrite]) == 0
            let couldBeCache =
                gap == counts.cachedInput || gap == reading.written
                || gap == counts.cachedInput + reading.written
            guard isPlainShape, !couldBeCache else { throw differs }
            event.repair = .outputFromTotal
        }
        counts.output += gap
    }

    /// Two statements of one count: zero yields to the other, anything else must be equal.
    private func same(
        _ left: UInt64, as right: UInt64, in values: borrowing RecordValues, named field: EventField = .cachedInput
    ) throws(Fault) -> UInt64 {
        if left == right || right == 0 { return left }
        if left == 0 { return right }
        let sources =
            field == .cachedInput
            ? masks[.cachedInput] | masks[.cacheRead] | masks[.cacheHit] | masks[.looseCachedInput] : masks[field]
        throw Fault(.sourcesDiffer, source: values.choose(sources))
    }
}
