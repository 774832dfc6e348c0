import Testing
import Usage

@testable import Batching

@Suite struct EventMarkTests {
    private func mark(_ id: String, source: String = "http", tenant: String = "t", input: UInt64 = 1) -> EventMark {
        let record = Array((id + tenant).utf8)
        var event = UsageEvent(counts: TokenCounts(requests: 1, input: input))
        event.id = FieldRange(start: 0, count: UInt32(id.utf8.count))
        event.tenant = FieldRange(start: UInt32(id.utf8.count), count: UInt32(tenant.utf8.count))
        return unsafe EventMark(event, source: source, record: record.span.bytes, scratch: RawSpan())
    }

    private func accepted(_ marks: [EventMark]) throws -> AcceptedRows {
        let row = UsageRow(
            minute: 29_453_000, tenant: 0, model: 0, region: 0, layer: .maas, workload: .online, modality: .text,
            counts: TokenCounts(requests: 9, input: 9))
        return AcceptedRows(
            rows: UsageRows(tenants: ["t"], models: ["m"], regions: ["r"], rows: [row]), eventCount: 9,
            rejections: [.syntax: 2],
            marks: AcceptedMarks(acceptedAtMilliseconds: 1_767_225_600_000, marks: marks))
    }

    @Test func the_key_is_of_source_and_id_and_the_content_of_the_rest() {
        #expect(mark("a") == mark("a"))
        #expect(mark("a").key != mark("b").key)
        #expect(mark("a").key != mark("a", source: "other").key)
        // The same bytes, cut elsewhere.
        #expect(mark("a", source: "http").key != mark("pa", source: "htt").key)
        #expect(mark("a", tenant: "u").key == mark("a").key)
        #expect(mark("a", tenant: "u").content != mark("a").content)
        #expect(mark("a", input: 2).content != mark("a").content)
    }

    @Test func marks_come_back_from_a_record_with_its_rows_and_without() throws {
        let rows = try accepted([mark("a"), mark("b"), EventMark(key: .max, content: .max)])
        let bytes = try RowsCodec.encode(rows)
        #expect(try RowsCodec.decode(bytes) == rows)
        #expect(try RowsCodec.decodeMarks(bytes) == rows.marks)
        let without = try accepted([])
        #expect(try RowsCodec.decode(RowsCodec.encode(without)) == without)
        #expect(try RowsCodec.decodeMarks(RowsCodec.encode(without)).isEmpty)
    }

    @Test func a_record_cut_anywhere_is_refused_or_holds_fewer_fields() throws {
        let rows = try accepted([mark("a"), mark("b")])
        let bytes = try RowsCodec.encode(rows)
        for count in bytes.indices {
            let cut = Array(bytes.prefix(count))
            // Where a field ends the rest is a whole message, without marks.
            if let marks = try? RowsCodec.decodeMarks(cut) { #expect(marks.isEmpty, "\(count)") }
            if let decoded = try? RowsCodec.decode(cut) { #expect(decoded != rows, "\(count)") }
        }
    }

    @Test(arguments: [23, 25, 47])
    func marks_that_are_no_whole_number_are_refused(count: Int) throws {
        var bytes = try RowsCodec.encode(accepted([]))
        bytes += [0x28, 1, 0x32, UInt8(count)] + [UInt8](repeating: 7, count: count)
        #expect(throws: BatchError.self) { try RowsCodec.decode(bytes) }
        #expect(throws: BatchError.self) { try RowsCodec.decodeMarks(bytes) }
    }
}
