import Testing
import UsageModel

@testable import BatchFormat

@Suite struct EventFingerprintTests {
    private func fingerprint(_ id: String, source: String = "http", tenant: String = "t", input: UInt64 = 1)
        -> EventFingerprint
    {
        let record = Array((id + tenant).utf8)
        var event = UsageEvent(counts: TokenCounts(requests: 1, input: input))
        event.id = FieldRange(start: 0, count: UInt32(id.utf8.count))
        event.tenant = FieldRange(start: UInt32(id.utf8.count), count: UInt32(tenant.utf8.count))
        var fingerprinter = EventFingerprinter()
        return unsafe fingerprinter.fingerprint(
            of: event, scope: source, record: record.span.bytes, scratch: RawSpan())
    }

    private func accepted(_ fingerprints: [EventFingerprint]) throws -> AcceptedRows {
        let row = UsageRow(
            minute: 29_453_000, tenant: 0, model: 0, region: 0, layer: .maas, workload: .online, modality: .text,
            counts: TokenCounts(requests: 9, input: 9))
        return AcceptedRows(
            rows: UsageRows(tenants: ["t"], models: ["m"], regions: ["r"], rows: [row]), eventCount: 9,
            rejections: [.syntax: 2],
            fingerprints: AcceptedFingerprints(acceptedAtMilliseconds: 1_767_225_600_000, fingerprints: fingerprints))
    }

    @Test func `the key is of source and id and the content of the rest`() {
        #expect(fingerprint("a") == fingerprint("a"))
        #expect(fingerprint("a").key != fingerprint("b").key)
        #expect(fingerprint("a").key != fingerprint("a", source: "other").key)
        // The same bytes, cut elsewhere.
        #expect(fingerprint("a", source: "http").key != fingerprint("pa", source: "htt").key)
        #expect(fingerprint("a", tenant: "u").key == fingerprint("a").key)
        #expect(fingerprint("a", tenant: "u").content != fingerprint("a").content)
        #expect(fingerprint("a", input: 2).content != fingerprint("a").content)
    }

    @Test func `fingerprints are those of earlier releases, whose records are still read`() {
        #expect(fingerprint("a").key == 0x6291_0fb1_73e7_32c0_3be9_3fe2_afbc_5309)
        #expect(fingerprint("a").content == 0xc791_4b58_a19b_5218)
    }

    @Test func `fingerprints come back from a record with its rows and without`() throws {
        let rows = try accepted([fingerprint("a"), fingerprint("b"), EventFingerprint(key: .max, content: .max)])
        let bytes = try RowsCodec.encode(rows)
        #expect(try RowsCodec.decode(bytes) == rows)
        #expect(try RowsCodec.decodeFingerprints(bytes) == rows.fingerprints)
        let without = try accepted([])
        #expect(try RowsCodec.decode(RowsCodec.encode(without)) == without)
        #expect(try RowsCodec.decodeFingerprints(RowsCodec.encode(without)).isEmpty)
    }

    @Test func `a record cut anywhere is refused or holds fewer fields`() throws {
        let rows = try accepted([fingerprint("a"), fingerprint("b")])
        let bytes = try RowsCodec.encode(rows)
        for count in bytes.indices {
            let cut = Array(bytes.prefix(count))
            // Where a field ends the rest is a whole message, without fingerprints.
            if let fingerprints = try? RowsCodec.decodeFingerprints(cut) { #expect(fingerprints.isEmpty, "\(count)") }
            if let decoded = try? RowsCodec.decode(cut) { #expect(decoded != rows, "\(count)") }
        }
    }

    @Test(arguments: [23, 25, 47])
    func `fingerprints that are no whole number are refused`(count: Int) throws {
        var bytes = try RowsCodec.encode(accepted([]))
        bytes += [0x28, 1, 0x32, UInt8(count)] + [UInt8](repeating: 7, count: count)
        #expect(throws: BatchError.self) { try RowsCodec.decode(bytes) }
        #expect(throws: BatchError.self) { try RowsCodec.decodeFingerprints(bytes) }
    }
}
