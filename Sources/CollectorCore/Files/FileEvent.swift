package import Spool

/// What following files has to tell the log and the metrics.
package enum FileEvent {
    /// A file is followed from this offset on.
    case following(path: String, source: String, offset: UInt64)
    /// A chunk was read and counted. `duplicates` had been counted before, told by their ids.
    case parsed(
        source: String, events: UInt64, rejected: UInt64, ignored: IgnoredRecords, duplicates: UInt64, byteCount: Int)
    /// A file was emptied and written anew, or another one lies in its place; `offset` is where reading had been.
    case startedOver(path: String, offset: UInt64)
    /// What was read of a file up to an offset lies in another place now and goes on there.
    case moved(path: String, from: String, offset: UInt64)
    /// A file holds what another one does, which is read; it is read itself once that one is gone.
    case copy(path: String, original: String)
    /// A file holds less than what was read of it, or of the file that lay in its place, and as far as it goes it may
    /// be the same. It waits until it is longer or differs.
    case held(path: String, byteCount: UInt64, offset: UInt64)
    /// A file begins as what was read did, its first event included, and then says something else: it isn't read.
    case rewritten(path: String, original: String, offset: UInt64)
    /// A file holds less than what was read of it, or zeros in the place of its end, since the machine went down;
    /// reading goes on behind what is left.
    case cutByPowerFailure(path: String, offset: UInt64, goesOnAt: UInt64)
    /// A compressed file was read to its end; `byteCount` after decompression.
    case finished(path: String, byteCount: UInt64)
    /// A version of an export is counted, and no longer the one before it.
    case versionCounted(ExportNote)
    /// A version of an export isn't counted; what was counted of the one before it stays.
    case versionHeld(path: String, source: String, detail: String, remedy: String)
    /// A file's name is gone, and it is no longer followed.
    case letGo(path: String)
    /// More files than are followed at once, `limit`; this one waits. Told once for each source until there is room.
    case tooMany(path: String, limit: Int)
    /// A file was removed, moved away or emptied before these bytes of it were read, and is nowhere to be found.
    case lost(path: String, source: String, byteCount: UInt64)
    /// A file that an earlier run had read to an offset is nowhere to be found: whether more was written isn't known.
    case vanished(path: String, offset: UInt64)
    /// A file can't be opened; it is tried again. Told once for each path.
    case unopenable(path: String, FileSystemError)
    /// A file can't be read for now; it is tried again. Told once until it can be.
    case unreadable(path: String, offset: UInt64, any Error)
    /// A file's bytes can't be understood: it isn't read any further.
    case failed(path: String, offset: UInt64, detail: String)
}
