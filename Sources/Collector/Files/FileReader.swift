package import CollectorCore
internal import DaemonSupport
internal import Dispatch
internal import Foundation
internal import Logging
internal import ServiceLifecycle
internal import Spool
internal import Telemetry
internal import UsageModel

/// Runs the ``FileFollower`` on a thread of its own: looks through the directories and reads what has grown, in turns.
package actor FileReader: Service {
    /// How often directories are looked through and files asked for their size.
    static let pollInterval = Duration.milliseconds(100)
    /// How often that is done where inotify says that nothing has changed.
    static let restingInterval = Duration.seconds(5)
    /// Rounds in which nothing was read after which memory is given back: after 10 s.
    static let idlePolls = 100

    nonisolated private let executor = BlockingExecutor(label: "steelyard.files")
    nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private var follower: FileFollower
    private let intakeSwitch: IntakeSwitch
    private let writer: Writer
    private let metrics: CollectorMetrics
    private let steadyClock: any SteadyClock
    private let watch = DirectoryWatch()
    /// When the next round is due even where nothing has changed, by the steady clock, in milliseconds.
    private var nextRoundAt: Int64 = 0

    /// - Parameters:
    ///   - maxFiles: the most files that are followed at once.
    ///   - maxHandles: the most of them that are held open.
    package init(
        settings: CollectorSettings, writer: Writer, recovered: RecoveredFiles, parts: CollectorDependencies,
        maxFiles: Int = FileFollower.maxFiles, maxHandles: Int = FileFollower.maxFiles
    ) {
        self.writer = writer
        intakeSwitch = parts.intakeSwitch
        metrics = parts.metrics
        steadyClock = parts.steadyClock
        let parsing = ParallelParsing.onAllCores
        let report = FileReport(metrics: parts.metrics, logger: parts.logger)
        follower = FileFollower(
            sources: settings.followedSources, timeWindow: parts.timeWindow, recovered: recovered,
            sealAge: settings.seal.age, accumulator: parts.accumulator, intakeSwitch: parts.intakeSwitch,
            fileSystem: parts.fileSystem, versionsDirectory: "\(settings.storage.directory)/versions",
            wallClock: parts.wallClock, steadyClock: parts.steadyClock,
            chunkBytes: AccumulatorLimits.chunkBytes * parsing.pieces, maxFiles: maxFiles, maxHandles: maxHandles,
            bootedAtMilliseconds: Self.bootedAtMilliseconds, parsing: parsing, knownIDs: parts.remembered
        ) { report($0) }
        follower.keeping = parts.keeping
    }

    /// When the machine was started, as the kernel has it.
    private static var bootedAtMilliseconds: Int64? {
        let lines = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8))?.split(separator: "\n") ?? []
        return lines.first { $0.hasPrefix("btime ") }.flatMap { Int64($0.dropFirst("btime ".count)) }.map { $0 * 1_000 }
    }

    package func run() async throws {
        guard !follower.sources.isEmpty else {
            try? await gracefulShutdown()
            return
        }
        await cancelWhenGracefulShutdown {
            var idlePolls = 0
            while !Task.isCancelled {
                let didRead = await self.pollIfDue()
                idlePolls = didRead ? 0 : idlePolls + 1
                if idlePolls == Self.idlePolls { await self.releaseMemory() }
                if !didRead { try? await self.steadyClock.sleep(for: Self.pollInterval) }
            }
        }
        follower.close()
    }

    /// Does a round, unless everything was read and nothing has changed since in any directory that matters.
    private func pollIfDue() async -> Bool {
        // Asked before the round, so that what changes during it is seen by the next one.
        let hasChanges = watch.takeChanges()
        let now = steadyClock.nowMilliseconds()
        guard hasChanges || now >= nextRoundAt else { return false }
        let didRead = await poll()
        let mayRest = !didRead && follower.isIdle && watch.watch(follower.watchableDirectories())
        nextRoundAt = mayRest ? now + Self.restingInterval.wholeMilliseconds : now
        return didRead
    }

    /// New globs and formats from now on. Files that are already followed keep the format they started with.
    package func reload(_ settings: CollectorSettings) {
        follower.sources = settings.followedSources
        nextRoundAt = 0
    }

    private func releaseMemory() {
        follower.releaseMemory()
        ProcessMemory.giveBack()
    }

    /// What keeps sources from being read now.
    func problems() -> [SourceProblem] { follower.problems() }

    /// Bytes of each source that stand in its files and weren't read yet, before decompression.
    func bytesBehind() -> [String: UInt64] { follower.bytesBehind }

    /// File handles that are held for following.
    var handleCount: Int { follower.handleCount }

    /// Looks for new and renamed files and reads what there is, a fair share each.
    ///
    /// - Returns: whether anything was read.
    func poll() async -> Bool {
        follower.scan()
        metrics.trackedFiles.set(follower.count)
        metrics.waitingFiles.set(follower.waitingCount)
        var didRead = false
        for id in follower.order {
            if Task.isCancelled { return didRead }
            didRead = await takeTurn(id) || didRead
        }
        didRead = await readExport() || didRead
        follower.letGoOfDetached()
        metrics.openFiles.set(follower.handleCount)
        return didRead
    }

    private func readExport() async -> Bool {
        switch follower.readExport() {
        case .read: return true
        // Exports have no chunks that are counted ahead.
        case .waits, .commits, .sealsAll: return false
        case .full:
            await writer.makeRoom()
            return true
        }
    }

    private func takeTurn(_ id: FileID) async -> Bool {
        var didRead = false
        for _ in 0..<FileFollower.chunksPerTurn {
            guard !Task.isCancelled else { return didRead }
            var turn = follower.readChunk(of: id)
            // Nothing else is asked of the follower until it knows what came of the chunk.
            if case .commits(let chunk) = turn { turn = follower.finishChunk(of: id, await writer.commit(chunk)) }
            switch turn {
            case .read: didRead = true
            case .waits, .commits: return didRead
            case .full: await writer.makeRoom()
            case .sealsAll: await writer.sealAll()
            }
        }
        return didRead
    }
}

extension ParallelParsing {
    /// As many pieces at the same time as there are processors.
    static var onAllCores: ParallelParsing {
        ParallelParsing(pieces: ProcessInfo.processInfo.activeProcessorCount) { count, body in
            guard count > 1 else { return body(0) }
            DispatchQueue.concurrentPerform(iterations: count, execute: body)
        }
    }
}

extension CollectorSettings {
    /// The sources that follow files.
    var followedSources: [FollowedSource] {
        fileSources.compactMap { source in
            guard case .file(let files) = source.kind else { return nil }
            return FollowedSource(
                name: source.name, format: source.format, wrappings: source.wrappings, defaults: source.defaults,
                globs: files.globs, excluded: files.excluded, rotatedDirectories: files.rotatedDirectories,
                ignoredAge: files.ignoredAge, startsAtEnd: files.startsAtEnd, isWhole: files.isWhole,
                completeLastLineAfter: files.completeLastLineAfter, ids: source.ids, exports: files.exports)
        }
    }
}
