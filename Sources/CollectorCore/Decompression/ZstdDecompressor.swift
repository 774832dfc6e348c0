internal import CZstd

/// zstd frames one after another, through libzstd.
///
/// The stream is made once, used only by its owner, and freed with it.
@safe final class ZstdDecompressor: Decompressor {
    private let stream: OpaquePointer
    private(set) var isAtEnd = false

    init(maxWindowLog: Int32) throws(DecompressionError) {
        guard let stream = unsafe ZSTD_createDStream() else {
            throw DecompressionError(.tooLarge, "no memory for a zstd stream")
        }
        unsafe self.stream = stream
        unsafe ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, maxWindowLog)
    }

    deinit {
        unsafe ZSTD_freeDStream(stream)
    }

    func decompress(
        _ input: ArraySlice<UInt8>, into output: inout [UInt8], limit: Int
    ) throws(DecompressionError) -> (consumed: Int, produced: Int) {
        var room = [UInt8](repeating: 0, count: max(1, limit))
        var result = 0
        var consumed = 0
        var produced = 0
        unsafe input.withUnsafeBytes { source in
            unsafe room.withUnsafeMutableBytes { target in
                var from = unsafe ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
                var to = unsafe ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
                unsafe result = ZSTD_decompressStream(stream, &to, &from)
                unsafe consumed = from.pos
                unsafe produced = to.pos
            }
        }
        if ZSTD_isError(result) != 0 {
            let isWindow = ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge
            let name = unsafe String(cString: ZSTD_getErrorName(result))
            throw DecompressionError(isWindow ? .tooLarge : .corrupt, "is not readable as zstd: \(name)")
        }
        // 0 means that a frame was completed and flushed; a call that does nothing keeps what was known.
        if consumed > 0 || produced > 0 { isAtEnd = result == 0 }
        output.append(contentsOf: room[..<produced])
        return (consumed, produced)
    }
}
