internal import CZstd
internal import UsageModel

extension ZstdFrame {
    /// Decompresses bytes that must be exactly one frame, all of whose promises are within limits.
    ///
    /// Nothing is decompressed, and nothing larger than `sealed` is allocated, before the frame's header has been held
    /// against the limits.
    static func decompress(_ sealed: [UInt8]) throws(BatchError) -> [UInt8] {
        let contentSize = try inspect(sealed)
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
    private static func inspect(_ sealed: [UInt8]) throws(BatchError) -> Int {
        guard sealed.count <= Limits.maxSealedBatchBytes else {
            throw BatchError(.sealedTooLarge, "\(sealed.count) bytes, more than \(Limits.maxSealedBatchBytes)")
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
        guard contentSize <= Limits.maxDecodedBatchBytes else {
            throw BatchError(.decodedTooLarge, "\(contentSize) bytes, more than \(Limits.maxDecodedBatchBytes)")
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
