internal import Foundation
internal import Testing

extension EndToEndTests {
    /// The converters by themselves: what they write adds up to `totals.json` before anything else touches it.
    @Suite struct ConverterTests {
        @Test(arguments: [
            ("12", UInt64(12), 0), ("0.085", 85, 3), ("0.009666283084004603", 9_666_283_084_004_603, 18),
            ("8.163265306122449e-05", 8_163_265_306_122_449, 20), ("1.5e+2", 150, 0), ("1.0", 10, 1),
        ])
        func `decimals keep the digits as written`(text: String, mantissa: UInt64, scale: Int) throws {
            #expect(try ExactDecimal(text) == ExactDecimal(mantissa: mantissa, scale: scale))
        }

        @Test(arguments: [
            ("0.5", UInt64(1), UInt64(1)), ("0.4999999999999999999", 1, 0), ("2.5", 1, 3), ("0.085", 600, 51),
            ("0.35333333333333333", 600, 212), ("1.5", 0, 0), ("1.25", 2, 3),
        ])
        func `halves round up`(text: String, factor: UInt64, expected: UInt64) throws {
            #expect(try ExactDecimal(text).timesRoundedHalfUp(factor) == expected)
        }

        @Test(arguments: ["", ".", "x", "1x", "99999999999999999999", "-1"])
        func `other texts are no decimals`(text: String) {
            #expect(throws: (any Error).self) { try ExactDecimal(text) }
        }

        @Test func `values are skipped whatever they hold`() throws {
            var scanner = ByteScanner(Array(#"{"a":{"b":[1,"]}\"",{"c":null}],"d":-1.5e3},"e":7}"#.utf8))
            var found: UInt64 = 0
            try scanner.object { key, scanner in
                if key == "e" { found = try scanner.decimal().mantissa } else { try scanner.skipValue() }
            }
            #expect(found == 7)
        }

        @Test func `times are written in RFC 3339`() {
            #expect(rfc3339(milliseconds: 1_759_276_800_007) == "2025-10-01T00:00:00.007Z")
            #expect(rfc3339(milliseconds: TraceEpochs.serveGenSmallSecond * 1000) == "2025-01-06T00:00:00.000Z")
            #expect(rfc3339(milliseconds: TraceEpochs.serveGenReasonSecond * 1000) == "2025-02-20T00:00:00.000Z")
            #expect(rfc3339(milliseconds: TraceEpochs.mooncakeMinute * 60_000) == "2024-11-05T02:00:00.000Z")
        }
    }
}
