/// Seeds that once failed. They are run whenever the simulator runs, beside what is asked for.
///
/// A seed stands for what it makes happen in one version of the simulator: where that draws its random numbers in
/// another way, an old seed is one more seed. These failed before scenarios were made shorter and denser; the bugs that
/// they found have tests of their own, in `WriterCoreTests` and `ShippingStateMachineTests`.
package enum RegressionSeeds {
    package static let all: [UInt64] = [
        // Batches in the spool that shipping had dropped or passed: an acknowledgement lost in a failed sync, a read
        // that failed once.
        13, 17, 21, 33, 48, 49,
        // A process fenced by its own epoch request, which had gone unanswered and was carried out late.
        14, 29,
        // A batch of the archive that could not be read when it was to be supplied again.
        27,
    ]
}
