internal import Foundation
internal import TestSupport

extension SeededGenerator {
    /// The seed to use: `STEELYARD_TEST_SEED`, or a new one. Whoever takes it prints it.
    static func chosenSeed() -> UInt64 {
        ProcessInfo.processInfo.environment["STEELYARD_TEST_SEED"].flatMap { UInt64($0) }
            ?? UInt64.random(in: 1...999_999_999)
    }
}
