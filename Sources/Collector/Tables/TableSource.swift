internal import CollectorCore
internal import Foundation
internal import Logging
internal import SourceFormats
internal import Synchronization
internal import TableReading
internal import Telemetry
internal import UsageModel

/// Reads the table of one source through a process of its own, portion by portion, and counts the rows.
///
/// The table is the durable truth, as a followed file is: nothing is acknowledged or copied, and every sealed batch
/// carries the id up to which rows are in it or in earlier ones. Whatever is killed, reading goes on behind that id.
actor TableSource {
    /// Waits before a process that ended is started again, and before a database is asked again that can't be reached.
    static let backoff = Backoff(first: .seconds(1), last: .seconds(30))
    /// How long rows may wait for open transactions before that is told.
    static let toldWait = Duration.seconds(60)
    /// The longest pause between two looks whether such transactions are over.
    static let waitInterval = Duration.seconds(1)
    /// How long the process may take beyond the time of its statements: it connects.
    static let answerGrace = Duration.seconds(60)
    /// So many statements may take their whole time for one answer.
    private static let statementsPerAnswer = 2
    /// How often it is looked whether input is taken again.
    private static let closedInterval = Duration.milliseconds(100)

    nonisolated private let executor = BlockingExecutor(label: "steelyard.table")
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let name: String
    private let database: SourceSettings.Database
    private let plan: SourcePlan
    private let reader: TableReaderProcess
    private let writer: Writer
    private let parts: CollectorDependencies
    private var position: TablePosition
    private let currentProblem = Mutex<SourceProblem?>(nil)
    private var backoff = TableSource.backoff
    /// Since when rows wait for transactions, by the steady clock; `nil` where none do.
    private var waitsSince: Int64?

    init(
        name: String, database: SourceSettings.Database, plan: SourcePlan, checkpoint: TableCheckpoint?,
        reader: TableReaderProcess, writer: Writer, parts: CollectorDependencies
    ) {
        self.name = name
        self.database = database
        self.plan = plan
        self.reader = reader
        self.writer = writer
        self.parts = parts
        if let checkpoint, checkpoint.numbering == database.numbering {
            position = TablePosition(id: checkpoint.id, evidence: checkpoint.evidence)
        } else {
            position = TablePosition(id: database.afterID)
        }
    }

    /// What keeps the table from being read now. Told without waiting for the actor, which may wait for a slow database.
    nonisolated var problem: SourceProblem? { currentProblem.withLock { $0 } }

    /// Reads until the task is cancelled. A process that ends is started again, later each time.
    nonisolated func run() async {
        await tellStart()
        while !Task.isCancelled {
            let end: String
            do {
                end = try await reader.run { descriptor in try await self.serve(descriptor) }
            } catch {
                end = "\(error)"
            }
            if Task.isCancelled { return }
            try? await parts.steadyClock.sleep(for: await pause(after: end))
        }
    }

    private func tellStart() {
        parts.metrics.tableID(name).set(Double(position.id))
        parts.logger.info(
            "reading a table", [.source: "\(name)", .table: "\(database.table)", .position: "\(position.id)"])
    }

    private func pause(after end: String) -> Duration {
        let pause = backoff.next()
        tell(.databaseUnreachable, "the process that reads the table ended: \(end)")
        parts.logger.warning(
            "the process that reads a table ended; it is started again, and nothing is lost",
            [
                .source: "\(name)", .error: "\(end)", .path: "\(reader.executable)",
                .delayMilliseconds: "\(pause.wholeMilliseconds)",
                .remedy: "install \(TableReaderProcess.programName) beside steelyard-collector",
            ])
        return pause
    }

    private func serve(_ descriptor: Int32) async throws {
        let channel = TableChannel(descriptor: descriptor)
        while !Task.isCancelled {
            let pause = parts.intakeSwitch.isClosed ? Self.closedInterval : try await poll(channel)
            if pause > .zero { try? await parts.steadyClock.sleep(for: pause) }
        }
    }

    /// Asks once and counts what is answered.
    ///
    /// - Returns: when to ask again.
    private func poll(_ channel: TableChannel) async throws -> Duration {
        let (answer, bytes) = try ask(channel)
        if answer.outcome != .waiting { waitsSince = nil }
        switch answer.outcome {
        case .rows:
            guard let end = answer.position else { throw TableChannel.Failure.garbled("rows without their end") }
            let rows = try TableRows(bytes, behind: position.id)
            guard rows.lastID == end.id else { throw TableChannel.Failure.garbled("rows that end elsewhere") }
            try await count(rows, upTo: end)
            noteReading(answer)
            return .zero
        case .nothingNew:
            noteReading(answer)
            return database.interval
        case .waiting:
            noteWait(answer)
            return min(database.interval, Self.waitInterval)
        case .setBack: tell(.tableSetBack, answer.detail)
        case .refused: tell(.tableRefused, answer.detail)
        case .unreachable: tell(.databaseUnreachable, answer.detail)
        }
        return max(backoff.next(), database.interval)
    }

    private func ask(_ channel: TableChannel) throws -> (TableAnswer, [UInt8]) {
        let request = TableRequest(
            server: database.server, table: database.table, dialect: database.dialect, position: position,
            maxRows: TableLimits.maxRows, maxBytes: TableLimits.maxPortionBytes)
        let statements = Duration.milliseconds(database.server.statementTimeoutMilliseconds) * Self.statementsPerAnswer
        let deadline = ContinuousClock.now + statements + Self.answerGrace
        try channel.send(request)
        guard let answer = try channel.receive(TableAnswer.self, until: deadline) else {
            throw TableChannel.Failure.closed
        }
        return (answer, try channel.receiveRows(answer.byteCount, until: deadline))
    }

    /// Counts rows, with a table of sums sealed before where that is needed.
    private func count(_ rows: TableRows, upTo end: TablePosition) async throws {
        let checkpoint = TableCheckpoint(numbering: database.numbering, id: end.id, evidence: end.evidence)
        while true {
            let now = parts.wallClock.nowMilliseconds()
            let context = ChunkContext(
                source: name, file: database.table, nowMilliseconds: now,
                window: parts.timeWindow.window(nowMilliseconds: now), keeping: parts.keeping)
            let outcome = parts.accumulator.add(rows, of: name, by: plan, context: context, checkpoint: checkpoint)
            if case .parsed(let byteCount, let events, let rejected, let ignored) = outcome {
                position = end
                parts.metrics.source(name).count(
                    events: events, rejected: rejected, ignored: ignored, bytes: UInt64(byteCount))
                return
            }
            await writer.makeRoom()
            // Sealing fails while the disk is full. Whoever stops here reads the rows again.
            if !parts.accumulator.makeRoom() { try await parts.steadyClock.sleep(for: Self.closedInterval) }
        }
    }

    private func noteReading(_ answer: TableAnswer) {
        backoff.reset()
        currentProblem.withLock { $0 = nil }
        note(answer.highestID)
    }

    private func noteWait(_ answer: TableAnswer) {
        let now = parts.steadyClock.nowMilliseconds()
        let since = waitsSince ?? now
        waitsSince = since
        guard now - since >= Self.toldWait.wholeMilliseconds else { return noteReading(answer) }
        note(answer.highestID)
        tell(.transactionsOpen, answer.detail)
    }

    private func note(_ highestID: Int64?) {
        parts.metrics.tableID(name).set(Double(position.id))
        if let highestID { parts.metrics.tableIDsBehind(name).set(Double(max(0, highestID - position.id))) }
    }

    private func tell(_ reason: SourceProblem.Reason, _ detail: String) {
        let isNew = problem?.reason != reason
        currentProblem.withLock { $0 = SourceProblem(source: name, reason: reason, detail: detail) }
        guard isNew, reason == .tableSetBack else { return }
        parts.logger.error(
            "a table's ids went back: nothing is read of it, since rows would count twice or be lost",
            [.source: "\(name)", .table: "\(database.table)", .detail: "\(detail)", .remedy: "\(reason.remedy)"])
    }
}
