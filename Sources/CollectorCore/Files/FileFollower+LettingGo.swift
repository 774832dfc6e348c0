internal import Spool
internal import UsageModel

extension FileFollower {
    /// Keeps an eye on a file that no glob leads to: it may still grow under another name, or without one. While its
    /// handle is held it is read by that; one that had none gets one, where its new name can be found.
    mutating func followDetached(_ id: FileID, _ listings: inout FileIdentification.Listings) {
        guard var file = followed.removeValue(forKey: id) else { return }
        file.detachedAt = file.detachedAt ?? steadyClock.nowMilliseconds()
        guard file.handle == nil, !file.isDone, !file.isGone else {
            followed[id] = file
            return
        }
        do throws(FileSystemError) {
            guard
                let found = try identification.findRenamed(
                    id, lastPath: file.path, others: otherDirectories(of: file.path, file.source), &listings)
            else {
                // A copy of it, or one that was compressed, may hold what wasn't read.
                return orphanFollowed(file, unreadBytes: file.bytesBehind, isLookedFor: file.bytesBehind > 0)
            }
            file.see(found.status, at: found.path)
            if handleCount < maxHandles { _ = try open(&file) }
        } catch {
            // Whether it is there is not known; it is looked for again.
            file.hasLookFailed = true
        }
        followed[id] = file
    }

    /// Lets files go whose name is gone, once they are read and quiet. What was read of them stays remembered.
    package mutating func letGoOfDetached() {
        // While no input is taken, files can't have been read to their end.
        guard !intakeSwitch.isClosed else { return }
        let now = steadyClock.nowMilliseconds()
        let gone = order.filter { id in
            guard let file = followed[id], let detachedAt = file.detachedAt, !file.mayHoldMore else { return false }
            return now - max(file.grewAt, detachedAt) > detachedGraceMilliseconds
        }
        for id in gone {
            guard var file = followed.removeValue(forKey: id) else { continue }
            closeHandle(&file)
            orphanFollowed(file, unreadBytes: 0, isLookedFor: false)
            report(.letGo(path: file.path))
        }
    }

    /// A file turned out to hold what another one does: it isn't read itself while that one is.
    mutating func followAsCopy(_ copy: FollowedFile, of original: FileID) {
        var file = copy
        closeHandle(&file)
        order.removeAll { $0 == file.id }
        contents.remove(file.id, file.checkpoint)
        accumulator.removeCheckpoints([file.id])
        copies[file.id] = FileCopy(original: original, look: file.looked)
        if toldCopies.insert(file.id).inserted {
            report(.copy(path: file.path, original: followed[original]?.path ?? ""))
        }
    }
}
