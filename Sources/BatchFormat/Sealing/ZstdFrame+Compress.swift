internal import CZstd
internal import UsageModel

/// The one zstd frame that a batch travels in. Nothing else in Steelyard's batches touches the zstd library.
enum ZstdFrame {
    /// Compresses `content` into one frame with content size and checksum.
    ///
    /// - Parameter boundaries: offsets at which a new block is begun, ascending, within the content. A block has its own
    ///   entropy tables, so blocks that hold one column each come out smaller; readers don't notice.
    static func compress(_ content: [UInt8], level: Int32, boundaries: [Int]) throws(BatchError) -> [UInt8] {
        guard let context = unsafe ZSTD_createCCtx() else {
            throw BatchError(.badCompression, "zstd could not get memory for a compressor")
        }
        defer { unsafe ZSTD_freeCCtx(context) }
        try check(unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level))
        try check(unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1))
        try check(unsafe ZSTD_CCtx_setPledgedSrcSize(context, UInt64(content.count)))
        // Each flushed block may cost a header of three bytes beyond the bound.
        let capacity = ZSTD_compressBound(content.count) + 8 * (boundaries.count + 2)
        var failure: BatchError?
        let sealed = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
            unsafe content.withUnsafeBytes { input in
                do throws(BatchError) {
                    count = unsafe try compress(
                        input, into: UnsafeMutableRawBufferPointer(output), context, boundaries)
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
        return sealed
    }

    /// - Returns: the number of bytes written.
    private static func compress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, _ context: OpaquePointer,
        _ boundaries: [Int]
    ) throws(BatchError) -> Int {
        var target = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        var source = unsafe ZSTD_inBuffer(src: input.baseAddress, size: 0, pos: 0)
        for boundary in boundaries where boundary > 0 && boundary < input.count {
            unsafe source.size = boundary
            try checkDone(unsafe ZSTD_compressStream2(context, &target, &source, ZSTD_e_flush))
        }
        unsafe source.size = input.count
        try checkDone(unsafe ZSTD_compressStream2(context, &target, &source, ZSTD_e_end))
        return unsafe target.pos
    }

    private static func checkDone(_ result: Int) throws(BatchError) {
        try check(result)
        guard result == 0 else {
            throw BatchError(.badCompression, "zstd left \(result) bytes unwritten in a buffer of its own bound")
        }
    }

    static func check(_ result: Int) throws(BatchError) {
        guard ZSTD_isError(result) != 0 else { return }
        throw BatchError(.badCompression, "zstd: \(unsafe String(cString: ZSTD_getErrorName(result)))")
    }
}
