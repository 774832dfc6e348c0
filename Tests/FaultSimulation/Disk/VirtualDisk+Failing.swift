internal import Spool
internal import Synchronization

extension VirtualDisk {
    /// EBADF.
    private static let badDescriptor: Int32 = 9
    /// Calls that change something: the ones that a failing disk refuses.
    private static let changing: Set<String> = [
        "open", "pwrite", "fdatasync", "ftruncate", "fsync", "rename", "unlink",
    ]

    /// Calls that only look: dying in one of them is dying in the call that comes next.
    private static let looking: Set<String> = ["stat", "fstat"]

    /// Begins a call on a path, or fails it.
    func enter(_ call: String, _ path: String) throws(FileSystemError) {
        let code = state.withLock { Self.fault(call, &$0) }
        if let code { throw Self.failure(call, path, code) }
    }

    /// Begins a call on an open file, or fails it.
    /// - Returns: the file's number.
    func enter(_ call: String, _ file: OpenFile) throws(FileSystemError) -> Int {
        try enter(call, "descriptor \(file.descriptor)")
        guard let number = state.withLock({ $0.open[file.descriptor] }) else {
            throw Self.failure(call, "descriptor \(file.descriptor)", Self.badDescriptor)
        }
        return number
    }

    private static func fault(_ call: String, _ state: inout State) -> Int32? {
        if state.isDead { return FileSystemError.inputOutput }
        if let calls = state.callsToLive, !looking.contains(call) {
            state.callsToLive = calls - 1
            if calls <= 1 {
                state.isDead = true
                return FileSystemError.inputOutput
            }
        }
        if call == "pread" || call == "pwrite", state.random.chance(state.faults.interruptions) {
            return FileSystemError.interrupted
        }
        if call == "pread", !state.isOpening, state.random.chance(state.faults.readErrors) {
            return FileSystemError.inputOutput
        }
        // A directory's files can still be opened for reading while a disk can't be written: "open" fails by chance
        // only.
        guard changing.contains(call) else { return nil }
        if state.faults.isFailing, call != "open" { return FileSystemError.inputOutput }
        return state.random.chance(state.faults.errors) ? FileSystemError.inputOutput : nil
    }

    /// Bytes that may still be written.
    static func free(_ state: State) -> Int {
        guard state.faults.capacity < .max else { return 1 << 40 }
        return state.faults.capacity - used(state)
    }

    static func used(_ state: State) -> Int {
        Set(state.names.values).reduce(0) { $0 + (state.files[$1]?.bytes.count ?? 0) }
    }

    static func failure(_ call: String, _ path: String, _ code: Int32) -> FileSystemError {
        FileSystemError(call: call, path: path, errno: code, text: "simulated")
    }
}
