package import BatchFormat
internal import SourceFormats
internal import Synchronization
package import UsageModel

/// The open minute sums, fed by parsers and by write-ahead records, rotated towards sealing.
///
/// Its lock is held while parsed events are added, not while they are parsed: any number of chunks and requests are
/// parsed at the same time.
///
/// There are at most two tables: the open one, and one that was rotated out and waits to be sealed. While that place is
/// taken and the open table is at its limit, input has to wait: that is how a slow disk slows the sources down.
package final class Accumulator: Sendable {
    /// How much a table may hold before it is rotated.
    package struct Limits: Sendable {
        package var rows: Int
        package var bytes: Int
        package var quarantineBytes: Int

        package init(
            rows: Int, bytes: Int = AccumulatorLimits.sealBytes,
            quarantineBytes: Int = AccumulatorLimits.maxQuarantineBufferBytes
        ) {
            self.rows = rows
            self.bytes = bytes
            self.quarantineBytes = quarantineBytes
        }
    }

    /// What became of a chunk.
    package enum ChunkOutcome: Sendable, Equatable {
        /// - `consumed`: bytes that the parser is done with.
        case parsed(consumed: Int, events: UInt64, rejected: UInt64, ignored: IgnoredRecords)
        /// Nothing was counted: a table has to be sealed first.
        case full
    }

    /// What became of a piece of a chunk.
    enum StagedOutcome: Sendable, Equatable {
        case added
        /// Nothing was counted: a table has to be sealed first.
        case full
        /// Nothing was counted, since the events might not fit: the piece is to be read once more, by
        /// ``Accumulator/addChunk(of:context:read:)``.
        case mustBeReadAgain
    }

    struct State: Sendable {
        var open: OpenBuckets
        /// How many tables have been opened: tells the open one from all others.
        var tableNumber: UInt64 = 1
        var openedAt: Int64?
        /// When events were last added, by the steady clock, in milliseconds; `nil` where the memory of the tables was
        /// given back since.
        var fedAt: Int64?
        /// Whether a table's memory was given back since this was last asked.
        var hasShrunk = false
        var ready: SealContent?
        var spare: MinuteBuckets?
        var checkpoints: [FileID: FileCheckpoint]
        var tables: [String: TableCheckpoint] = [:]
        /// Which versions of exports are counted.
        var exports: [ExportPlace: ExportCheckpoint] = [:]
        /// The same, as the last durable batch says.
        var durableExports: [ExportPlace: ExportCheckpoint] = [:]
        var writeAheadThrough: UInt64
        /// By source, the last table that took events of its files which no write-ahead record holds.
        var tablesOfChunks: [String: UInt64] = [:]
        /// The tables that were rotated out and aren't in a durable batch yet.
        var unsealedTables: Set<UInt64> = []
        /// Sources of which batches and write-ahead records say for each file how far it was read.
        var recordedSources: Set<String> = []
    }

    private let limits: Limits
    private let clock: any SteadyClock
    private let state: Mutex<State>

    package init(limits: Limits, clock: any SteadyClock) {
        self.limits = limits
        self.clock = clock
        state = Mutex(
            State(
                open: OpenBuckets(sums: MinuteBuckets()), ready: nil, spare: nil, checkpoints: [:], writeAheadThrough: 0
            ))
    }

    /// Takes over what the spool's last batch says.
    package func restore(
        _ checkpoints: [FileID: FileCheckpoint], tables: [String: TableCheckpoint] = [:],
        exports: [ExportPlace: ExportCheckpoint] = [:], writeAheadThrough: UInt64
    ) {
        state.withLock {
            $0.checkpoints = checkpoints
            $0.tables = tables
            $0.exports = exports
            $0.durableExports = exports
            $0.writeAheadThrough = writeAheadThrough
        }
    }

    /// Makes sure that the open table may take more. `false` means that a table has to be sealed first.
    package func makeRoom() -> Bool { state.withLock { makeRoom(&$0) } }

    /// Counts what a piece of a followed file was parsed into, and takes over how far the file was read by it.
    func add(_ chunk: inout StagedChunk, of file: FileID, checkpoint: FileCheckpoint) -> StagedOutcome {
        state.withLock { state in
            guard makeRoom(&state) else { return .full }
            guard state.open.add(&chunk, table: state.tableNumber) else { return .mustBeReadAgain }
            state.checkpoints[file] = checkpoint
            state.tablesOfChunks[file.source] = state.tableNumber
            noteOpened(&state)
            return .added
        }
    }

    /// Lends the open table to a followed file's parser for one chunk, and takes over how far the file was read by it.
    ///
    /// - Parameter read: gives the events and rejections of the chunk to the sink, and answers how many bytes of it are
    ///   done with and where the file stands behind them.
    package func addChunk(
        of file: FileID, context: ChunkContext,
        read: (inout ChunkSink) -> (consumed: Int, checkpoint: FileCheckpoint)
    ) -> ChunkOutcome {
        state.withLock { state in
            lend(&state, context) { state, sink in
                let (consumed, checkpoint) = read(&sink)
                state.checkpoints[file] = checkpoint
                state.tablesOfChunks[file.source] = state.tableNumber
                return consumed
            }
        }
    }

    /// Lends the open table for rows of a source's table, and takes over how far it was read by them.
    ///
    /// - Parameter read: gives the events and rejections of the rows to the sink, and answers how many bytes they are.
    func addRows(
        of source: String, context: ChunkContext, checkpoint: TableCheckpoint, read: (inout ChunkSink) -> Int
    ) -> ChunkOutcome {
        state.withLock { state in
            lend(&state, context) { state, sink in
                state.tables[source] = checkpoint
                return read(&sink)
            }
        }
    }

    /// Keeps a checkpoint that moves without input: a file seen first, or passed over; or behind records that add
    /// nothing, which are read again after a crash.
    package func setCheckpoint(_ checkpoint: FileCheckpoint, for file: FileID) {
        state.withLock { $0.checkpoints[file] = checkpoint }
    }

    /// What was read under one id counts under another from now on: no batch has it under both or neither.
    func moveCheckpoint(from old: FileID, to new: FileID, _ checkpoint: FileCheckpoint) {
        state.withLock { state in
            state.checkpoints[old] = nil
            state.checkpoints[new] = checkpoint
            state.recordedSources.remove(new.source)
        }
    }

    /// Has the next batch say that bytes of followed files went unread.
    func addLost(byteCount: UInt64) {
        state.withLock { state in
            state.open.addLost(byteCount: byteCount)
            noteOpened(&state)
        }
    }

    /// Forgets files that are gone for good.
    package func removeCheckpoints(_ files: [FileID]) {
        state.withLock { state in
            for file in files {
                state.checkpoints[file] = nil
                state.recordedSources.remove(file.source)
            }
        }
    }

    /// How far all files were read, by what is counted so far.
    var checkpoints: [FileID: FileCheckpoint] { state.withLock { $0.checkpoints } }

    /// Whether all events of a source that were counted without a write-ahead record are in durable batches: only then
    /// may a record say how far its files were read.
    func isSealed(_ source: String) -> Bool {
        state.withLock { state in
            guard let table = state.tablesOfChunks[source] else { return true }
            return !state.unsealedTables.contains(table) && (table != state.tableNumber || state.open.isEmpty)
        }
    }

    /// What a write-ahead record has to say of a source's files that counts one of them up to a checkpoint: of all of
    /// them where any changed its place since the last record.
    func changes(of file: FileID, to checkpoint: FileCheckpoint) -> CheckpointChanges {
        state.withLock { state in
            if state.recordedSources.contains(file.source) {
                return CheckpointChanges(checkpoints: [file: checkpoint])
            }
            var all = state.checkpoints.filter { $0.key.source == file.source }
            all[file] = checkpoint
            return CheckpointChanges(wholeSource: file.source, checkpoints: all)
        }
    }

    /// Makes sure that a write-ahead record is sure to fit. `false` means that a table has to be sealed first.
    func makeRoom(for accepted: AcceptedRows) -> Bool {
        state.withLock { state in
            guard makeRoom(&state) else { return false }
            if state.open.sums.mayFit(accepted.rows, eventCount: accepted.eventCount) { return true }
            return rotate(&state)
        }
    }

    // MARK: Exports

    /// Has one version of an export count in the place of another: the next batch says all of it.
    ///
    /// - Returns: `false`, with nothing counted, where a table has to be sealed first.
    func add(_ version: CountedVersion) -> Bool {
        state.withLock { state in
            guard makeRoom(&state) else { return false }
            if !state.open.add(version) {
                guard rotate(&state), state.open.add(version) else { return false }
            }
            state.exports[version.place] = version.checkpoint
            noteOpened(&state)
            return true
        }
    }

    /// Keeps the checkpoint of an export of which nothing has to be counted.
    func setExport(_ checkpoint: ExportCheckpoint, for place: ExportPlace) {
        state.withLock { $0.exports[place] = checkpoint }
    }

    /// An export lies in another place from now on: no batch has it in both or neither.
    func moveExport(from old: ExportPlace, to new: ExportPlace, _ checkpoint: ExportCheckpoint) {
        state.withLock { state in
            state.exports[old] = nil
            state.exports[new] = checkpoint
        }
    }

    /// Forgets an export that is gone for good.
    func removeExport(_ place: ExportPlace) { state.withLock { $0.exports[place] = nil } }

    /// Which versions of exports are counted, as the last durable batch says.
    var durableExports: [ExportPlace: ExportCheckpoint] { state.withLock { $0.durableExports } }

    /// A batch has become durable.
    package func noteDurable(_ exports: [ExportPlace: ExportCheckpoint]) {
        state.withLock { $0.durableExports = exports }
    }

    /// Adds a durable write-ahead record. `false` means that a table has to be sealed first.
    ///
    /// - Parameter files: what it says of followed files; `nil` for what was pushed.
    package func merge(_ accepted: AcceptedRows, of files: FileRecord? = nil, position: UInt64) -> Bool {
        state.withLock { state in
            precondition(
                position > state.writeAheadThrough,
                "write-ahead record \(position) joins after record \(state.writeAheadThrough): it would count twice")
            guard makeRoom(&state) else { return false }
            if state.open.add(accepted, of: files) == .full {
                guard rotate(&state), state.open.add(accepted, of: files) == .added else { return false }
            }
            state.writeAheadThrough = position
            if let files { take(files.changes, &state) }
            noteOpened(&state)
            return true
        }
    }

    /// What is to be sealed now: what was rotated out, or with `force`, or by age, the open table. `nil` for nothing.
    package func take(force: Bool, olderThan age: Duration) -> SealContent? {
        state.withLock { state in
            if state.ready == nil {
                let isOld = state.openedAt.map { clock.nowMilliseconds() - $0 >= age.wholeMilliseconds } ?? false
                if force || isOld { _ = rotate(&state) }
            }
            let content = state.ready
            state.ready = nil
            return content
        }
    }

    /// A table is in a durable batch: hands its memory back for the next one, unless it used only a small part of it.
    package func reuse(_ content: consuming SealContent) {
        let table = content.table
        var emptied = content.sums
        let keepsMemory = !emptied.isOversized
        emptied.removeAll(keepingCapacity: keepsMemory)
        state.withLock { state in
            state.unsealedTables.remove(table)
            state.spare = emptied
            if !keepsMemory { state.hasShrunk = true }
        }
    }

    /// Gives the memory of empty tables back where nothing was added for a time.
    ///
    /// - Returns: whether memory was freed since the last call, here or by ``reuse(_:)``.
    package func releaseMemory(idleFor duration: Duration) -> Bool {
        state.withLock { state in
            if let fedAt = state.fedAt, state.open.isEmpty, state.ready == nil,
                clock.nowMilliseconds() - fedAt >= duration.wholeMilliseconds
            {
                state.fedAt = nil
                state.spare = nil
                state.open = OpenBuckets(sums: MinuteBuckets())
                state.tableNumber += 1
                state.hasShrunk = true
            }
            defer { state.hasShrunk = false }
            return state.hasShrunk
        }
    }

    /// Whether something waits to be sealed, whatever its age.
    package var isEmpty: Bool { state.withLock { $0.ready == nil && $0.open.isEmpty } }

    /// Rows and distinct names in the open table, for metrics.
    package var openRows: Int { state.withLock { $0.open.sums.rowCount } }

    // MARK: Under the lock

    /// Lends the open table to a sink, unless one has to be sealed first.
    ///
    /// - Parameter read: fills the sink, takes over a checkpoint, and answers how many bytes were read.
    private func lend(
        _ state: inout State, _ context: ChunkContext, read: (inout State, inout ChunkSink) -> Int
    ) -> ChunkOutcome {
        guard makeRoom(&state) else { return .full }
        let events = state.open.sums.eventCount
        let rejected = state.open.quarantine.count
        var sink = ChunkSink(context)
        sink.exchange(&state.open)
        let consumed = read(&state, &sink)
        let ignored = sink.ignored
        sink.exchange(&state.open)
        noteOpened(&state)
        return .parsed(
            consumed: consumed, events: state.open.sums.eventCount - events,
            rejected: UInt64(state.open.quarantine.count - rejected), ignored: ignored)
    }

    private func isAtLimit(_ open: OpenBuckets) -> Bool {
        open.sums.rowCount >= limits.rows || open.sums.estimatedBytes >= limits.bytes
            || open.quarantineBytes >= limits.quarantineBytes
            // Half is left for what is added before this is asked again.
            || open.sums.eventCount >= BatchBounds.maxEvents / 2
    }

    /// Makes sure that the open table may take more.
    private func makeRoom(_ state: inout State) -> Bool {
        isAtLimit(state.open) ? rotate(&state) : true
    }

    private func noteOpened(_ state: inout State) {
        let now = clock.nowMilliseconds()
        state.fedAt = now
        if state.openedAt == nil, !state.open.isEmpty { state.openedAt = now }
    }

    /// Moves the open table to the place that sealing takes from, unless that is taken.
    private func rotate(_ state: inout State) -> Bool {
        guard !state.open.isEmpty else { return true }
        guard state.ready == nil else { return false }
        let next = OpenBuckets(sums: state.spare.take() ?? MinuteBuckets())
        let table = state.tableNumber
        state.unsealedTables.insert(table)
        state.tableNumber += 1
        let full = state.open
        state.open = next
        state.ready = SealContent(
            sums: full.sums, rejections: full.rejections, quarantine: full.quarantine, repairs: full.repairs,
            checkpoints: state.checkpoints, tables: state.tables, exports: state.exports,
            writeAheadThrough: state.writeAheadThrough, table: table)
        state.openedAt = nil
        return true
    }

    private func take(_ changes: CheckpointChanges, _ state: inout State) {
        if let source = changes.wholeSource {
            state.checkpoints = state.checkpoints.filter { $0.key.source != source }
            state.recordedSources.insert(source)
        }
        state.checkpoints.merge(changes.checkpoints) { $1 }
    }
}
