internal import Spool
internal import Synchronization

/// A file system in memory that fails as real ones do: see ``VirtualFile`` and ``DiskFaults``.
///
/// Names follow the same rule as bytes: until their directory was synced, a power cut keeps any of the changes. A
/// process can be killed in the middle of a call: from then on every call fails, until ``reboot(powerCut:)``.
final class VirtualDisk: FileSystem {
    /// A change of names that isn't durable yet.
    enum NameChange {
        case make(String, Int)
        case move(String, to: String, Int)
        case remove(String)

        /// The directory that has to be synced.
        var directory: String {
            switch self {
            case .make(let path, _), .remove(let path): VirtualDisk.directory(of: path)
            case .move(_, let path, _): VirtualDisk.directory(of: path)
            }
        }

        func apply(to names: inout [String: Int]) {
            switch self {
            case .make(let path, let file): names[path] = file
            case .move(let from, let to, let file):
                names[from] = nil
                names[to] = file
            case .remove(let path): names[path] = nil
            }
        }
    }

    struct State {
        var random: SimulationRandom
        var faults = DiskFaults()
        var files: [Int: VirtualFile] = [:]
        var names: [String: Int] = [:]
        var durableNames: [String: Int] = [:]
        var changes: [NameChange] = []
        var open: [Int32: Int] = [:]
        var locks: [Int: Int32] = [:]
        var nextNumber = 3
        /// The number that the machine gives the disk: another one after some boots.
        var device: UInt64 = 1
        /// Changes of files so far: what their times of modification are counted by.
        var changeCount: Int64 = 0
        /// Calls until the process dies; `nil` for no such plan.
        var callsToLive: Int?
        var isDead = false
        /// Whether a spool is being opened: see ``DiskFaults/readErrors``.
        var isOpening = false
    }

    let state: Mutex<State>

    init(_ random: SimulationRandom) {
        state = Mutex(State(random: random))
    }

    /// A new file without a name, under the lowest inode that no other file has.
    static func makeFile(_ state: inout State) -> Int {
        let held = Set(state.names.values).union(state.durableNames.values).union(state.open.values)
        let taken = Set(held.compactMap { state.files[$0]?.inode })
        state.nextNumber += 1
        state.files[state.nextNumber] = VirtualFile(inode: (1...).first { !taken.contains($0) } ?? 0)
        noteChange(of: state.nextNumber, &state)
        return state.nextNumber
    }

    static func noteChange(of file: Int, _ state: inout State) {
        state.changeCount += 1
        state.files[file]?.modified = state.changeCount
    }

    /// Whether the process that used the disk was killed in the middle of a call.
    var isDead: Bool { state.withLock { $0.isDead } }

    func change(_ body: (inout DiskFaults) -> Void) {
        state.withLock { body(&$0.faults) }
    }

    /// Kills the process that uses the disk in its `count`th call from now.
    func kill(afterCalls count: Int) {
        state.withLock { $0.callsToLive = count }
    }

    func cancelKill() {
        state.withLock { $0.callsToLive = nil }
    }

    /// Leaves so many bytes free.
    func limitRoom(to bytes: Int) {
        state.withLock { state in
            state.faults.capacity = .max
            state.faults.capacity = Self.used(state) + bytes
        }
    }

    /// Drops each log whose last segment doesn't end with zeros or a whole number of records' alignment: a bug for the
    /// simulation to find, see ``KnownBug/dropLogWithTornTail``.
    func dropTornLogs() {
        state.withLock { state in
            for prefix in ["batches-", "writeahead-"] {
                let log = state.names.keys.filter { $0.contains("/" + prefix) }.sorted()
                guard let last = log.last.flatMap({ state.names[$0] }), let file = state.files[last],
                    file.bytes.count % 8 != 0 || file.bytes.suffix(64).allSatisfy({ $0 == 0 })
                else { continue }
                for path in log {
                    state.names[path] = nil
                    state.durableNames[path] = nil
                }
            }
        }
    }

    func setOpening(_ isOpening: Bool) {
        state.withLock { $0.isOpening = isOpening }
    }

    /// Gets ready for the next process: nothing is open any more.
    ///
    /// - Parameter powerCut: whether the machine went down too, and what wasn't synced with it.
    func reboot(powerCut: Bool) {
        state.withLock { state in
            if powerCut, state.random.chance(500) { state.device += 1 }
            state.open = [:]
            state.locks = [:]
            state.callsToLive = nil
            state.isDead = false
            if powerCut { Self.cutPower(&state) } else { for file in state.files.keys { state.files[file]?.evict() } }
        }
    }

    private static func cutPower(_ state: inout State) {
        let mood = state.random.below(4)
        // A journal writes changes in their order; other file systems write any of them.
        let first = mood == 1 ? state.random.below(state.changes.count + 1) : state.changes.count
        for (index, change) in state.changes.enumerated() {
            let survives =
                switch mood {
                case 0: true
                case 1: index < first
                case 2: state.random.chance(500)
                default: false
                }
            if survives { change.apply(to: &state.durableNames) }
        }
        state.changes = []
        state.names = state.durableNames
        let kept = Set(state.names.values)
        for file in state.files.keys.sorted() {
            if kept.contains(file) {
                state.files[file]?.cutPower(&state.random)
            } else {
                state.files[file] = nil
            }
        }
    }

    static func directory(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }
}
