internal import CMalloc

/// What the C library's allocator keeps of the process's memory.
enum ProcessMemory {
    /// The most arenas of the allocator. Each keeps what its threads have freed, so that the default of eight for each
    /// processor would keep the peak of each.
    private static let maxArenas: Int32 = 2

    /// To be called before threads are started.
    static func limitArenas() {
        _ = mallopt(M_ARENA_MAX, maxArenas)
    }

    /// Gives pages that nothing uses back to the system.
    static func giveBack() {
        _ = malloc_trim(0)
    }
}
