internal import Crypto
package import UsageModel

/// What is remembered of an event that has an id: enough to tell it when it comes again, and nothing that says what it
/// was.
package struct EventFingerprint: Sendable, Equatable {
    /// Bytes of a fingerprint in a write-ahead record.
    package static let byteCount = 24
    /// The most fingerprints of one write-ahead record. A request of the largest body holds fewer events.
    package static let maxPerRecord = 400_000

    /// The first 16 bytes of SHA-256(source, 0, id): the same for the same event, whoever asks and whenever.
    package var key: UInt128
    /// The first 8 bytes of SHA-256 over what the event says: two contents under one key are two events.
    package var content: UInt64

    package init(key: UInt128, content: UInt64) {
        self.key = key
        self.content = content
    }
}

/// How far a running total was counted.
package struct AcceptedTotal: Sendable, Equatable {
    /// The first 16 bytes of SHA-256(source, 0, part, total), so that no id has it.
    package var key: UInt128
    /// How far it had been counted before; `nil` where nothing was known of it.
    package var base: UInt64?
    package var value: UInt64

    package init(key: UInt128, base: UInt64?, value: UInt64) {
        self.key = key
        self.base = base
        self.value = value
    }
}

/// Makes the fingerprints of events, in memory that is kept from one to the next.
package struct EventFingerprinter: Sendable {
    private var bytes: [UInt8] = []

    package init() {}

    /// The fingerprint of an event; its id must not be absent.
    ///
    /// - Parameter scope: within what its id is the same: the source's name, or nothing where other sources have the
    ///   same ids.
    package mutating func fingerprint(
        of event: borrowing UsageEvent, scope: String, record: RawSpan, scratch: RawSpan
    ) -> EventFingerprint {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: scope.utf8)
        bytes.append(0)
        append(event.id, record: record, scratch: scratch)
        let key = digest()

        bytes.removeAll(keepingCapacity: true)
        append(named: event.tenant, record: record, scratch: scratch)
        append(named: event.model, record: record, scratch: scratch)
        append(named: event.region, record: record, scratch: scratch)
        append(UInt64(bitPattern: event.minute))
        // An event without flags has the fingerprint that it had before there were any.
        let flags = UsageFlags(isEstimated: event.isEstimated, isTakenBack: event.isTakenBack)
        append(
            UInt64(flags.rawValue) << 24 | UInt64(event.layer.rawValue) << 16 | UInt64(event.workload.rawValue) << 8
                | UInt64(event.modality.rawValue))
        let counts = event.counts
        append(counts.requests)
        append(counts.input)
        append(counts.cachedInput)
        append(counts.output)
        append(counts.reasoningOutput)
        return EventFingerprint(key: key, content: UInt64(truncatingIfNeeded: digest() >> 64))
    }

    /// The key under which a call is remembered, made of the key of its id. It is another one, and each gives the
    /// other.
    package static func callKey(_ idKey: UInt128) -> UInt128 { idKey ^ 0x6361_6C6C_0000_0000_0000_0000_0000_0001 }

    /// The key of an id that is the beginning of an event's.
    ///
    /// - Parameter dropped: how many bytes the event's id has behind it.
    package mutating func key(
        ofCall event: borrowing UsageEvent, scope: String, dropping dropped: Int, record: RawSpan, scratch: RawSpan
    ) -> UInt128 {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: scope.utf8)
        bytes.append(0)
        var id = event.id
        id.count -= UInt32(dropped)
        append(id, record: record, scratch: scratch)
        return digest()
    }

    /// The key under which one part of a call is remembered, where parts are told by what they say.
    package mutating func partKey(_ event: EventFingerprint) -> UInt128 {
        bytes.removeAll(keepingCapacity: true)
        unsafe withUnsafeBytes(of: event.key.bigEndian) { unsafe bytes.append(contentsOf: $0) }
        append(event.content)
        return digest()
    }

    /// The key under which a running total is remembered.
    ///
    /// - Parameter source: where it came in.
    package mutating func key(of total: RunningTotal, source: String) -> UInt128 {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: source.utf8)
        // Two zeros: no id is empty, so that what stands here is none.
        bytes += [0, 0, total.part.rawValue]
        unsafe withUnsafeBytes(of: total.key.bigEndian) { unsafe bytes.append(contentsOf: $0) }
        return digest()
    }

    private mutating func append(named range: FieldRange, record: RawSpan, scratch: RawSpan) {
        append(UInt64(range.count))
        append(range, record: record, scratch: scratch)
    }

    private mutating func append(_ range: FieldRange, record: RawSpan, scratch: RawSpan) {
        let start = Int(range.start)
        let text = (range.isInScratch ? scratch : record).extracting(start..<start + Int(range.count))
        unsafe text.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    private mutating func append(_ integer: UInt64) {
        unsafe withUnsafeBytes(of: integer.bigEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    /// The first 16 bytes of the bytes' SHA-256.
    private func digest() -> UInt128 {
        unsafe SHA256.hash(data: bytes).withUnsafeBytes {
            UInt128(bigEndian: unsafe $0.loadUnaligned(as: UInt128.self))
        }
    }
}
