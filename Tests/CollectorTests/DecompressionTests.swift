import Foundation
import TestSupport
import Testing

@testable import CollectorCore

@Suite struct DecompressionTests {
    private func compressed(_ bytes: [UInt8], _ tool: [String]) async throws -> [UInt8] {
        try await ScratchDirectory.with("compress") { directory in
            try LogFile.compress(Data(bytes), with: tool, to: "\(directory)/x")
            return Array(try Data(contentsOf: URL(fileURLWithPath: "\(directory)/x")))
        }
    }

    /// Text that compresses, bytes that don't, and runs.
    private var sample: [UInt8] {
        var generator = SeededGenerator(seed: 7)
        var bytes = Array(Lines.events(0..<2_000).utf8)
        bytes += (0..<50_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        bytes += [UInt8](repeating: 0x61, count: 100_000)
        return bytes
    }

    static let tools: [(Compression, [String])] = [
        (.gzip, ["gzip", "-1", "-c"]), (.gzip, ["gzip", "-9", "-c"]), (.zstd, ["zstd", "-q", "-c"]),
        (.zstd, ["zstd", "-q", "-19", "-c"]),
    ]

    @Test(arguments: tools) func `gives back what was compressed`(kind: Compression, tool: [String]) async throws {
        for bytes in [sample, [], [0x0A]] {
            let packed = try await compressed(bytes, tool)
            let limit = max(1, bytes.count)
            #expect(try kind.decompress(packed, limit: limit, maxWindowLog: 23) == bytes)
        }
    }

    @Test(arguments: [(["gzip", "-c"], Compression.gzip), (["zstd", "-q", "-c"], .zstd)])
    func `takes several members in a row`(tool: [String], kind: Compression) async throws {
        let packed = try await compressed(Array("one\n".utf8), tool)
        let both = try kind.decompress(packed + packed, limit: 100, maxWindowLog: 23)
        #expect(both == Array("one\none\n".utf8))
    }

    @Test(arguments: tools) func `drip-fed input gives the same`(kind: Compression, tool: [String]) async throws {
        let bytes = Array(sample.prefix(30_000)) + [UInt8](repeating: 0, count: 3_000)
        let packed = try await compressed(bytes, tool)
        for piece in [1, 3, 1_000] {
            let decompressor = try kind.makeDecompressor(maxWindowLog: 23)
            var output: [UInt8] = []
            var offset = 0
            while offset < packed.count {
                let end = min(offset + piece, packed.count)
                let step = try decompressor.decompress(packed[offset..<end], into: &output, limit: 777)
                offset += step.consumed
            }
            while try decompressor.decompress([], into: &output, limit: 777).produced > 0 {}
            #expect(output == bytes)
            #expect(decompressor.isAtEnd)
        }
    }

    @Test(arguments: tools) func `every truncation is found`(kind: Compression, tool: [String]) async throws {
        let packed = try await compressed(Array(Lines.events(0..<12).utf8), tool)
        for count in 0..<packed.count {
            #expect(throws: DecompressionError.self) {
                try kind.decompress(Array(packed[..<count]), limit: 1 << 20, maxWindowLog: 23)
            }
        }
    }

    @Test(arguments: tools) func `no flipped bit traps`(kind: Compression, tool: [String]) async throws {
        let bytes = Array(Lines.events(0..<12).utf8)
        let packed = try await compressed(bytes, tool)
        for index in packed.indices {
            for bit in [index % 8, (index + 5) % 8] {
                var damaged = packed
                damaged[index] ^= 1 << UInt8(bit)
                let output = try? kind.decompress(damaged, limit: 1 << 20, maxWindowLog: 23)
                // gzip checks its contents; a header's name or time may change without harm.
                if kind == .gzip, let output { #expect(output == bytes) }
            }
        }
    }

    @Test(arguments: [(Compression.gzip, ["gzip", "-c"]), (.zstd, ["zstd", "-q", "-c"])])
    func `a bomb stops at the limit`(kind: Compression, tool: [String]) async throws {
        let packed = try await compressed([UInt8](repeating: 0, count: 20_000_000), tool)
        #expect(packed.count < 50_000)
        #expect {
            try kind.decompress(packed, limit: 1_000_000, maxWindowLog: 23)
        } throws: { ($0 as? DecompressionError)?.code == .tooLarge }
    }

    @Test func `a window beyond the limit is refused before it is made`() async throws {
        let bytes = sample + sample.reversed()
        let packed = try await compressed(
            bytes, ["zstd", "-q", "--ultra", "-22", "--long=27", "--no-content-size", "-c"])
        #expect(throws: DecompressionError.self) {
            try Compression.zstd.decompress(packed, limit: 1 << 30, maxWindowLog: 10)
        }
    }
}
