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

    /// Writes a new file and renames it over the one that is there, if any.
    func replaceDurably(_ bytes: [UInt8], at path: String) {
        state.withLock { state in
            let file = Self.makeFile(&state)
            state.files[file]?.write(bytes, at: 0)
            state.files[file]?.sync()
            state.names[path] = file
            state.durableNames[path] = file
        }
    }

    /// Writes over the bytes of a file from an offset on.
    func overwriteDurably(_ bytes: [UInt8], at offset: Int, in path: String) {
        state.withLock { state in
            guard let file = state.names[path] else { return }
            state.files[file]?.write(bytes, at: offset)
            state.files[file]?.sync()
            Self.noteChange(of: file, &state)
        }
    }

    /// Takes the end of a file.
    func cutDurably(_ path: String, to byteCount: Int) {
        state.withLock { state in
            guard let file = state.names[path] else { return }
            state.files[file]?.truncate(to: byteCount)
            state.files[file]?.sync()
            Self.noteChange(of: file, &state)
        }
    }

    /// The machine gives the disk another number, as after a boot or a mount.
    func renumber() { state.withLock { $0.device += 1 } }

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
