internal import Spool
internal import UsageModel

/// Which files are held open: those with unread bytes, and for ``FileFollower/idleGrace`` those that were read to their
/// end. All others are looked at by name, and opened again once their size or a time of change differs.
///
/// A byte that has stood in a file under its name for one round of ``FileFollower/scan()`` is read, whatever becomes of
/// the name afterwards: the file is open by then. A file without a handle that is renamed in its directory, or into one
/// that rotation moves files to, is found by its inode. What is added to such a file and removed, or moved out of these
/// directories, between two rounds isn't seen.
extension FileFollower {
    /// The file's handle; opened where it was given up.
    ///
    /// - Returns: `nil` where there is nothing to read by it: its name leads elsewhere by now, or can't be opened.
    mutating func heldHandle(_ file: inout FollowedFile) -> OpenFile? {
        if let handle = file.handle { return handle }
        do throws(FileSystemError) {
            return try open(&file)
        } catch {
            // A name that is gone is the next scan's business.
            guard !error.isNotFound else { return nil }
            if !file.isUnreadable { report(.unreadable(path: file.path, offset: file.offset, error)) }
            file.isUnreadable = true
            return nil
        }
    }

    /// Opens a file again by its name, and makes sure that the name still leads to it. Whether it still holds what it
    /// did shows when it is read.
    mutating func open(_ file: inout FollowedFile) throws(FileSystemError) -> OpenFile? {
        let handle = try fileSystem.open(file.path, .follow)
        file.handle = handle
        handleCount += 1
        do throws(FileSystemError) {
            let status = try fileSystem.status(handle)
            guard status.isRegular, identification.id(of: status, source: file.source.name) == file.id else {
                closeHandle(&file)
                return nil
            }
            return handle
        } catch {
            closeHandle(&file)
            throw error
        }
    }

    /// Gives a handle up that the file doesn't need now, or that others need more.
    mutating func releaseHandle(_ file: inout FollowedFile, after turn: Turn) {
        guard file.handle != nil else { return }
        if handleCount > maxHandles || file.isDone { return closeHandle(&file) }
        guard case .waits = turn, file.detachedAt == nil, file.isAtEnd else { return }
        let rested = steadyClock.nowMilliseconds() - file.grewAt
        if rested >= idleGraceMilliseconds || handleCount == maxHandles { closeHandle(&file) }
    }

    mutating func closeHandle(_ file: inout FollowedFile) {
        guard let handle = file.handle.take() else { return }
        fileSystem.close(handle)
        handleCount -= 1
    }
}
