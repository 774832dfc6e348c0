import Foundation
import Synchronization
import Testing

/// Faults that a sanitizer must report. `Tests/Tools/sanitize` runs the one that the environment names before it runs
/// the suite under the same sanitizer, built the same way: silence of the suite means something only where this was not
/// silent.
@Suite struct SanitizerControlTests {
    private static let control = ProcessInfo.processInfo.environment["STEELYARD_SANITIZER_CONTROL"]

    /// A word of memory that the type system knows nothing about.
    @safe private struct Cell: @unchecked Sendable {
        let word: UnsafeMutablePointer<Int>

        init() {
            unsafe word = .allocate(capacity: 1)
            unsafe word.initialize(to: 0)
        }
    }

    /// Two threads of their own, since tasks may share one, and nothing between them that puts one before the other.
    @Test(.enabled(if: control == "thread"))
    func `two threads that add to one word are reported`() {
        let cell = Cell()
        let done = Done()
        for _ in 0..<2 {
            Thread.detachNewThread {
                for _ in 0..<100_000 { unsafe cell.word.pointee += 1 }
                done.count.wrappingAdd(1, ordering: .relaxed)
            }
        }
        while done.count.load(ordering: .relaxed) < 2 { usleep(1_000) }
        #expect(unsafe cell.word.pointee > 0)
        unsafe cell.word.deallocate()
    }

    private final class Done: Sendable {
        let count = Atomic<Int>(0)
    }

    @Test(.enabled(if: control == "address"))
    func `memory that is read after it was freed is reported`() {
        let cell = Cell()
        unsafe cell.word.deallocate()
        #expect(unsafe cell.word.pointee != .min)
    }
}
