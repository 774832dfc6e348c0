internal import CProcessor

extension Array {
    /// Has the processor bring an element near, without waiting for it; any index is allowed.
    @inline(__always)
    func prefetch(_ index: Int) {
        // Safe: nothing is read, and any address may be given.
        unsafe withUnsafeBufferPointer { elements in
            guard let base = elements.baseAddress else { return }
            unsafe steelyard_prefetch(UnsafeRawPointer(base) + index &* MemoryLayout<Element>.stride)
        }
    }
}
