internal import Spool
internal import Synchronization

extension VirtualDisk {
    func createDirectory(_ path: String) throws(FileSystemError) {
        try enter("mkdir", path)
    }

    func entries(_ directory: String) throws(FileSystemError) -> [DirectoryEntry] {
        try enter("opendir", directory)
        return state.withLock { state in
            Set(
                state.names.keys.filter { $0.hasPrefix(directory + "/") }
                    .compactMap { $0.dropFirst(directory.count + 1).split(separator: "/").first.map(String.init) }
            ).sorted().map { name in
                let file = state.names["\(directory)/\(name)"].flatMap { state.files[$0] }
                return DirectoryEntry(name: name, inode: file?.inode ?? 0)
            }
        }
    }

    /// Knows of one wildcard: a `*` at the end.
    func paths(matching pattern: String) -> [String] {
        state.withLock { state in
            guard !state.isDead else { return [] }
            guard pattern.hasSuffix("*") else { return state.names[pattern] == nil ? [] : [pattern] }
            let prefix = pattern.dropLast()
            return state.names.keys
                .filter { $0.hasPrefix(prefix) && !$0.dropFirst(prefix.count).contains("/") }.sorted()
        }
    }

    func open(_ path: String, _ mode: FileMode) throws(FileSystemError) -> OpenFile {
        try enter("open", path)
        let descriptor = state.withLock { state -> Int32? in
            if state.names[path] == nil {
                guard mode != .read, mode != .follow else { return nil }
                let made = Self.makeFile(&state)
                state.names[path] = made
                state.changes.append(.make(path, made))
            }
            guard let file = state.names[path] else { return nil }
            if mode == .replace {
                state.files[file]?.truncate(to: 0)
                Self.noteChange(of: file, &state)
            }
            state.nextNumber += 1
            state.open[Int32(state.nextNumber)] = file
            return Int32(state.nextNumber)
        }
        guard let descriptor else { throw Self.failure("open", path, FileSystemError.noEntry) }
        return OpenFile(descriptor: descriptor)
    }

    func close(_ file: OpenFile) {
        state.withLock { state in
            if let number = state.open.removeValue(forKey: file.descriptor),
                state.locks[number] == file.descriptor
            {
                state.locks[number] = nil
            }
        }
    }

    func status(_ path: String) throws(FileSystemError) -> FileStatus {
        try enter("stat", path)
        let status = state.withLock { state in
            state.names[path].flatMap { state.files[$0] }?.status(device: state.device)
        }
        guard let status else { throw Self.failure("stat", path, FileSystemError.noEntry) }
        return status
    }

    func status(_ file: OpenFile) throws(FileSystemError) -> FileStatus {
        let number = try enter("fstat", file)
        return state.withLock { state in (state.files[number] ?? VirtualFile()).status(device: state.device) }
    }

    func read(
        _ file: OpenFile, at offset: UInt64, into buffer: inout MutableRawSpan
    ) throws(FileSystemError) -> Int {
        let number = try enter("pread", file)
        let bytes = state.withLock {
            Array($0.files[number]?.bytes.dropFirst(Int(offset)).prefix(buffer.byteCount) ?? [])
        }
        unsafe buffer.withUnsafeMutableBytes { target in unsafe target.copyBytes(from: bytes) }
        return bytes.count
    }

    func write(_ file: OpenFile, at offset: UInt64, _ bytes: RawSpan) throws(FileSystemError) -> Int {
        let source = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
        var problem: FileSystemError?
        var number = 0
        do throws(FileSystemError) {
            number = try enter("pwrite", file)
        } catch {
            // A process that dies in a write may have got any part of it done.
            guard isDead, let open = state.withLock({ $0.open[file.descriptor] }) else { throw error }
            (problem, number) = (error, open)
        }
        let isCut = problem != nil
        let written = state.withLock { state -> Int in
            var count = source.count
            if isCut || (count > 1 && state.random.chance(state.faults.shortWrites)) {
                count = state.random.below(count) + (isCut ? 0 : 1)
            }
            let grown = max(0, Int(offset) + count - (state.files[number]?.bytes.count ?? 0))
            count -= max(0, grown - max(0, Self.free(state)))
            guard count > 0 else { return 0 }
            state.files[number]?.write(Array(source.prefix(count)), at: Int(offset))
            Self.noteChange(of: number, &state)
            return count
        }
        if let problem { throw problem }
        guard written > 0 else { throw Self.failure("pwrite", "", FileSystemError.noSpace) }
        return written
    }

    func synchronize(_ file: OpenFile) throws(FileSystemError) {
        do throws(FileSystemError) {
            let number = try enter("fdatasync", file)
            state.withLock { state in
                if !state.faults.ignoresSync { state.files[number]?.sync() }
            }
        } catch {
            state.withLock { state in
                guard !state.isDead, let number = state.open[file.descriptor], var found = state.files[number] else {
                    return
                }
                found.failSync(&state.random)
                state.files[number] = found
            }
            throw error
        }
    }

    func truncate(_ file: OpenFile, to size: UInt64) throws(FileSystemError) {
        let number = try enter("ftruncate", file)
        state.withLock { $0.files[number]?.truncate(to: Int(size)) }
    }

    func synchronizeDirectory(_ path: String) throws(FileSystemError) {
        try enter("fsync", path)
        state.withLock { state in
            guard !state.faults.ignoresDirectorySync else { return }
            for change in state.changes where change.directory == path { change.apply(to: &state.durableNames) }
            state.changes.removeAll { $0.directory == path }
        }
    }

    func rename(_ from: String, to: String) throws(FileSystemError) {
        try enter("rename", from)
        state.withLock { state in
            guard let file = state.names.removeValue(forKey: from) else { return }
            state.names[to] = file
            state.changes.append(.move(from, to: to, file))
        }
    }

    func remove(_ path: String) throws(FileSystemError) {
        try enter("unlink", path)
        state.withLock { state in
            if state.names.removeValue(forKey: path) != nil { state.changes.append(.remove(path)) }
        }
    }

    func freeBytes(_ path: String) throws(FileSystemError) -> UInt64 {
        try enter("statvfs", path)
        return UInt64(max(0, state.withLock { Self.free($0) }))
    }

    func lock(_ file: OpenFile) throws(FileSystemError) -> Bool {
        let number = try enter("flock", file)
        return state.withLock { state in
            if let holder = state.locks[number], holder != file.descriptor { return false }
            state.locks[number] = file.descriptor
            return true
        }
    }
}
