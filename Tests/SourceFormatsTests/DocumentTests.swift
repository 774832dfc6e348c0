import SourceFormats
import Testing
import UsageModel

/// Bodies of requests: an array, one object, or lines, told apart by how they begin.
@Suite struct DocumentTests {
    static let event = SampleSource.native

    func collected(_ text: String) throws -> Collected { try collect(text, framing: .document) }

    @Test(arguments: [
        "", " \n\t\r\n", "[]", " [ ] \n",
    ])
    func `no bytes are no events`(_ text: String) throws {
        #expect(try collected(text) == Collected())
    }

    @Test func `an object may stand on many lines`() throws {
        let pretty = DocumentTests.event.replacing(",", with: ",\r\n\t").replacing("{", with: "{\n").replacing(
            "}", with: "\n}\n")
        #expect(try collected(pretty).totals.requests == 1)
        #expect(try collected("\n\n" + pretty).totals.requests == 1)
        let cut = try collected(String(pretty.dropLast(3)))
        #expect(cut.reasons == [.syntax])
        #expect(cut.rejections.first?.position.line == 1)
        #expect(try collected(pretty + pretty).reasons == [.syntax])
    }

    @Test func `lines whose first is cut are still lines`() throws {
        let sink = try collected("{\"id\":\"1\",\n\(DocumentTests.event)\n\(DocumentTests.event)\n")
        #expect(sink.totals.requests == 2)
        #expect(sink.reasons == [.syntax])
    }

    @Test func `garbage is rejected line by line`() throws {
        let sink = try collected("hello\n\(DocumentTests.event)\n")
        #expect(sink.totals.requests == 1)
        #expect(sink.reasons == [.syntax])
    }

    @Test(
        arguments: [
            ("[,E]", 1, [RejectionReason.syntax]), ("[E,]", 1, [.syntax]), ("[E,,E]", 2, [.syntax]),
            ("[E E]", 0, [.syntax]),
            ("[E", 1, [.syntax]), ("[", 0, [.syntax]), ("[E,", 1, [.syntax]), ("[E]]", 1, [.syntax]),
            ("[E]x", 1, [.syntax]),
            ("[E,{\"attributes\":[1,2}]", 1, [.syntax, .syntax]),
            ("[{},E,[],E,\"x\"]", 2, [.missingField, .notAnObject, .notAnObject]),
            ("[{\"id\":\"a raw\nline end\"},E]", 1, [.syntax]),
        ] as [(String, UInt64, [RejectionReason])])
    func `trouble of an array is told, and its elements count`(
        _ text: String, _ count: UInt64, _ reasons: [RejectionReason]
    )
        throws
    {
        let sink = try collected(text.replacing("E", with: DocumentTests.event))
        #expect(sink.totals.requests == count)
        #expect(sink.reasons == reasons)
    }

    @Test func `a long element is skipped without its like`() throws {
        let long = "{\"a\":\"" + String(repeating: "],\\\"", count: Limits.maxRecordBytes / 4) + "\"}"
        for chunk in [10_000, 100_001, Int.max] {
            let sink = try collect(
                "[\(DocumentTests.event),\(long),\(DocumentTests.event)]", framing: .document, chunk: chunk)
            #expect(sink.totals.requests == 2)
            #expect(sink.reasons == [.recordTooLong])
            #expect(sink.rejections.first?.position.line == 2)
        }
    }

    @Test func `a long object is rejected once`() throws {
        let long = "{\n\"a\":\"" + String(repeating: "x\n", count: Limits.maxRecordBytes) + "\"}"
        for chunk in [100_000, Int.max] {
            #expect(try collect(long, framing: .document, chunk: chunk).reasons == [.recordTooLong])
        }
    }
}
