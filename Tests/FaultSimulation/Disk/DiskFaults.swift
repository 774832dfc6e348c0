/// What goes wrong on a disk, beside power cuts.
struct DiskFaults: Sendable {
    /// Calls in a thousand that fail once with EIO.
    var errors = 0
    /// Reads in a thousand that fail once with EIO. Not while a spool is opened: what can't be read then is damage.
    var readErrors = 0
    /// Writes in a thousand that write less than asked for.
    var shortWrites = 0
    /// Reads and writes in a thousand that a signal interrupts.
    var interruptions = 0
    /// All writes and syncs fail with EIO for now.
    var isFailing = false
    /// Bytes that the disk holds.
    var capacity = Int.max

    /// A sync answers without having written anything: a bug for the simulation to find.
    var ignoresSync = false
    /// A directory's sync answers without having written anything: a bug for the simulation to find.
    var ignoresDirectorySync = false
}
