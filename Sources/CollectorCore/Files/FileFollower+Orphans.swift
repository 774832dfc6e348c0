internal import SourceFormats
internal import Spool
internal import UsageModel

/// What is looked for after it has left its place: by a copy before its file was emptied, by a rename into another
/// directory, compressed.
struct FileSearch {
    let source: FollowedSource
    /// Bytes that are known to stand in it and weren't read.
    let unreadBytes: UInt64
    /// Whether an earlier run had read it, so that nobody knows how much was written since.
    let isFromEarlierRun: Bool
    /// Until when it is looked for, by the steady clock, in milliseconds.
    let until: Int64
    /// When to look next, by the steady clock, in milliseconds.
    var nextLookAt: Int64 = 0
    /// Files that aren't it, as they were.
    var examined: [FileID: FollowedFile.Look] = [:]
}

/// A file that isn't followed because another one that is holds the same.
struct FileCopy {
    var original: FileID
    /// How it was when that was found.
    var look: FollowedFile.Look
}

extension FileFollower {
    /// The most files without a place of which is remembered how far they were read; the oldest are forgotten first.
    package static let maxOrphans = 500
    /// The most names of a directory that are looked at for one file.
    private static let maxExamined = 200
    /// Time between two looks for the same file.
    private static let searchMilliseconds: Int64 = 1_000

    /// Remembers what was read of a file that has left its place, and looks for it.
    mutating func orphan(
        _ place: FileID, _ checkpoint: FileCheckpoint, of source: FollowedSource, unreadBytes: UInt64 = 0,
        isFromEarlierRun: Bool = false, isLookedFor: Bool = true
    ) -> (id: FileID, checkpoint: FileCheckpoint) {
        lastOrphan += 1
        var id = place
        id.orphan = lastOrphan
        var orphaned = checkpoint
        orphaned.orphanedAtMilliseconds = wallClock.nowMilliseconds()
        remembered[id] = orphaned
        contents.insert(id, orphaned)
        for (other, copy) in copies where copy.original == place { copies[other]?.original = id }
        if isLookedFor {
            searches[id] = FileSearch(
                source: source, unreadBytes: max(unreadBytes, checkpoint.unreadBytes),
                isFromEarlierRun: isFromEarlierRun, until: steadyClock.nowMilliseconds() + detachedGraceMilliseconds)
        }
        return (id, orphaned)
    }

    /// The place of an earlier run holds something else, or nothing.
    mutating func orphanRemembered(_ place: FileID, _ source: FollowedSource) {
        guard let checkpoint = remembered.removeValue(forKey: place) else { return }
        contents.remove(place, checkpoint)
        guard checkpoint.offset > 0 else { return accumulator.removeCheckpoints([place]) }
        let orphan = orphan(place, checkpoint, of: source, isFromEarlierRun: true)
        accumulator.moveCheckpoint(from: place, to: orphan.id, orphan.checkpoint)
    }

    /// A followed file is gone: what was read of it is remembered, should it turn up again.
    mutating func orphanFollowed(_ file: FollowedFile, unreadBytes: UInt64, isLookedFor: Bool) {
        contents.remove(file.id, file.checkpoint)
        order.removeAll { $0 == file.id }
        guard file.checkpoint.offset > 0 else {
            accumulator.removeCheckpoints([file.id])
            return tellLost(file.path, file.source, byteCount: unreadBytes)
        }
        let orphan = orphan(
            file.id, file.checkpoint, of: file.source, unreadBytes: unreadBytes, isLookedFor: isLookedFor)
        accumulator.moveCheckpoint(from: file.id, to: orphan.id, orphan.checkpoint)
        forgetOldest()
    }

    private mutating func forgetOldest() {
        let orphans = remembered.filter { $0.key.orphan > 0 }
        guard orphans.count > Self.maxOrphans else { return }
        let oldest = orphans.keys.filter { searches[$0] == nil }.sorted { $0.orphan < $1.orphan }
            .prefix(orphans.count - Self.maxOrphans)
        for id in oldest {
            if let checkpoint = remembered.removeValue(forKey: id) { contents.remove(id, checkpoint) }
        }
        accumulator.removeCheckpoints(Array(oldest))
    }

    // MARK: Looking for it

    /// Looks into the directories where what left its place may be.
    mutating func search() {
        let now = steadyClock.nowMilliseconds()
        for id in searches.keys.sorted(by: { $0.orphan < $1.orphan }) {
            guard var search = searches[id], let checkpoint = remembered[id] else {
                searches[id] = nil
                continue
            }
            guard now >= search.nextLookAt else { continue }
            search.nextLookAt = now + Self.searchMilliseconds
            let isFound = find(checkpoint, &search)
            searches[id] = search
            guard !isFound else { continue }
            // While no input is taken nothing can be found by reading.
            if now >= search.until, !intakeSwitch.isClosed { giveUp(id, checkpoint, after: search) }
        }
    }

    private mutating func giveUp(_ id: FileID, _ checkpoint: FileCheckpoint, after search: FileSearch) {
        searches[id] = nil
        if search.unreadBytes > 0 {
            tellLost(checkpoint.path, search.source, byteCount: search.unreadBytes)
        } else if search.isFromEarlierRun, !checkpoint.isFinished {
            report(.vanished(path: checkpoint.path, offset: checkpoint.offset))
        }
        forgetOldest()
    }

    /// Says in the log, in a metric and in the next batch that bytes went unread.
    private func tellLost(_ path: String, _ source: FollowedSource, byteCount: UInt64) {
        guard byteCount > 0 else { return }
        accumulator.addLost(byteCount: byteCount)
        report(.lost(path: path, source: source.name, byteCount: byteCount))
    }

    /// Begins to follow the file that holds what was read, if it lies in one of the directories.
    private mutating func find(_ checkpoint: FileCheckpoint, _ search: inout FileSearch) -> Bool {
        let directories = identification.directories(
            around: checkpoint.path, otherDirectories(of: checkpoint.path, search.source))
        let own = names(of: checkpoint.path)
        for directory in directories {
            let names = ((try? fileSystem.list(directory)) ?? []).filter { name in
                own.contains { FileIdentification.areRelated(name, and: $0) }
            }
            for other in names.sorted().suffix(Self.maxExamined) {
                let path = "\(directory)/\(other)"
                guard let status = try? fileSystem.status(path), status.isRegular else { continue }
                let id = identification.id(of: status, source: search.source.name)
                let look = FollowedFile.Look(status)
                guard followed[id] == nil, copies[id] == nil, search.examined[id] != look else { continue }
                // What can't be looked at now is looked at again.
                guard let isIt = isCopy(path, of: checkpoint) else { continue }
                guard isIt else {
                    search.examined[id] = look
                    continue
                }
                if begin(id, at: path, search.source) == .begun {
                    let now = steadyClock.nowMilliseconds()
                    followed[id]?.detachedAt = now
                    return true
                }
            }
        }
        return false
    }

    /// The name that a path ends with, and the one that it leads to where that is a link.
    func names(of path: String) -> [String] {
        let name = String(FileIdentification.name(of: path))
        guard let real = try? fileSystem.realPath(path) else { return [name] }
        return [name, String(FileIdentification.name(of: real))]
    }

    /// Whether a file holds what was read of another; `nil` where it can't be looked at.
    private func isCopy(_ path: String, of checkpoint: FileCheckpoint) -> Bool? {
        guard let handle = try? fileSystem.open(path, .follow) else { return nil }
        defer { fileSystem.close(handle) }
        guard let status = try? fileSystem.status(handle) else { return nil }
        return try? isSame(handle, status, by: Compression(path: path), as: checkpoint)
    }
}
