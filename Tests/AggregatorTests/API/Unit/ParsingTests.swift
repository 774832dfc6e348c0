import Foundation
import HTTPSupport
import Postgres
import TestSupport
import Testing
internal import TextFormats
import UsageModel

@testable import Aggregator

@Suite struct QueryParametersTests {
    @Test func `decodes escapes and spaces`() throws {
        let parameters = try QueryParameters("a=%E5%8C%97%E4%BA%AC+1&b=x%2Cy", known: ["a", "b"])
        #expect(parameters["a"] == "北京 1")
        #expect(parameters["b"] == "x,y")
    }

    @Test(arguments: [
        "a=", "a=%00", "a=x%0Ay", "a=%", "a=%4", "a=%zz", "a=%ff", "a", "%ff=1", "c=1", "a=1&a=1",
        "a=\(String(repeating: "x", count: 9_000))",
    ])
    func `refuses malformed, repeated and unknown parameters`(query: String) {
        #expect(throws: Problem.self) { try QueryParameters(query, known: ["a", "b"]) }
    }

    @Test(arguments: [("1,2", true), ("1,,2", false), ("1,1", false)])
    func `refuses empty and repeated items of a list`(text: String, isFine: Bool) throws {
        let parameters = try QueryParameters("a=\(text)", known: ["a"])
        #expect(((try? parameters.list("a")) != nil) == isFine)
    }

    @Test func `limits the length of lists`() throws {
        let values = (1...APILimits.maxFilterValues).map(String.init).joined(separator: ",")
        #expect(try QueryParameters("a=\(values)", known: ["a"]).list("a").count == APILimits.maxFilterValues)
        #expect(throws: Problem.self) { try QueryParameters("a=\(values),0", known: ["a"]).list("a") }
    }
}

@Suite struct RFC3339Tests {
    @Test(
        arguments: [
            ("2025-06-01T00:00:00Z", 1_748_736_000_000_000), ("2025-06-01T08:00:00+08:00", 1_748_736_000_000_000),
            ("2025-06-01t00:00:00.5z", 1_748_736_000_500_000),
            ("2025-05-31T19:30:00.000001-04:30", 1_748_736_000_000_001),
            ("1969-12-31T23:59:59Z", -1_000_000),
        ] as [(String, Int64)])
    func `parses times of RFC 3339`(text: String, microseconds: Int64) {
        #expect(RFC3339.parse(text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2025-06-01", "2025-06-01T00:00:00", "2025-06-31T00:00:00Z", "2025-06-01T24:00:00Z", "2025-06-01T00:60:00Z",
        "2025-06-01T00:00:60Z", "2025-06-01T00:00:00.Z", "2025-06-01T00:00:00.1234567Z", "2025-06-01T00:00:00+0800",
        "2025-06-01 00:00:00Z", "2025-06-01T00:00:00Zx", "2025-06-01T00:00:00+24:00",
    ])
    func `refuses what is no time of RFC 3339`(text: String) {
        #expect(RFC3339.parse(text) == nil)
    }

    @Test func `writes what it reads`() {
        #expect(RFC3339.text(Timestamp(milliseconds: 1_748_736_000_007)) == "2025-06-01T00:00:00.007Z")
        #expect(RFC3339.text(Timestamp(microseconds: 1_748_736_000_007_050)) == "2025-06-01T00:00:00.007050Z")
        #expect(RFC3339.text(Timestamp(milliseconds: -1)) == "1969-12-31T23:59:59.999Z")
        let shanghai = ZoneRules(identifier: "Asia/Shanghai")
        #expect(shanghai.map { RFC3339.text(second: 1_748_736_000, in: $0) } == "2025-06-01T08:00:00+08:00")
    }
}

@Suite struct BatchEnvelopeTests {
    @Test func `base64 agrees with Foundation`() throws {
        var generator = SeededGenerator(seed: 7)
        for count in 0..<100 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(Base64.decode(Data(bytes).base64EncodedString()) == bytes)
        }
    }

    @Test(arguments: ["A", "AB", "ABC", "AB==C", "====", "A===", "AB=C", "AB\n=", "QQ=", "QR==", "QUJ="])
    func `refuses what is not base64`(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test func `finds the digest among others`() {
        let sum = Data(repeating: 7, count: 32).base64EncodedString()
        #expect(
            BatchEnvelope.sha256(inContentDigest: "sha-512=:AAAA:, sha-256=:\(sum):")?.bytes
                == Array(repeating: 7, count: 32))
        for header in ["", "sha-256=\(sum)", "sha-256=::", "md5=:\(sum):", "sha-256=:AAAA:"] {
            #expect(BatchEnvelope.sha256(inContentDigest: header) == nil)
        }
    }
}

@Suite struct BearerTokenTests {
    @Test func `reads what it writes`() {
        var generator = SeededGenerator(seed: 1)
        let token = BearerToken(using: &generator)
        #expect(BearerToken(token.text) == token)
        #expect(BearerToken(authorization: "bearer \(token.text)") == token)
        #expect(token.secretHash.count == 32)
        #expect(BearerToken(using: &generator) != token)
    }

    @Test(arguments: [
        "", "sy", "sy__", "sy_0_0", "xx_0000000000000000_\(String(repeating: "0", count: 64))", "Basic abc",
    ])
    func `refuses what is no token`(text: String) {
        #expect(BearerToken(text) == nil)
        #expect(BearerToken(authorization: text) == nil)
    }
}

@Suite struct JSONValueTests {
    @Test func `escapes what JSON must escape`() throws {
        let text = "quote \" slash \\ \n\r\t\u{0}\u{1F}\u{7F} 北京 \u{1F600}"
        let value = JSONValue.object([JSONMember("a", .string(text)), JSONMember("n", .integer(.min))])
        let parsed = try JSONSerialization.jsonObject(with: Data(value.encoded)) as? [String: Any]
        #expect(parsed?["a"] as? String == text)
        #expect(parsed?["n"] as? Int == .min)
    }

    @Test func `counts are decimal strings`() {
        #expect(JSONValue.count(.max).encoded == Array("\"340282366920938463463374607431768211455\"".utf8))
    }
}
