internal import Synchronization

/// What other programs do to files of the machine. They sync everything at once, and no fault strikes them.
extension VirtualDisk {
    /// Appends to a file, which is made where it isn't there.
    func appendDurably(_ bytes: [UInt8], to path: String) {
        state.withLock { state in
            let file = state.names[path] ?? Self.makeFile(&state)
            state.names[path] = file
            state.durableNames[path] = file
            let end = state.files[file]?.bytes.count ?? 0
            state.files[file]?.write(bytes, at: end)
            state.files[file]?.sync()
            Self.noteChange(of: file, &state)
        }
    }

    func emptyDurably(_ path: String) {
        state.withLock { state in
            guard let file = state.names[path] else { return }
            state.files[file]?.truncate(to: 0)
            state.files[file]?.sync()
            Self.noteChange(of: file, &state)
        }
    }

    func renameDurably(_ from: String, to: String) {
        state.withLock { state in
            state.names[to] = state.names.removeValue(forKey: from)
            state.durableNames[to] = state.durableNames.removeValue(forKey: from)
        }
    }

    func removeDurably(_ path: String) {
        state.withLock { state in
            state.names[path] = nil
            state.durableNames[path] = nil
        }
    }

    /// The bytes of a file; empty where there is none.
    func bytes(of path: String) -> [UInt8] {
        state.withLock { state in state.names[path].flatMap { state.files[$0]?.bytes } ?? [] }
    }
}
