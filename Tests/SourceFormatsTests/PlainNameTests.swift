import Testing
import UsageModel

@testable import SourceFormats

@Suite struct PlainNameTests {
    /// The shortcut may say no to a good name, never yes to a bad one.
    @Test func `what looks plain satisfies the rule`() {
        var plain = 0
        for length in 1...17 {
            for place in 0..<length {
                for byte in UInt8.min...UInt8.max {
                    var name = [UInt8](repeating: UInt8(ascii: "a"), count: length)
                    name[place] = byte
                    let bytes = name + [UInt8(ascii: "\"")]
                    guard unsafe PlainName.holds(bytes.span.bytes, from: 0, count: length) else { continue }
                    plain += 1
                    let problem = unsafe NameRule.problem(in: name.span.bytes, maxBytes: 128)
                    #expect(problem == nil, "byte \(byte) at \(place) of \(length)")
                }
            }
        }
        // Letters, digits and `_ - . / :` anywhere, the last four not at the start.
        #expect(plain == (1...17).reduce(0) { $0 + 63 + ($1 - 1) * 67 })
    }

    @Test func `every byte behind a plain name is left alone`() {
        let bytes = Array("a\"=======".utf8)
        #expect(unsafe PlainName.holds(bytes.span.bytes, from: 0, count: 1))
        #expect(unsafe !PlainName.holds(bytes.span.bytes, from: 0, count: 2))
    }
}

@Suite struct ByteScanTests {
    @Test func `the first match is found wherever it is`() {
        for length in 0...70 {
            for place in 0...length {
                var bytes = [UInt8](repeating: 0x0B, count: length)
                if place < length { bytes[place] = 0x0A }
                #expect(unsafe bytes.span.bytes.firstIndex(of: 0x0A, from: 0) == place)
                #expect(unsafe bytes.span.bytes.firstIndex(of: 0x0A, from: place) == place)
                if place < length { #expect(unsafe bytes.span.bytes.firstIndex(of: 0x0A, from: place + 1) == length) }
            }
        }
    }

    @Test func `every byte that ends a string is marked and no other`() {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<8 {
                var bytes = [UInt8](repeating: 0x80, count: 8)
                bytes[place] = byte
                let marks = RawSpan.stringEnds(unsafe bytes.span.bytes.word(at: 0))
                let isEnd = byte < 0x20 || byte == 0x22 || byte == 0x5C
                #expect((marks == 0) == !isEnd)
                if isEnd { #expect(marks.trailingZeroBitCount / 8 == place) }
            }
        }
    }
}
