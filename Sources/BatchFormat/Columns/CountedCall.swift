package import UsageModel

/// One call as it is counted, of which later records may still change the count.
package struct CountedCall: Sendable, Hashable {
    /// The most bytes that one takes in a write-ahead record: its key and content, and 13 varints.
    static let maxEncodedBytes = 24 + 8 * 5 + 5 * 10

    /// Minutes since 1970-01-01T00:00Z.
    package var minute: Int64
    package var tenant: String
    package var model: String
    package var region: String
    package var layer: Layer
    package var workload: Workload
    package var modality: Modality
    package var flags: UsageFlags
    package var counts: TokenCounts
    /// What the record that gives the call its minute and names says, as in ``EventFingerprint/content``.
    package var content: UInt64

    package init(
        minute: Int64, tenant: String, model: String, region: String, layer: Layer, workload: Workload,
        modality: Modality, flags: UsageFlags, counts: TokenCounts, content: UInt64
    ) {
        self.minute = minute
        self.tenant = tenant
        self.model = model
        self.region = region
        self.layer = layer
        self.workload = workload
        self.modality = modality
        self.flags = flags
        self.counts = counts
        self.content = content
    }

    /// Input and output: what is remembered of a call once nothing changes its count any more. No two counts within
    /// `Limits` leave 64 bits.
    package var tokens: UInt64 { counts.input + counts.output }
}

/// A call that a write-ahead record counts, or counts anew.
package struct AcceptedCall: Sendable, Equatable {
    /// Made of the id's key, so that no id has it.
    package var key: UInt128
    /// How it was counted before; `nil` where it wasn't, and where that was read from a record, which doesn't say it.
    package var base: CountedCall?
    package var value: CountedCall

    package init(key: UInt128, base: CountedCall?, value: CountedCall) {
        self.key = key
        self.base = base
        self.value = value
    }
}

/// Calls as bytes. Their names are those of the rows beside them, by number.
enum CallsCodec {
    /// - Throws: ``BatchError`` for a call that none of the rows was made of.
    static func encode(_ calls: [AcceptedCall], names: UsageRows) throws(BatchError) -> [UInt8] {
        if calls.isEmpty { return [] }
        let tenants = numbers(of: names.tenants)
        let models = numbers(of: names.models)
        let regions = numbers(of: names.regions)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(calls.count * CountedCall.maxEncodedBytes / 2)
        for call in calls {
            let value = call.value
            guard let tenant = tenants[value.tenant], let model = models[value.model],
                let region = regions[value.region]
            else { throw wrong("its names are in no row") }
            unsafe withUnsafeBytes(of: call.key.littleEndian) { unsafe bytes.append(contentsOf: $0) }
            unsafe withUnsafeBytes(of: value.content.littleEndian) { unsafe bytes.append(contentsOf: $0) }
            for number in [
                UInt64(clamping: value.minute), tenant, model, region, UInt64(value.layer.rawValue),
                UInt64(value.workload.rawValue), UInt64(value.modality.rawValue), UInt64(value.flags.rawValue),
                value.counts.requests, value.counts.input, value.counts.cachedInput, value.counts.output,
                value.counts.reasoningOutput,
            ] {
                append(number, to: &bytes)
            }
        }
        return bytes
    }

    /// Never traps, whatever the bytes.
    static func decode(_ bytes: [UInt8], names: UsageRows) throws(BatchError) -> [AcceptedCall] {
        var calls: [AcceptedCall] = []
        var reader = Reader(bytes: bytes)
        while !reader.isAtEnd { calls.append(try reader.call(names)) }
        return calls
    }

    private static func numbers(of names: [String]) -> [String: UInt64] {
        Dictionary(names.enumerated().map { ($1, UInt64($0)) }) { first, _ in first }
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    private static func wrong(_ message: String) -> BatchError {
        BatchError(.badMessage, field: "accepted_rows.calls", message)
    }

    private struct Reader {
        let bytes: [UInt8]
        var offset = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        var isAtEnd: Bool { offset == bytes.count }

        mutating func call(_ names: UsageRows) throws(BatchError) -> AcceptedCall {
            let key = UInt128(try word()) | UInt128(try word()) << 64
            let content = try word()
            let minute = try number(BatchBounds.maxMinute)
            let tenant = try name(names.tenants)
            let model = try name(names.models)
            let region = try name(names.regions)
            guard let layer = Layer(rawValue: UInt8(try number(Int64(UInt8.max)))),
                let workload = Workload(rawValue: UInt8(try number(Int64(UInt8.max)))),
                let modality = Modality(rawValue: UInt8(try number(Int64(UInt8.max))))
            else { throw wrong("a code isn't known") }
            let flags = UsageFlags(rawValue: UInt8(try number(Int64(UsageFlags.all.rawValue))))
            let counts = TokenCounts(
                requests: UInt64(try number(Int64(Limits.maxRequestsPerEvent))), input: try tokens(),
                cachedInput: try tokens(), output: try tokens(), reasoningOutput: try tokens())
            guard counts.requests > 0, counts.cachedInput <= counts.input, counts.reasoningOutput <= counts.output,
                !flags.contains(.takenBack)
            else { throw wrong("a count is inconsistent") }
            return AcceptedCall(
                key: key, base: nil,
                value: CountedCall(
                    minute: minute, tenant: tenant, model: model, region: region, layer: layer, workload: workload,
                    modality: modality, flags: flags, counts: counts, content: content))
        }

        private mutating func tokens() throws(BatchError) -> UInt64 {
            UInt64(try number(Int64(Limits.maxTokensPerField)))
        }

        private mutating func name(_ names: [String]) throws(BatchError) -> String {
            let index = Int(try number(Int64(UInt32.max)))
            guard index < names.count else { throw wrong("a name's number is beyond the dictionary") }
            return names[index]
        }

        private mutating func word() throws(BatchError) -> UInt64 {
            guard bytes.count - offset >= 8 else { throw wrong("cut short") }
            var value: UInt64 = 0
            for index in 0..<8 { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
            offset += 8
            return value
        }

        private mutating func number(_ most: Int64) throws(BatchError) -> Int64 {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 64, by: 7) {
                guard offset < bytes.count else { throw wrong("cut short") }
                let byte = bytes[offset]
                offset += 1
                value |= UInt64(byte & 0x7F) << shift
                guard byte < 0x80 else { continue }
                if byte == 0, shift > 0 { throw wrong("a number isn't shortest") }
                guard value <= UInt64(most) else { throw wrong("\(value) is above \(most)") }
                return Int64(value)
            }
            throw wrong("a number leaves 64 bits")
        }
    }
}
