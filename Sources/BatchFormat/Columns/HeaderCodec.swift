internal import SwiftProtobuf
internal import UsageModel
internal import WireProtocol

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// The header as a message and back, by the same rules in both directions.
enum HeaderCodec {
    static func encode(_ header: BatchHeader) throws(BatchError) -> WireHeader {
        try check(header)
        var wire = WireHeader()
        wire.provider = header.provider
        wire.collector = header.collector
        wire.spoolID = Data(header.spoolID.bytes)
        wire.spoolSequence = header.spoolSequence
        wire.sealedAtMilliseconds = UInt64(header.sealedAtMilliseconds)
        wire.softwareVersion = header.softwareVersion
        wire.eventCount = header.eventCount
        wire.rejections = try RejectionsCodec.encode(header.rejections)
        return wire
    }

    static func decode(_ wire: WireHeader) throws(BatchError) -> BatchHeader {
        guard let spoolID = SpoolID(bytes: wire.spoolID) else { throw error(in: "spool_id", "must be 16 bytes") }
        let header = BatchHeader(
            provider: wire.provider, collector: wire.collector, spoolID: spoolID, spoolSequence: wire.spoolSequence,
            sealedAtMilliseconds: Int64(clamping: wire.sealedAtMilliseconds), softwareVersion: wire.softwareVersion,
            eventCount: wire.eventCount, rejections: try RejectionsCodec.decode(wire.rejections))
        try check(header)
        return header
    }

    /// Holds the number of events against the rows: each row has at least one, each event at least one request.
    static func checkEventCount(_ eventCount: UInt64, rowCount: Int, requests: UInt128) throws(BatchError) {
        guard eventCount >= UInt64(rowCount), UInt128(eventCount) <= requests else {
            throw BatchError(
                .inconsistentCounts, field: "event_count",
                "\(eventCount) events, but \(rowCount) rows and \(requests) requests")
        }
    }

    /// No event has more than `Limits.maxTokensPerField` tokens in a field, so no batch has more than its events could.
    ///
    /// - Parameter totals: of what is counted and what is taken back, both added: neither makes room for the other.
    static func checkTokens(_ totals: WideTokenCounts, eventCount: UInt64) throws(BatchError) {
        let most = UInt128(eventCount) * UInt128(Limits.maxTokensPerField)
        let fields = [
            ("input", totals.input), ("cached_input", totals.cachedInput), ("output", totals.output),
            ("reasoning_output", totals.reasoningOutput),
        ]
        for (name, tokens) in fields where tokens > most {
            throw BatchError(
                .inconsistentCounts, field: "rows.\(name)",
                "\(tokens) tokens, but \(eventCount) events have at most \(most)")
        }
    }

    private static func check(_ header: BatchHeader) throws(BatchError) {
        guard NameRule.isIdentifier(header.provider, maxBytes: Limits.maxProviderNameBytes) else {
            throw error(in: "provider", "must be lower-case letters, digits and inner hyphens")
        }
        guard NameRule.isIdentifier(header.collector, maxBytes: Limits.maxCollectorNameBytes) else {
            throw error(in: "collector", "must be lower-case letters, digits and inner hyphens")
        }
        guard header.spoolSequence > 0 else { throw error(in: "spool_sequence", "must be 1 or more") }
        guard header.sealedAtMilliseconds > 0, header.sealedAtMilliseconds <= BatchBounds.maxSealedAtMilliseconds else {
            throw error(in: "sealed_at_milliseconds", "must lie in the years 1970 to 9999")
        }
        let version = header.softwareVersion.utf8
        guard version.count >= 1, version.count <= BatchBounds.maxSoftwareVersionBytes,
            version.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw error(in: "software_version", "must be 1 to 64 bytes of printable ASCII without spaces") }
        guard header.eventCount <= BatchBounds.maxEvents else {
            throw error(in: "event_count", "\(header.eventCount) is above \(BatchBounds.maxEvents)")
        }
    }

    private static func error(in field: String, _ message: String) -> BatchError {
        BatchError(.badHeader, field: "header.\(field)", message)
    }
}
