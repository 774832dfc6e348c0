internal import SwiftProtobuf
internal import UsageModel
internal import WireProtocol

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// The fingerprints of one accepted request.
package struct AcceptedFingerprints: Sendable, Equatable {
    /// When the request was accepted, by the collector's clock, in milliseconds since 1970; 0 where there are no
    /// fingerprints.
    package var acceptedAtMilliseconds: Int64
    /// No key twice.
    package var fingerprints: [EventFingerprint]
    /// How far running totals were counted; no key twice, and none of ``fingerprints``. In a record they stand among
    /// those, with the total as what an event says.
    package var totals: [AcceptedTotal]
    /// Calls whose count may still change; no key twice, and none of ``fingerprints``. In a record they stand among
    /// those as well, with all tokens as what an event says.
    package var calls: [AcceptedCall]

    package init(
        acceptedAtMilliseconds: Int64 = 0, fingerprints: [EventFingerprint] = [], totals: [AcceptedTotal] = [],
        calls: [AcceptedCall] = []
    ) {
        let isEmpty = fingerprints.isEmpty && totals.isEmpty && calls.isEmpty
        self.acceptedAtMilliseconds = isEmpty ? 0 : acceptedAtMilliseconds
        self.fingerprints = fingerprints
        self.totals = totals
        self.calls = calls
    }

    package var isEmpty: Bool { fingerprints.isEmpty && totals.isEmpty && calls.isEmpty }

    /// What is remembered of the request: its fingerprints, and those of its totals and calls.
    package var remembered: [EventFingerprint] {
        if totals.isEmpty, calls.isEmpty { return fingerprints }
        return fingerprints + totals.map { EventFingerprint(key: $0.key, content: $0.value) }
            + calls.map { EventFingerprint(key: $0.key, content: $0.value.tokens) }
    }

    /// Takes calls whose fingerprints are the last ones.
    mutating func take(_ calls: [AcceptedCall]) throws(BatchError) {
        if calls.isEmpty { return }
        let own = calls.map { EventFingerprint(key: $0.key, content: $0.value.tokens) }
        guard fingerprints.suffix(calls.count) == own[...] else {
            throw BatchError(.badMessage, field: "calls", "they aren't the last of the fingerprints")
        }
        fingerprints.removeLast(calls.count)
        self.calls = calls
    }

    /// - Throws: ``BatchError`` for more fingerprints than a record may hold, or a time that no record may say.
    func write(to wire: inout WireAcceptedRows) throws(BatchError) {
        let fingerprints = remembered
        if fingerprints.isEmpty { return }
        guard fingerprints.count <= EventFingerprint.maxPerRecord else {
            throw BatchError(
                .badMessage, field: "event_fingerprints", "\(fingerprints.count) are more than one record may hold")
        }
        guard (1...BatchBounds.maxSealedAtMilliseconds).contains(acceptedAtMilliseconds) else {
            throw BatchError(
                .badMessage, field: "accepted_at_milliseconds", "\(acceptedAtMilliseconds) is out of range")
        }
        wire.acceptedAtMilliseconds = UInt64(acceptedAtMilliseconds)
        wire.eventFingerprints.reserveCapacity(fingerprints.count * EventFingerprint.byteCount)
        for fingerprint in fingerprints {
            unsafe withUnsafeBytes(of: fingerprint.key.littleEndian) {
                unsafe wire.eventFingerprints.append(contentsOf: $0)
            }
            unsafe withUnsafeBytes(of: fingerprint.content.littleEndian) {
                unsafe wire.eventFingerprints.append(contentsOf: $0)
            }
        }
    }

    init(_ wire: WireAcceptedRows) throws(BatchError) {
        let bytes = Array(wire.eventFingerprints)
        unsafe try self.init(
            acceptedAtMilliseconds: Int64(wire.acceptedAtMilliseconds), bytes: bytes.span.bytes)
    }

    /// - Parameter bytes: ``EventFingerprint/byteCount`` for each fingerprint.
    init(acceptedAtMilliseconds: Int64, bytes: RawSpan) throws(BatchError) {
        guard bytes.byteCount % EventFingerprint.byteCount == 0, bytes.isEmpty == (acceptedAtMilliseconds == 0) else {
            throw BatchError(
                .badMessage, field: "event_fingerprints",
                "is no whole number of fingerprints, or when they were accepted is missing")
        }
        var fingerprints: [EventFingerprint] = []
        fingerprints.reserveCapacity(bytes.byteCount / EventFingerprint.byteCount)
        for offset in stride(from: 0, to: bytes.byteCount, by: EventFingerprint.byteCount) {
            let (low, high) = (bytes.littleEndianWord(at: offset), bytes.littleEndianWord(at: offset + 8))
            fingerprints.append(
                EventFingerprint(
                    key: UInt128(high) << 64 | UInt128(low), content: bytes.littleEndianWord(at: offset + 16)))
        }
        self.init(acceptedAtMilliseconds: acceptedAtMilliseconds, fingerprints: fingerprints)
    }
}

extension RawSpan {
    fileprivate func littleEndianWord(at offset: Int) -> UInt64 { UInt64(littleEndian: word(at: offset)) }
}
