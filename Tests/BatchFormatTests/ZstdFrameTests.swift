internal import CZstd
internal import Foundation
internal import Glibc
internal import Testing
internal import UsageModel

@testable internal import BatchFormat

@Suite struct ZstdFrameTests {
    private static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]

    /// A frame made by hand: RFC 8878, section 3.1.1.
    private struct HandMade {
        /// Frame header descriptor: content size of 8 bytes, checksum.
        var descriptor: UInt8 = 0b1100_0100
        /// Exponent of the window above 10; `nil` for a single segment.
        var windowExponent: UInt8? = 9
        var dictionary: [UInt8] = []
        var contentSize: UInt64
        var blocks: [UInt8] = []
        var checksum: [UInt8] = [0, 0, 0, 0]

        var bytes: [UInt8] {
            var descriptor = descriptor
            if windowExponent == nil { descriptor |= 0b0010_0000 }
            return ZstdFrameTests.magic + [descriptor] + (windowExponent.map { [$0 << 3] } ?? []) + dictionary
                + (0..<8).map { UInt8(truncatingIfNeeded: contentSize >> (8 * $0)) } + blocks + checksum
        }

        /// A block that repeats one byte.
        static func run(of count: Int, last: Bool) -> [UInt8] {
            let header = count << 3 | 1 << 1 | (last ? 1 : 0)
            return (0..<3).map { UInt8(truncatingIfNeeded: header >> (8 * $0)) } + [0x41]
        }
    }

    /// Compresses with the library, with parameters that our own writer doesn't use.
    private static func frame(_ content: [UInt8], _ parameters: [(ZSTD_cParameter, Int32)]) -> [UInt8] {
        guard let context = unsafe ZSTD_createCCtx() else { return [] }
        defer { unsafe ZSTD_freeCCtx(context) }
        for (parameter, value) in parameters { unsafe ZSTD_CCtx_setParameter(context, parameter, value) }
        return unsafe [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(content.count)) { output, count in
            count = unsafe content.withUnsafeBytes { input in
                unsafe ZSTD_compress2(context, output.baseAddress, output.count, input.baseAddress, input.count)
            }
        }
    }

    private static func sound() throws -> [UInt8] {
        try BatchEncoder().seal(.sample(eventCount: 1), MinuteBuckets.summing([PlainEvent()]).rows()).bytes
    }

    private static let withChecksum = (ZSTD_c_checksumFlag, Int32(1))
    private static let slow = (ZSTD_c_compressionLevel, Int32(19))
    /// The most memory that one frame may take beyond its own bytes, in KiB.
    private static let maxExtraKibibytes = 16 << 10

    @Test func `blocks may begin anywhere, and what comes out is the same`() throws {
        var generator = SeededGenerator(seed: 3)
        let content = (0..<300_000).map { _ in UInt8.random(in: 0...40, using: &generator) }
        let plain = try ZstdFrame.compress(content, level: 1, boundaries: [])
        let split = try ZstdFrame.compress(
            content, level: 1, boundaries: [0, 1, 1_000, 1_000, 131_072, 299_999, 300_000])
        #expect(plain != split)
        #expect(try ZstdFrame.decompress(plain) == content)
        #expect(try ZstdFrame.decompress(split) == content)
    }

    /// Frames that are not exactly what the specification asks for, bombs among them, and the code that each must get.
    private static func refused() throws -> [(String, [UInt8], BatchError.Code)] {
        let sound = try Self.sound()
        let content = [UInt8](repeating: 7, count: 5_000)
        let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]
        let empty = frame([], [withChecksum])
        var manyEmpty: [UInt8] = []
        for _ in 0..<100_000 { manyEmpty += empty }
        let large = UInt64(Limits.maxDecodedBatchBytes)
        return [
            ("nothing", [], .badFrame),
            ("no magic", content, .badFrame),
            ("the magic alone", magic, .badFrame),
            ("an old version of zstd", [0x27] + sound.dropFirst(), .badFrame),
            ("no content size", frame(content, [withChecksum, (ZSTD_c_contentSizeFlag, 0)]), .badFrame),
            ("no checksum", frame(content, []), .badFrame),
            ("an empty frame", empty, .badFrame),
            ("a hundred thousand empty frames", manyEmpty, .badFrame),
            ("two frames", sound + sound, .badFrame),
            ("an empty frame behind", sound + empty, .badFrame),
            ("a byte behind", sound + [0], .badFrame),
            ("a skippable frame before", skippable + sound, .badFrame),
            ("a skippable frame behind", sound + skippable, .badFrame),
            ("a skippable frame alone", skippable, .badFrame),
            (
                "a dictionary",
                HandMade(
                    descriptor: 0b1100_0101, dictionary: [9], contentSize: 100,
                    blocks: HandMade.run(of: 100, last: true)
                ).bytes, .badFrame
            ),
            (
                "a window of 128 MiB",
                HandMade(windowExponent: 17, contentSize: 100, blocks: HandMade.run(of: 100, last: true)).bytes,
                .badFrame
            ),
            (
                "a single segment of 9 MiB",
                HandMade(windowExponent: nil, contentSize: 9 << 20, blocks: HandMade.run(of: 100, last: true)).bytes,
                .badFrame
            ),
            (
                "a byte over the limit",
                HandMade(contentSize: large + 1, blocks: HandMade.run(of: 100, last: true)).bytes, .decodedTooLarge
            ),
            (
                "a content size of 2^63",
                HandMade(contentSize: 1 << 63, blocks: HandMade.run(of: 100, last: true)).bytes, .decodedTooLarge
            ),
            (
                "more than it says",
                HandMade(contentSize: 99, blocks: HandMade.run(of: 100, last: true)).bytes, .badCompression
            ),
            (
                "less than it says",
                HandMade(contentSize: 101, blocks: HandMade.run(of: 100, last: true)).bytes, .badCompression
            ),
            (
                "a wrong checksum",
                HandMade(contentSize: 100, blocks: HandMade.run(of: 100, last: true)).bytes, .badCompression
            ),
            (
                "a reserved bit",
                HandMade(
                    descriptor: 0b1100_1100, contentSize: 100, blocks: HandMade.run(of: 100, last: true)
                ).bytes, .badFrame
            ),
            (
                "no last block", HandMade(contentSize: 100, blocks: HandMade.run(of: 100, last: false)).bytes, .badFrame
            ),
            (
                "a reserved block type",
                HandMade(contentSize: 100, blocks: [0b0000_0111, 0, 0, 0]).bytes, .badFrame
            ),
            (
                "a block over the limit of 128 KiB",
                HandMade(contentSize: 200_000, blocks: HandMade.run(of: 200_000, last: true)).bytes, .badCompression
            ),
            ("a cut frame", Array(sound.dropLast(6)), .badFrame),
            (
                "longer than any batch", sound + [UInt8](repeating: 0, count: Limits.maxSealedBatchBytes),
                .sealedTooLarge
            ),
            ("15 MiB of one byte", frame([UInt8](repeating: 0x41, count: Int(large)), [withChecksum]), .badMessage),
            (
                "15 MiB of zeros at level 19", frame([UInt8](repeating: 0, count: Int(large)), [withChecksum, slow]),
                .badMessage
            ),
            (
                "15 MiB in runs without a checksum that holds",
                HandMade(
                    contentSize: large,
                    blocks: (1...120).flatMap { HandMade.run(of: 131_072, last: $0 == 120) }
                ).bytes, .badCompression
            ),
            (
                "15 MiB promised, 128 KiB there",
                HandMade(contentSize: large, blocks: HandMade.run(of: 131_072, last: true)).bytes, .badCompression
            ),
            (
                "1 byte promised, 16 MiB there",
                HandMade(
                    contentSize: 1, blocks: (1...128).flatMap { HandMade.run(of: 131_072, last: $0 == 128) }
                ).bytes, .badCompression
            ),
            (
                "a hundred thousand empty blocks",
                HandMade(
                    contentSize: 1,
                    blocks: [UInt8](repeating: 0, count: 300_000) + HandMade.run(of: 1, last: true)
                ).bytes, .badCompression
            ),
        ]
    }

    @Test func `a frame that is not exactly what the specification asks for is refused by name`() throws {
        let cases = try Self.refused()
        #expect(cases.count >= 20)
        for (name, bytes, code) in cases {
            let error = #expect(throws: BatchError.self, "\(name)") { try BatchDecoder().decode(bytes) }
            #expect(error?.code == code, "\(name): \(String(describing: error))")
        }
    }

    @Test func `a sound frame of the highest ratio is opened within its promise and its contents refused`() throws {
        let bomb = Self.frame([UInt8](repeating: 0x41, count: 8 << 20), [Self.withChecksum])
        #expect(bomb.count < 2_000)
        let error = #expect(throws: BatchError.self) { try BatchDecoder().decode(bomb) }
        #expect(error?.code == .badMessage)
    }

    /// Address Sanitizer keeps books of its own about every byte.
    private static let isSanitized = unsafe dlsym(nil, "__asan_init") != nil

    @Test(.enabled(if: !isSanitized))
    func `no frame takes more memory than a batch that was sent in full`() throws {
        for (name, bytes, _) in try Self.refused() {
            // What earlier frames took isn't there any more to be used again.
            _ = Self.trim?(0)
            let before = try Self.memory("VmRSS")
            // Forgets the highest point so far.
            try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
            _ = try? BatchDecoder().decode(bytes)
            let extra = try Self.memory("VmHWM") - before
            #expect(extra <= Self.maxExtraKibibytes, "\(name): \(extra) KiB")
        }
    }

    /// `malloc_trim`, whose header Swift doesn't import: gives freed memory back to the system.
    private static let trim = unsafe dlsym(nil, "malloc_trim").map {
        unsafe unsafeBitCast($0, to: (@convention(c) (Int) -> Int32).self)
    }

    /// A figure of this process's memory, in KiB.
    private static func memory(_ name: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("\(name):") })
        return try #require(Int(line.filter(\.isNumber)))
    }
}
