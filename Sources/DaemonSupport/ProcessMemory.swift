internal import CMemory

/// What the process has of the machine's memory beside what it uses.
package enum ProcessMemory {
    /// The most arenas of the allocator. Each keeps what its threads have freed, so that the default of eight for each
    /// processor would keep the peak of each.
    private static let maxArenas: Int32 = 2
    /// Blocks of this size and larger are the system's own pages, in bytes, and go back to it when they are freed: the
    /// tables and columns of batches and segments, which come and go. By default the allocator keeps blocks of up to
    /// 32 MiB once one was freed, and what lies between them.
    private static let mappedBytes: Int32 = 256 << 10
    /// Free memory at the end of an arena beyond which it goes back to the system, in bytes.
    private static let keptBytes: Int32 = 1 << 20

    /// To be called before threads are started.
    package static func limit() {
        _ = mallopt(M_ARENA_MAX, maxArenas)
        _ = mallopt(M_MMAP_THRESHOLD, mappedBytes)
        _ = mallopt(M_TRIM_THRESHOLD, keptBytes)
    }

    /// Gives pages that nothing uses back to the system.
    package static func giveBack() {
        _ = malloc_trim(0)
    }

    /// Lets go of the pages of code, most of which only starting needed. What is run from then on comes back by itself,
    /// from the system's cache of files.
    package static func letGoOfCode() { steelyard_release_code() }
}
