/// Why compressed input can't be read.
package struct DecompressionError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// The bytes break the format.
        case corrupt
        /// More output, or a larger window, than is allowed.
        case tooLarge
        /// The input ended in the middle.
        case truncated
    }

    package var code: Code
    package var description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}

/// A compression that sources may come in.
package enum Compression: String, Sendable, Equatable {
    case gzip
    case zstd

    /// By a file's name.
    package init?(path: String) {
        if path.hasSuffix(".gz") {
            self = .gzip
        } else if path.hasSuffix(".zst") {
            self = .zstd
        } else {
            return nil
        }
    }

    /// A streaming decompressor. Memory is bounded by the window: 32 KiB for gzip, `2^maxWindowLog` for zstd.
    package func makeDecompressor(maxWindowLog: Int32) throws(DecompressionError) -> any Decompressor {
        switch self {
        case .gzip: GzipDecompressor()
        case .zstd: try ZstdDecompressor(maxWindowLog: maxWindowLog)
        }
    }

    /// Decompresses a whole file or body; the output never grows past `limit`.
    package func decompress(_ body: [UInt8], limit: Int, maxWindowLog: Int32) throws(DecompressionError) -> [UInt8] {
        let decompressor = try makeDecompressor(maxWindowLog: maxWindowLog)
        var output: [UInt8] = []
        var consumed = 0
        while true {
            let room = limit - output.count + 1
            let step = try decompressor.decompress(body[consumed...], into: &output, limit: min(room, 64 << 10))
            consumed += step.consumed
            if output.count > limit {
                throw DecompressionError(.tooLarge, "decompresses to more than \(limit) bytes")
            }
            if consumed == body.count, step.produced == 0 {
                guard decompressor.isAtEnd else { throw DecompressionError(.truncated, "ends in the middle") }
                return output
            }
        }
    }
}

/// Decompresses a stream piece by piece. One owner at a time.
package protocol Decompressor: AnyObject {
    /// Appends at most about `limit` bytes of output; call again with what was not consumed.
    ///
    /// Nothing consumed and nothing produced means that more input is needed.
    func decompress(
        _ input: ArraySlice<UInt8>, into output: inout [UInt8], limit: Int
    ) throws(DecompressionError) -> (consumed: Int, produced: Int)

    /// Whether what was consumed so far is a whole stream: no frame or member is open.
    var isAtEnd: Bool { get }
}
