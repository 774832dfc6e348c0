internal import Foundation

/// Memory with keys, tokens and usage in it stays out of files.
package enum CoreDumps {
    /// From now on this process writes no core dump, hands none to a program that collects them, and no other process
    /// of its user reads its memory. Called first of all in every program that holds a key or a token.
    ///
    /// What it starts inherits the limit: PostgreSQL under `steelyard up` writes none either.
    package static func forbid() {
        var limit = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
        // The limit doesn't bind a collector that `kernel.core_pattern` pipes to; this does.
        _ = processControl(.setDumpable)
    }

    /// Whether neither is possible.
    package static var areForbidden: Bool {
        var limit = rlimit()
        return unsafe getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0 && limit.rlim_max == 0
            && processControl(.getDumpable) == 0
    }

    /// Operations of `prctl(2)`, as `linux/prctl.h` numbers them.
    private enum Operation: Int32 {
        case getDumpable = 3
        case setDumpable = 4
    }

    private typealias ProcessControl = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32

    /// `prctl` with 0 for what follows the operation. Looked up by name: Swift's Glibc module leaves functions out that
    /// take any number of arguments. -1 where there is none.
    private static func processControl(_ operation: Operation) -> Int32 {
        guard let symbol = unsafe dlsym(nil, "prctl") else { return -1 }
        return unsafe unsafeBitCast(symbol, to: ProcessControl.self)(operation.rawValue, 0, 0, 0, 0)
    }
}
