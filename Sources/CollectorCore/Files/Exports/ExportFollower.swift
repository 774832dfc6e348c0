internal import SourceFormats
internal import Spool
internal import UsageModel

/// Follows the exports of sources with `content: replaced`: files that a program writes anew again and again, each time
/// with all that they are to say.
///
/// Once a file hasn't changed for a while it is a version. It is read whole, and then one step puts it in the place of
/// the version before: what differs is taken back and counted, and the checkpoint says which version counts, all of it
/// in one batch. What was counted of a version stands in a file of ``VersionStore``, written before.
package struct ExportFollower {
    /// The most exports of all sources together that are followed, those that are gone among them.
    package static let maxExports = 1_000
    /// The most exports that are gone and of which is remembered what was counted; the oldest are forgotten first.
    package static let maxGone = 500
    /// Versions of an export that are known again when they lie in another place.
    package static let maxFormer = 64
    /// By how much a version that has nothing in common with the one before must begin later to be another period's, in
    /// minutes: half a day.
    package static let minPeriodMinutes: Int64 = 720

    /// What a copy was of.
    struct Original {
        var path: String
        var digest: [UInt8]
    }

    /// A file that lies in a place.
    struct File {
        var source: FollowedSource
        var look: ExportCheckpoint.Look
        /// Since when it looks so, by the steady clock, in milliseconds.
        var since: Int64
        /// How it was when it was last read, and counted or not.
        var done: ExportCheckpoint.Look?
        /// Why what it holds isn't counted.
        var fault: ExportFault?
        /// The export that held the same when this was read: it isn't counted itself.
        var original: Original?
        var isUnreadable = false
    }

    var sources: [FollowedSource] {
        didSet {
            // What isn't counted may be by new settings.
            for place in files.keys where files[place]?.fault != nil { files[place]?.done = nil }
            for (place, checkpoint) in counted where checkpoint.refusedCount > 0 { files[place]?.done = nil }
        }
    }
    var keeping = QuarantineRule()
    let store: VersionStore
    let timeWindow: ReloadableTimeWindow
    let fileSystem: any FileSystem
    let accumulator: Accumulator
    let intakeSwitch: IntakeSwitch
    let wallClock: any WallClock
    let steadyClock: any SteadyClock
    let chunkBytes: Int
    let report: (FileEvent) -> Void

    /// What counts, by place; also of exports that are gone.
    var counted: [ExportPlace: ExportCheckpoint]
    var files: [ExportPlace: File] = [:]
    var reading: VersionReading?
    /// A version that was read and waits for room.
    var ready: CountedVersion?
    /// What to say once it is counted.
    var readyNote: ExportNote?
    /// Files of the store that no checkpoint names any more, with the places that they were of.
    var obsolete: [(number: UInt64, place: ExportPlace)] = []
    var lastNumber: UInt64
    /// Sources that have more exports than are followed.
    var crowded: Set<String> = []
    /// Whether a followed file of a source was counted in a place as one that grows.
    var isCountedAsGrowing: (ExportPlace) -> Bool = { _ in false }

    init(
        sources: [FollowedSource], recovered: [ExportPlace: ExportCheckpoint], directory: String,
        timeWindow: ReloadableTimeWindow, accumulator: Accumulator, intakeSwitch: IntakeSwitch,
        fileSystem: any FileSystem, wallClock: any WallClock, steadyClock: any SteadyClock, chunkBytes: Int,
        report: @escaping (FileEvent) -> Void
    ) {
        self.sources = sources
        self.timeWindow = timeWindow
        self.accumulator = accumulator
        self.intakeSwitch = intakeSwitch
        self.fileSystem = fileSystem
        self.wallClock = wallClock
        self.steadyClock = steadyClock
        self.chunkBytes = chunkBytes
        self.report = report
        store = VersionStore(directory: directory, fileSystem: fileSystem)
        counted = recovered
        // Of versions that never became those that count, or don't any more.
        let needed = Set(recovered.values.map(\.number))
        let found = store.numbers()
        lastNumber = max(needed.max() ?? 0, found.max() ?? 0)
        store.removeUnfinished()
        for number in found where !needed.contains(number) { store.remove(number) }
    }

    // MARK: What there is

    /// Brings the list of exports up to date with the directories.
    mutating func scan() {
        var seen: Set<ExportPlace> = []
        crowded = []
        for source in sources { scan(source, &seen) }
        for place in files.keys where !seen.contains(place) { files[place] = nil }
        noteGone(seen)
        moveToCopies()
        removeObsolete()
    }

    private mutating func scan(_ source: FollowedSource, _ seen: inout Set<ExportPlace>) {
        var inodes: Set<FileID> = []
        let excluded = Set(source.excluded.flatMap { fileSystem.paths(matching: $0) })
        let paths = source.globs.flatMap { fileSystem.paths(matching: $0) }.filter { !excluded.contains($0) }
        func isCounted(_ path: String) -> Bool { counted[ExportPlace(source: source.name, path: path)] != nil }
        // Of two names of one file, the one that it is counted under.
        for path in paths.filter(isCounted) + paths.filter({ !isCounted($0) }) {
            guard let status = try? fileSystem.status(path), status.isRegular,
                inodes.insert(FileID(source: source.name, device: status.device, inode: status.inode)).inserted
            else { continue }
            let place = ExportPlace(source: source.name, path: path)
            if see(place, status, of: source) { seen.insert(place) }
        }
    }

    /// Takes in what a look at a file says. `false` where it isn't followed.
    private mutating func see(_ place: ExportPlace, _ status: FileStatus, of source: FollowedSource) -> Bool {
        let look = ExportCheckpoint.Look(status)
        let now = steadyClock.nowMilliseconds()
        if let known = files[place] {
            files[place]?.source = source
            if known.look != look {
                files[place]?.look = look
                files[place]?.since = now
            }
            return true
        }
        let checkpoint = counted[place]
        if checkpoint == nil {
            let millisecond: Int64 = 1_000_000
            if let age = source.ignoredAge,
                look.modified / millisecond < wallClock.nowMilliseconds() - age.wholeMilliseconds
            {
                return false
            }
            let others = counted.keys.filter { files[$0] == nil }.count
            guard files.count + others < Self.maxExports else {
                if crowded.insert(source.name).inserted {
                    report(.tooMany(path: place.path, limit: Self.maxExports))
                }
                return false
            }
        }
        let done = checkpoint.flatMap { $0.refusedCount == 0 ? $0.look : nil }
        files[place] = File(source: source, look: look, since: now, done: done)
        return true
    }

    private mutating func noteGone(_ seen: Set<ExportPlace>) {
        for (place, checkpoint) in counted where seen.contains(place) == (checkpoint.goneAtMilliseconds != nil) {
            var noted = checkpoint
            noted.goneAtMilliseconds = seen.contains(place) ? nil : wallClock.nowMilliseconds()
            set(noted, for: place)
        }
        // What a version that waits for room is counted in the place of stays.
        let gone = counted.filter { $0.value.goneAtMilliseconds != nil && $0.key != ready?.place }
        guard gone.count > Self.maxGone else { return }
        let oldest = gone.sorted { ($0.value.goneAtMilliseconds ?? 0) < ($1.value.goneAtMilliseconds ?? 0) }
        for (place, checkpoint) in oldest.prefix(gone.count - Self.maxGone) {
            counted[place] = nil
            obsolete.append((checkpoint.number, place))
            accumulator.removeExport(place)
        }
    }

    /// A copy of an export's present version goes on for it once that is gone.
    private mutating func moveToCopies() {
        for place in files.keys.sorted(by: { ($0.source, $0.path) < ($1.source, $1.path) }) {
            guard let file = files[place], let original = file.original, let look = file.done else { continue }
            let other = ExportPlace(source: place.source, path: original.path)
            guard let checkpoint = counted[other], checkpoint.digest == original.digest, counted[place] == nil,
                checkpoint.goneAtMilliseconds != nil, isGone(other.path), ready?.place != other
            else { continue }
            move(checkpoint, from: other, to: place, look)
        }
    }

    /// Keeps a checkpoint that changes without anything to count.
    mutating func set(_ checkpoint: ExportCheckpoint, for place: ExportPlace) {
        counted[place] = checkpoint
        accumulator.setExport(checkpoint, for: place)
    }

    /// Removes files that the last durable batch doesn't need.
    private mutating func removeObsolete() {
        guard !obsolete.isEmpty else { return }
        let durable = accumulator.durableExports
        let needed = Set(durable.values.map(\.number))
        var kept: [(number: UInt64, place: ExportPlace)] = []
        for old in obsolete {
            // Until a batch says which version counts instead, a start needs the file.
            let isSaid = durable[old.place].map { $0.number > old.number } ?? (counted[old.place] == nil)
            if isSaid, !needed.contains(old.number) { store.remove(old.number) } else { kept.append(old) }
        }
        obsolete = kept
    }

    // MARK: What is asked

    /// Files that are followed.
    var count: Int { files.count }

    /// Whether nothing is under way, and no file waits to be read.
    var isIdle: Bool {
        reading == nil && ready == nil && files.values.allSatisfy { $0.done == $0.look }
    }

    /// Bytes of each source in versions that weren't read yet.
    var bytesBehind: [String: UInt64] {
        files.values.reduce(into: [:]) { $0[$1.source.name, default: 0] += $1.done == $1.look ? 0 : $1.look.byteCount }
    }

    /// Whether the version that lies in a place is the one that counts.
    package func isCounted(_ place: ExportPlace) -> Bool {
        guard let file = files[place] else { return false }
        return file.done == file.look && file.fault == nil
    }

    /// Whether any file of a source is followed.
    func follows(_ source: FollowedSource) -> Bool { files.keys.contains { $0.source == source.name } }

    /// Whether something was counted in a place.
    func hasCounted(_ place: ExportPlace) -> Bool { counted[place] != nil }

    /// What keeps a source's exports from being counted, at most one for a reason.
    func problems(of source: FollowedSource) -> [SourceProblem] {
        let own = files.filter { $0.key.source == source.name }.sorted { $0.key.path < $1.key.path }
        var found: [SourceProblem] = []
        if let broken = own.first(where: { $0.value.isUnreadable }) {
            found.append(SourceProblem(source: source.name, reason: .notReadable, detail: broken.key.path))
        }
        if let held = own.first(where: { $0.value.fault != nil }), let fault = held.value.fault {
            found.append(
                SourceProblem(source: source.name, reason: .versionHeld, detail: "\(held.key.path): \(fault.text)"))
        }
        if crowded.contains(source.name) {
            found.append(
                SourceProblem(
                    source: source.name, reason: .tooManyFiles, detail: "\(Self.maxExports) exports are followed"))
        }
        return found
    }

    mutating func close() {
        if let reading = reading.take() { fileSystem.close(reading.handle) }
    }
}
