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

    /// The fingerprint of an event; its id must not be absent.
    ///
    /// - Parameter source: where it came in. Sources have ids of their own.
    package init(_ event: borrowing UsageEvent, source: String, record: RawSpan, scratch: RawSpan) {
        var names = SHA256()
        names.update(data: Array(source.utf8))
        names.update(data: [0])
        names.update(event.id, record: record, scratch: scratch)
        key = UInt128(bigEndian: names.finalize())

        var content = SHA256()
        for range in [event.tenant, event.model, event.region] {
            content.update(UInt64(range.count))
            content.update(range, record: record, scratch: scratch)
        }
        content.update(UInt64(bitPattern: event.minute))
        content.update(
            UInt64(event.layer.rawValue) << 16 | UInt64(event.workload.rawValue) << 8 | UInt64(event.modality.rawValue))
        let counts = event.counts
        for count in [counts.requests, counts.input, counts.cachedInput, counts.output, counts.reasoningOutput] {
            content.update(count)
        }
        self.content = UInt64(truncatingIfNeeded: UInt128(bigEndian: content.finalize()) >> 64)
    }
}

extension SHA256 {
    fileprivate mutating func update(_ range: FieldRange, record: RawSpan, scratch: RawSpan) {
        let start = Int(range.start)
        let bytes = (range.isInScratch ? scratch : record).extracting(start..<start + Int(range.count))
        unsafe bytes.withUnsafeBytes { unsafe update(bufferPointer: $0) }
    }

    fileprivate mutating func update(_ integer: UInt64) {
        unsafe withUnsafeBytes(of: integer.bigEndian) { unsafe update(bufferPointer: $0) }
    }
}

extension UInt128 {
    /// The first 16 bytes.
    fileprivate init(bigEndian bytes: some Sequence<UInt8>) {
        self = bytes.prefix(16).reduce(0) { $0 << 8 | UInt128($1) }
    }
}
