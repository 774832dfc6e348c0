internal import CZstd
internal import UsageModel

/// The one zstd frame that a batch travels in, or a segment is stored in. Nothing else of either touches the zstd
/// library.
enum ZstdFrame {
    /// Compresses `content` into one frame with content size and checksum.
    ///
    /// - Parameter boundaries: offsets at which a new block is begun, ascending, within the content. A block has its
    ///   own entropy tables, so blocks that hold one column each come out smaller; readers don't notice.
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
                        input, into: UnsafeMutableRawBufferPointer(output), with: context, boundaries: boundaries)
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
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, with context: OpaquePointer,
        boundaries: [Int]
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

extension ZstdFrame {
    /// Decompresses bytes that must be exactly one frame, all of whose promises are within limits.
    ///
    /// Nothing is decompressed, and nothing larger than `sealed` is allocated, before the frame's header has been held
    /// against the limits.
    ///
    /// - Parameters:
    ///   - maxSealedBytes: the largest frame.
    ///   - maxContentBytes: the most that it may promise to decompress to.
    static func decompress(
        _ sealed: [UInt8], maxSealedBytes: Int = Limits.maxSealedBatchBytes,
        maxContentBytes: Int = Limits.maxDecodedBatchBytes
    ) throws(BatchError) -> [UInt8] {
        let contentSize = try inspect(sealed, maxSealedBytes: maxSealedBytes, maxContentBytes: maxContentBytes)
        guard let context = unsafe ZSTD_createDCtx() else {
            throw BatchError(.badCompression, "zstd could not get memory for a decompressor")
        }
        defer { unsafe ZSTD_freeDCtx(context) }
        try check(unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Int32(Limits.maxZstdWindowLog)))
        var result = 0
        let content = unsafe [UInt8](unsafeUninitializedCapacity: contentSize) { output, count in
            result = unsafe sealed.withUnsafeBytes { input in
                unsafe ZSTD_decompressDCtx(
                    context, output.baseAddress, output.count, input.baseAddress, input.count)
            }
            count = ZSTD_isError(result) == 0 ? result : 0
        }
        try check(result)
        guard content.count == contentSize else {
            throw BatchError(.badCompression, "\(content.count) bytes where the frame promises \(contentSize)")
        }
        return content
    }

    /// Checks everything that a frame says about itself.
    ///
    /// - Returns: the content size in bytes.
    private static func inspect(
        _ sealed: [UInt8], maxSealedBytes: Int, maxContentBytes: Int
    ) throws(BatchError) -> Int {
        guard sealed.count <= maxSealedBytes else {
            throw BatchError(.sealedTooLarge, "\(sealed.count) bytes, more than \(maxSealedBytes)")
        }
        var header = ZSTD_frameHeader()
        let needed = unsafe sealed.withUnsafeBytes { input in
            unsafe ZSTD_getFrameHeader(&header, input.baseAddress, input.count)
        }
        guard ZSTD_isError(needed) == 0, needed == 0 else {
            throw BatchError(.badFrame, "doesn't begin with a complete zstd frame header")
        }
        guard header.frameType == ZSTD_frame else { throw BatchError(.badFrame, "a skippable frame") }
        guard header.dictID == 0 else { throw BatchError(.badFrame, "wants a dictionary") }
        guard header.checksumFlag == 1 else { throw BatchError(.badFrame, "has no content checksum") }
        let (contentSize, windowSize) = (header.frameContentSize, header.windowSize)
        // The two largest values stand for "unknown" and "error".
        guard contentSize < UInt64.max - 1 else { throw BatchError(.badFrame, "doesn't say its content size") }
        guard contentSize <= maxContentBytes else {
            throw BatchError(.decodedTooLarge, "\(contentSize) bytes, more than \(maxContentBytes)")
        }
        guard contentSize > 0 else { throw BatchError(.badFrame, "is empty") }
        guard windowSize <= 1 << UInt64(Limits.maxZstdWindowLog) else {
            throw BatchError(.badFrame, "wants a window of \(windowSize) bytes, more than 8 MiB")
        }
        let frameSize = unsafe sealed.withUnsafeBytes { input in
            unsafe ZSTD_findFrameCompressedSize(input.baseAddress, input.count)
        }
        guard ZSTD_isError(frameSize) == 0 else { throw BatchError(.badFrame, "the frame is cut short or broken") }
        guard frameSize == sealed.count else {
            throw BatchError(.badFrame, "\(sealed.count - frameSize) bytes follow the frame")
        }
        return Int(contentSize)
    }
}
