internal import UsageModel

/// Makes a usage event of what a record holds: picks among alternatives, reads numbers and times, checks names and
/// that the counts agree.
struct EventAssembler: Sendable {
    let plan: FieldPlan
    /// Default names first, then room for names that have to be spelt out.
    private(set) var scratch: [UInt8]
    let defaultNamesEnd: Int
    private var scratchEnd: Int

    private let provider: [UInt8]
    private let providerWords: KeyWords?
    private let tenant: FieldRange
    private let model: FieldRange
    private let region: FieldRange
    private let layer: Layer
    private let workload: Workload
    private let modality: Modality
    /// The plan's masks, and those of fields that are asked about together.
    let masks: FieldMasks
    /// What only some shapes of usage have.
    let unusualMask: UInt64
    /// Whether what holds for all records makes each of them more than the plainest.
    let isAlwaysUnusual: Bool
    private let kindsMask: UInt64
    var lastMinute = LastMinute()
    /// Where a filter spells out values with escapes.
    var filterRoom: [UInt8]

    init(plan: FieldPlan, defaults: EventDefaults) throws(SourceFormatError) {
        try defaults.check()
        self.plan = plan
        masks = plan.masks
        unusualMask = Self.unusualFields.reduce(0) { $0 | plan.masks[$1] }
        isAlwaysUnusual =
            plan.rules.reasoningIsAlwaysAdditional
            || Self.unusualFields.contains { plan.constantCounts[Int($0.rawValue)] != FieldPlan.absentCount }
        kindsMask = plan.masks[.layer] | plan.masks[.workload] | plan.masks[.modality]
        provider = Array(defaults.provider.utf8)
        providerWords = provider.count <= KeyWords.wordBytes ? KeyWords(configured: defaults.provider) : nil
        var names: [UInt8] = []
        func range(of name: String?) -> FieldRange {
            let bytes = Array((name ?? "").utf8)
            names += bytes
            return FieldRange(
                start: UInt32(names.count - bytes.count), count: UInt32(bytes.count), isInScratch: !bytes.isEmpty)
        }
        tenant = range(of: defaults.tenant)
        model = range(of: defaults.model)
        region = range(of: defaults.region)
        filterRoom = plan.filter.isEmpty ? [] : [UInt8](repeating: 0, count: RecordFilter.maxValueBytes + 4)
        layer = defaults.layer
        workload = defaults.workload
        modality = defaults.modality
        defaultNamesEnd = names.count
        scratchEnd = names.count
        scratch = names + [UInt8](repeating: 0, count: EventAssembler.spellingRoom)
    }

    /// Room for seven spelt-out names, an id, and one more in two parts, and the few bytes that the last of each may run
    /// over.
    private static var spellingRoom: Int { 7 * (Limits.maxTenantNameBytes + 4) + 3 * (Limits.maxEventIDBytes + 4) }

    /// The fields whose being there makes more of the counts than four numbers and their sum.
    private static let unusualFields: [EventField] = [
        .splitInput, .cacheRead, .cacheWrite, .cacheHit, .cacheMiss, .additionalInput, .looseCachedInput, .spareInput,
        .additionalOutput, .additionalReasoning, .spareOutput, .cacheMeaning, .reasoningBesideSign, .typedTokens,
    ]

    /// Makes the event.
    mutating func event(_ record: RawSpan, _ values: borrowing RecordValues) throws(Fault) -> UsageEvent {
        scratchEnd = defaultNamesEnd
        if values.present & masks[.ignoredObject] != 0 { try checkIgnored(values) }
        if values.present & masks[.provider] != 0, !isOwnProvider(record, values) { try checkProvider(record, values) }
        var event = UsageEvent(layer: layer, workload: workload, modality: modality)
        event.minute = try minute(record, values)
        event.tenant = try name(
            record, values, field: .tenant, mask: masks[.tenant], maxBytes: Limits.maxTenantNameBytes, default: tenant)
        event.model = try name(
            record, values, field: .model, mask: masks[.model], maxBytes: Limits.maxModelNameBytes, default: model)
        event.region = try name(
            record, values, field: .region, mask: masks[.region], maxBytes: Limits.maxRegionNameBytes, default: region)
        if values.present & kindsMask != 0 {
            try readKinds(record, values, into: &event)
        }
        try readCounts(record, values, into: &event)
        if values.present & masks[.estimated] != 0 { event.isEstimated = isEstimated(record, values) }
        if values.present & masks[.id] != 0 || plan.rules.joinsIDs { event.id = try id(record, values) }
        return event
    }

    /// Reads a name: chosen, spelt out if needed, and checked against the rule.
    @inline(__always)
    private mutating func name(
        _ record: RawSpan, _ values: borrowing RecordValues, field: EventField, mask: UInt64, maxBytes: Int,
        default fallback: FieldRange
    ) throws(Fault) -> FieldRange {
        let source = values.choose(mask)
        if source >= 0 {
            let slot = values.slots[source]
            if slot.kind == .text, slot.count > 0, Int(slot.count) <= maxBytes,
                PlainName.holds(record, from: Int(slot.start), count: Int(slot.count))
            {
                return FieldRange(start: slot.start, count: slot.count)
            }
        }
        return try unusualName(record, values, field: field, mask: mask, maxBytes: maxBytes, default: fallback)
    }

    private mutating func unusualName(
        _ record: RawSpan, _ values: borrowing RecordValues, field: EventField, mask: UInt64, maxBytes: Int,
        default fallback: FieldRange
    ) throws(Fault) -> FieldRange {
        var left = values.present & mask
        while left != 0 {
            let source = left.trailingZeroBitCount
            left &= left - 1
            let range = try text(record, values, source: source, maxBytes: maxBytes)
            if range.count == 0, plan.rules.isLenientAboutNames { continue }
            try check(record, range, source: source, maxBytes: maxBytes)
            return range
        }
        if fallback.count == 0, field != .region { throw missing(field) }
        return fallback
    }

    /// Whether the record says of itself that its counts are an estimate: every place that could say it does.
    private func isEstimated(_ record: RawSpan, _ values: borrowing RecordValues) -> Bool {
        if plan.rules.detailsProveCounts, values.named & masks[.cachedInput] != 0 { return false }
        var left = values.present & masks[.estimated]
        while left != 0 {
            let slot = values.slots[left.trailingZeroBitCount]
            left &= left - 1
            let isTrue =
                switch slot.kind {
                case .boolean: slot.count == 4
                case .integer: slot.number > 0
                case .text, .bareText:
                    slot.count > 0 && !equals(record, slot, to: "false") && !equals(record, slot, to: "0")
                default: false
                }
            if !isTrue { return false }
        }
        return true
    }

    /// Whether a value's bytes are these.
    func equals(_ record: RawSpan, _ slot: RecordValues.Slot, to text: StaticString) -> Bool {
        guard Int(slot.count) == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { bytes in
            for offset in 0..<bytes.count {
                if unsafe bytes[offset] != record.peek(Int(slot.start) + offset) { return false }
            }
            return true
        }
    }

    /// Holds a name against ``NameRule``.
    private func check(_ record: RawSpan, _ range: FieldRange, source: Int, maxBytes: Int) throws(Fault) {
        let start = Int(range.start)
        let end = start + Int(range.count)
        let problem =
            range.isInScratch
            ? unsafe NameRule.problem(in: scratch.span.bytes.extracting(start..<end), maxBytes: maxBytes)
            : NameRule.problem(in: record.extracting(start..<end), maxBytes: maxBytes)
        switch problem {
        case nil: return
        case .empty: throw Fault(.nameEmpty, source: source)
        case .tooLong(let limit): throw Fault(.nameTooLong, source: source, extent: limit)
        case .invalidUTF8(let byte): throw Fault(.nameInvalidUTF8, source: source, at: byte)
        case .forbiddenCharacter(let byte): throw Fault(.nameForbidden, source: source, at: byte)
        case .reserved: throw Fault(.nameReserved, source: source)
        }
    }

    /// The text of a value, in the record or spelt out in the scratch.
    private mutating func text(
        _ record: RawSpan, _ values: borrowing RecordValues, source: Int, maxBytes: Int
    ) throws(Fault) -> FieldRange {
        let slot = values.slots[source]
        let start = Int(slot.start)
        let end = start + Int(slot.count)
        let count: Int
        switch slot.kind {
        case .text, .bareText:
            return FieldRange(start: slot.start, count: slot.count)
        case .integer where plan.rules.isLenientAboutNames:
            return FieldRange(start: slot.start, count: slot.count)
        case .escapedText:
            count = Unescape.json(record, from: start, to: end, into: &scratch, at: scratchEnd, room: maxBytes)
        case .doubledQuotes:
            count = Unescape.csv(record, from: start, to: end, into: &scratch, at: scratchEnd, room: maxBytes)
        default:
            throw Fault(.wantedText, source: source)
        }
        if count == Unescape.doesNotFit { throw Fault(.nameTooLong, source: source, extent: maxBytes) }
        if count == Unescape.loneSurrogate { throw Fault(.nameInvalidUTF8, source: source) }
        let range = FieldRange(start: UInt32(scratchEnd), count: UInt32(count), isInScratch: count > 0)
        scratchEnd += count
        return range
    }

    /// All parts of an id, one behind the other with a zero between them.
    private mutating func joinedID(_ record: RawSpan, _ values: borrowing RecordValues) throws(Fault) -> FieldRange {
        var joined: [UInt8] = []
        var left = masks[.id]
        while left != 0 {
            let source = left.trailingZeroBitCount
            left &= left - 1
            guard values.present >> UInt64(source) & 1 != 0 else { throw Fault(.missing, source: source) }
            let range = try text(record, values, source: source, maxBytes: Limits.maxEventIDBytes)
            if range.count == 0 { throw Fault(.nameEmpty, source: source) }
            if !joined.isEmpty { joined.append(0) }
            let start = Int(range.start)
            for index in start..<start + Int(range.count) {
                joined.append(range.isInScratch ? scratch[index] : record.peek(index))
            }
            guard joined.count <= Limits.maxEventIDBytes else {
                throw Fault(.nameTooLong, source: source, extent: Limits.maxEventIDBytes)
            }
        }
        return spell(joined)
    }

    /// Spells out an id that no single value holds, behind what the names of the last event took.
    mutating func spell(_ id: [UInt8]) -> FieldRange {
        precondition(id.count <= Limits.maxEventIDBytes, "an id of \(id.count) bytes")
        for (offset, byte) in id.enumerated() { scratch[scratchEnd + offset] = byte }
        let range = FieldRange(start: UInt32(scratchEnd), count: UInt32(id.count), isInScratch: !id.isEmpty)
        scratchEnd += id.count
        return range
    }

    func missing(_ field: EventField) -> Fault {
        let mask = masks[field]
        return Fault(.missing, source: mask == 0 ? -1 : mask.trailingZeroBitCount, extent: Int(field.rawValue))
    }

    /// Whether the event names the collector's own provider, told from the words of its name.
    @inline(__always)
    private func isOwnProvider(_ record: RawSpan, _ values: borrowing RecordValues) -> Bool {
        let slot = values.slots[values.choose(masks[.provider])]
        return slot.kind == .text
            && KeyWords(record, start: Int(slot.start), count: Int(slot.count)) == providerWords
    }

    private mutating func checkProvider(_ record: RawSpan, _ values: borrowing RecordValues) throws(Fault) {
        var left = values.present & masks[.provider]
        while left != 0 {
            let source = left.trailingZeroBitCount
            left &= left - 1
            let range = try text(record, values, source: source, maxBytes: Limits.maxProviderNameBytes)
            if range.count == 0, plan.rules.isLenientAboutNames { continue }
            guard equals(record, range, name: provider) else { throw Fault(.otherProvider, source: source) }
            return
        }
    }

    private func equals(_ record: RawSpan, _ range: FieldRange, name: [UInt8]) -> Bool {
        guard Int(range.count) == name.count else { return false }
        let start = Int(range.start)
        for offset in 0..<name.count {
            let byte = range.isInScratch ? scratch[start + offset] : record.peek(start + offset)
            if byte != name[offset] { return false }
        }
        return true
    }

    /// Checks the kinds of the native event's ignored fields.
    private func checkIgnored(_ values: borrowing RecordValues) throws(Fault) {
        var left = values.present & masks[.ignoredObject]
        while left != 0 {
            let source = left.trailingZeroBitCount
            left &= left - 1
            guard values.slots[source].kind == .object else { throw Fault(.wantedObject, source: source) }
        }
    }

    /// Reads the event's id: any text of the allowed length, since it is only ever compared.
    private mutating func id(_ record: RawSpan, _ values: borrowing RecordValues) throws(Fault) -> FieldRange {
        if plan.rules.joinsIDs { return try joinedID(record, values) }
        var left = values.present & masks[.id]
        while left != 0 {
            let source = left.trailingZeroBitCount
            left &= left - 1
            let range = try text(record, values, source: source, maxBytes: Limits.maxEventIDBytes)
            if range.count == 0 {
                if plan.rules.isLenientAboutNames { continue }
                throw Fault(.nameEmpty, source: source)
            }
            guard Int(range.count) <= Limits.maxEventIDBytes else {
                throw Fault(.nameTooLong, source: source, extent: Limits.maxEventIDBytes)
            }
            return range
        }
        return FieldRange.absent
    }

    /// Reads layer, workload and modality where the record names them.
    private mutating func readKinds(
        _ record: RawSpan, _ values: borrowing RecordValues, into event: inout UsageEvent
    ) throws(Fault) {
        event.layer = try kind(record, values, mask: masks[.layer], default: event.layer) { Layer(name: $0) }
        event.workload = try kind(record, values, mask: masks[.workload], default: event.workload) {
            Workload(name: $0)
        }
        event.modality = try kind(record, values, mask: masks[.modality], default: event.modality) {
            Modality(name: $0)
        }
    }

    /// Finds a value by its name. The names are short enough for strings without an allocation.
    private mutating func kind<Value>(
        _ record: RawSpan, _ values: borrowing RecordValues, mask: UInt64, default fallback: Value,
        named find: (String) -> Value?
    ) throws(Fault) -> Value {
        var left = values.present & mask
        while left != 0 {
            let source = left.trailingZeroBitCount
            left &= left - 1
            let range = try text(record, values, source: source, maxBytes: Limits.maxTenantNameBytes)
            if range.count == 0, plan.rules.isLenientAboutNames { continue }
            guard range.count <= 15 else { throw Fault(.otherValue, source: source) }
            let start = Int(range.start)
            let name = unsafe String(unsafeUninitializedCapacity: 15) { buffer in
                for offset in 0..<Int(range.count) {
                    unsafe buffer[offset] = range.isInScratch ? scratch[start + offset] : record.peek(start + offset)
                }
                return Int(range.count)
            }
            guard let value = find(name) else { throw Fault(.otherValue, source: source) }
            return value
        }
        return fallback
    }
}
