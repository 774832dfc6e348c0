package import Spool
internal import Synchronization

/// A file system in memory that tells what was synced from what was only written, and fails where a test says so.
///
/// It follows POSIX where it matters: a name is durable once its directory was synced, bytes once their file was; after
/// a failed sync the bytes stay visible but no later sync makes them durable.
package final class MemoryFileSystem: FileSystem {
    package struct Call: Sendable, Equatable {
        package var name: String
        package var path: String
        /// How many calls of any name came before.
        package var index: Int
    }

    private struct Node {
        var bytes: [UInt8] = []
        var durable: [UInt8] = []
        /// A sync failed: what wasn't durable then never will be.
        var isPoisoned = false
    }

    private struct State {
        var names: [String: Int] = [:]
        var durableNames: [String: Int] = [:]
        var nodes: [Int: Node] = [:]
        var open: [Int32: (node: Int, path: String)] = [:]
        var locks: [Int: Int32] = [:]
        var nextID = 3
        var calls = 0
        var free: UInt64 = 1 << 40
        var longestWrite = Int.max
        var fault: @Sendable (Call) -> Int32? = { _ in nil }
    }

    private let state = Mutex(State())

    /// What survives, and how.
    package enum Crash: Sendable {
        /// The process dies: all that was written stays.
        case process
        /// The power goes: only what was synced stays.
        case power
    }

    // MARK: What tests do

    /// A new file system with what survives.
    package func after(_ crash: Crash) -> MemoryFileSystem {
        let survivors = state.withLock { state in
            let names = crash == .power ? state.durableNames : state.names
            return names.mapValues { node in
                let node = state.nodes[node] ?? Node()
                return crash == .power ? node.durable : node.bytes
            }
        }
        return MemoryFileSystem(files: survivors)
    }

    package init(files: [String: [UInt8]] = [:]) {
        state.withLock { state in
            for (path, bytes) in files {
                state.nodes[state.nextID] = Node(bytes: bytes, durable: bytes)
                state.names[path] = state.nextID
                state.nextID += 1
            }
            state.durableNames = state.names
        }
    }

    /// All files with their visible bytes.
    package var files: [String: [UInt8]] {
        state.withLock { state in state.names.mapValues { state.nodes[$0]?.bytes ?? [] } }
    }

    /// From now on, a call for which `fault` gives an errno fails with it.
    package func failing(_ fault: @escaping @Sendable (Call) -> Int32?) {
        state.withLock { $0.fault = fault }
    }

    package var callCount: Int { state.withLock { $0.calls } }

    package func setFree(_ bytes: UInt64) {
        state.withLock { $0.free = bytes }
    }

    package func setLongestWrite(_ count: Int) {
        state.withLock { $0.longestWrite = count }
    }

    // MARK: FileSystem

    package func createDirectory(_ path: String) throws(FileSystemError) {
        try check("mkdir", path)
    }

    package func entries(_ directory: String) throws(FileSystemError) -> [DirectoryEntry] {
        try check("opendir", directory)
        return state.withLock { state in
            Set(
                state.names.keys.filter { $0.hasPrefix(directory + "/") }
                    .compactMap { $0.dropFirst(directory.count + 1).split(separator: "/").first.map(String.init) }
            ).sorted().map { name in
                DirectoryEntry(name: name, inode: UInt64(state.names["\(directory)/\(name)"] ?? 0))
            }
        }
    }

    package func paths(matching pattern: String) -> [String] {
        state.withLock { $0.names[pattern] == nil ? [] : [pattern] }
    }

    package func open(_ path: String, _ mode: FileMode) throws(FileSystemError) -> OpenFile {
        try check("open", path)
        let descriptor = state.withLock { state -> Int32? in
            if state.names[path] == nil {
                guard mode != .read, mode != .follow else { return nil }
                state.nextID += 1
                state.nodes[state.nextID] = Node()
                state.names[path] = state.nextID
            }
            guard let node = state.names[path] else { return nil }
            if mode == .replace { state.nodes[node]?.bytes = [] }
            state.nextID += 1
            state.open[Int32(state.nextID)] = (node, path)
            return Int32(state.nextID)
        }
        guard let descriptor else { throw error("open", path, FileSystemError.noEntry) }
        return OpenFile(descriptor: descriptor)
    }

    package func close(_ file: OpenFile) {
        state.withLock { state in
            if let node = state.open[file.descriptor]?.node, state.locks[node] == file.descriptor {
                state.locks[node] = nil
            }
            state.open[file.descriptor] = nil
        }
    }

    package func status(_ path: String) throws(FileSystemError) -> FileStatus {
        try check("stat", path)
        guard let node = state.withLock({ $0.names[path] }) else { throw error("stat", path, FileSystemError.noEntry) }
        return status(of: node)
    }

    package func status(_ file: OpenFile) throws(FileSystemError) -> FileStatus {
        status(of: try node("fstat", file))
    }

    private func status(of node: Int) -> FileStatus {
        let byteCount = UInt64(state.withLock { $0.nodes[node]?.bytes.count ?? 0 })
        return FileStatus(
            device: 1, inode: UInt64(node), byteCount: byteCount, isRegular: true, modifiedNanoseconds: Int64(node),
            changedNanoseconds: Int64(node))
    }

    package func read(
        _ file: OpenFile, at offset: UInt64, into buffer: inout MutableRawSpan
    ) throws(FileSystemError) -> Int {
        let node = try node("pread", file)
        let bytes = state.withLock { $0.nodes[node]?.bytes.dropFirst(Int(offset)).prefix(buffer.byteCount) ?? [] }
        for (index, byte) in bytes.enumerated() {
            buffer.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
        }
        return bytes.count
    }

    package func write(_ file: OpenFile, at offset: UInt64, _ bytes: RawSpan) throws(FileSystemError) -> Int {
        let node = try node("pwrite", file)
        let longest = state.withLock { $0.longestWrite }
        let source = unsafe bytes.withUnsafeBytes { unsafe Array($0.prefix(longest)) }
        state.withLock { state in
            guard var target = state.nodes[node]?.bytes else { return }
            let end = Int(offset) + source.count
            if target.count < end { target += [UInt8](repeating: 0, count: end - target.count) }
            target.replaceSubrange(Int(offset)..<end, with: source)
            state.nodes[node]?.bytes = target
        }
        return source.count
    }

    package func synchronize(_ file: OpenFile) throws(FileSystemError) {
        do throws(FileSystemError) {
            let node = try node("fdatasync", file)
            state.withLock { state in
                if let bytes = state.nodes[node]?.bytes, state.nodes[node]?.isPoisoned == false {
                    state.nodes[node]?.durable = bytes
                }
            }
        } catch {
            state.withLock { state in
                if let node = state.open[file.descriptor]?.node { state.nodes[node]?.isPoisoned = true }
            }
            throw error
        }
    }

    package func truncate(_ file: OpenFile, to size: UInt64) throws(FileSystemError) {
        let node = try node("ftruncate", file)
        state.withLock { state in
            let bytes = state.nodes[node]?.bytes ?? []
            state.nodes[node]?.bytes = Array(bytes.prefix(Int(size)))
        }
    }

    package func synchronizeDirectory(_ path: String) throws(FileSystemError) {
        try check("fsync", path)
        state.withLock { state in
            let isInside: (String) -> Bool = { name in
                name.hasPrefix(path + "/") && !name.dropFirst(path.count + 1).contains("/")
            }
            state.durableNames = state.durableNames.filter { !isInside($0.key) }
            for (name, node) in state.names where isInside(name) { state.durableNames[name] = node }
        }
    }

    package func rename(_ from: String, to: String) throws(FileSystemError) {
        try check("rename", from)
        state.withLock { state in
            state.names[to] = state.names.removeValue(forKey: from)
        }
    }

    package func remove(_ path: String) throws(FileSystemError) {
        try check("unlink", path)
        state.withLock { _ = $0.names.removeValue(forKey: path) }
    }

    package func freeBytes(_ path: String) throws(FileSystemError) -> UInt64 {
        try check("statvfs", path)
        return state.withLock { $0.free }
    }

    package func lock(_ file: OpenFile) throws(FileSystemError) -> Bool {
        let node = try node("flock", file)
        return state.withLock { state in
            if let holder = state.locks[node], holder != file.descriptor { return false }
            state.locks[node] = file.descriptor
            return true
        }
    }

    private func node(_ call: String, _ file: OpenFile) throws(FileSystemError) -> Int {
        let path = state.withLock { $0.open[file.descriptor]?.path } ?? "a closed file"
        try check(call, path)
        guard let node = state.withLock({ $0.open[file.descriptor]?.node }) else { throw error(call, path, 9) }
        return node
    }

    private func check(_ name: String, _ path: String) throws(FileSystemError) {
        let code = state.withLock { state in
            let call = Call(name: name, path: path, index: state.calls)
            state.calls += 1
            return state.fault(call)
        }
        if let code { throw error(name, path, code) }
    }

    private func error(_ call: String, _ path: String, _ code: Int32) -> FileSystemError {
        FileSystemError(call: call, path: path, errno: code, text: "as the test asked")
    }
}
