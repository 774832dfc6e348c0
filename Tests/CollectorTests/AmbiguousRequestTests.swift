import Testing

@testable import Collector

/// Requests whose end can be read in two ways: what a proxy takes for a body, a server could take for the next request.
@Suite struct AmbiguousRequestTests {
    private static let hidden = "GET /livez HTTP/1.1\r\nHost: [::1]\r\n\r\n"

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var fields: String
        var body: String
    }

    static let cases = [
        Case(
            testDescription: "a length and chunks", fields: "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
            body: "0\r\n\r\n"),
        Case(
            testDescription: "chunks and a length", fields: "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            body: "0\r\n\r\n"),
        Case(testDescription: "two lengths", fields: "Content-Length: 0\r\nContent-Length: 40\r\n", body: ""),
        Case(testDescription: "a list of lengths", fields: "Content-Length: 0, 40\r\n", body: ""),
        Case(testDescription: "a negative length", fields: "Content-Length: -1\r\n", body: ""),
        Case(testDescription: "a length with a sign", fields: "Content-Length: +0\r\n", body: ""),
        Case(testDescription: "a length in hexadecimal", fields: "Content-Length: 0x0\r\n", body: ""),
        Case(testDescription: "a length beyond 64 bits", fields: "Content-Length: 18446744073709551616\r\n", body: ""),
        Case(
            testDescription: "an encoding that is nearly chunked", fields: "Transfer-Encoding: xchunked\r\n",
            body: "0\r\n\r\n"),
        Case(
            testDescription: "chunked and then something", fields: "Transfer-Encoding: chunked, identity\r\n",
            body: "0\r\n\r\n"),
        Case(
            testDescription: "a chunk beyond 64 bits", fields: "Transfer-Encoding: chunked\r\n",
            body: "10000000000000000\r\n\r\n"),
        Case(testDescription: "a negative chunk", fields: "Transfer-Encoding: chunked\r\n", body: "-1\r\n\r\n"),
        Case(testDescription: "a space before the colon", fields: "Content-Length : 0\r\n", body: ""),
        Case(testDescription: "a field without a colon", fields: "Content-Length 0\r\n", body: ""),
        Case(testDescription: "a NUL in a field", fields: "X: a\0b\r\nContent-Length: 0\r\n", body: ""),
        Case(testDescription: "a bare CR in a field", fields: "X: a\rContent-Length: 0\r\n", body: ""),
    ]

    @Test(arguments: cases)
    func `an ambiguous request hides no other`(_ ambiguous: Case) async throws {
        try await RawServer.with {
            $0.idleTimeout = .milliseconds(300)
        } _: { port async throws in
            let said = try await RawServer.talk(
                port,
                [
                    "POST /v1/events HTTP/1.1\r\nHost: [::1]\r\nContent-Type: application/json\r\n\(ambiguous.fields)\r\n"
                        + ambiguous.body + Self.hidden
                ])
            #expect(!said.contains("HTTP/1.1 200"), "\(said)")
        }
    }
}
