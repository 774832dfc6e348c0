/// Bugs that metering services have had. Switched on, the simulated surroundings behave as if the product had one, and
/// the simulation has to notice: so it shows that it can fail.
package enum KnownBug: String, Sendable, CaseIterable {
    /// `fdatasync` answers before anything is on the disk: what "acknowledge before fsync" comes to.
    case acknowledgeBeforeSync = "acknowledge-before-sync"
    /// New segments are used without their directory having been synced.
    case forgetDirectorySync = "forget-directory-sync"
    /// Pushed events are acknowledged once they are appended.
    case acknowledgeOnAppend = "acknowledge-on-append"
    /// A log with a torn tail is dropped as a whole.
    case dropLogWithTornTail = "drop-log-with-torn-tail"
    /// After a start followed files are read from their beginning.
    case forgetCheckpoints = "forget-checkpoints"
    /// A batch of unknown outcome is sealed again before it is repeated.
    case resealAfterUnknownOutcome = "reseal-after-unknown-outcome"
    /// A batch that was counted under another key is counted again.
    case countDuplicates = "count-duplicates"
    /// Batches that leave a gap are counted, and the numbers between are passed over.
    case skipGaps = "skip-gaps"
    /// Digests are known for ten seconds.
    case forgetDigests = "forget-digests"
    /// A batch is acknowledged before its transaction commits.
    case acknowledgeBeforeCommit = "acknowledge-before-commit"
    /// A database that went back in time doesn't say so.
    case hideRegression = "hide-regression"
}
