internal import CollectorCore
internal import Logging
internal import ServiceLifecycle
internal import Spool
internal import Telemetry
internal import UsageModel

/// Runs the shipping state machine: asks it what to do, does that, and tells it what came of it.
package actor Shipper: Service {
    private static let waitSliceMilliseconds: Int64 = 100
    /// How often the aggregator hears of a collector, whether it has usage or not.
    package static let heartbeatInterval = Duration.seconds(30)
    /// What is added to a Retry-After, drawn up to this, in milliseconds: those that were refused together come back
    /// apart.
    private static let retryAfterSpread: Int64 = 1_000

    private var machine: ShippingStateMachine
    private let transport: any AggregatorTransport
    private let writer: Writer
    private let spoolID: SpoolID
    private let sealedBatches: AsyncStream<SpooledBatch>
    private let parts: CollectorDependencies
    private let board: StatusStore
    private let drainTimeout: Duration
    private let heartbeat: Duration
    private var random: any RandomNumberGenerator & Sendable
    /// Wakes the loop out of idling or waiting.
    private var wake: AsyncStream<Void>.Continuation?
    private var isDraining = false
    /// Whether the writer has sealed its last batch.
    private var isSealingOver = false
    private var isStopped = false

    /// - Parameters:
    ///   - heartbeat: how often the aggregator hears of this collector, give or take a tenth.
    ///   - random: draws the jitter.
    package init(
        opened: Writer.Opened, transport: any AggregatorTransport, parts: CollectorDependencies, board: StatusStore,
        drainTimeout: Duration, heartbeat: Duration = Shipper.heartbeatInterval,
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        machine = ShippingStateMachine(
            unshipped: opened.unshipped,
            last: opened.epoch ?? EpochPosition())
        self.transport = transport
        writer = opened.writer
        spoolID = opened.spoolID
        sealedBatches = opened.sealedBatches
        self.parts = parts
        self.board = board
        self.drainTimeout = drainTimeout
        self.heartbeat = heartbeat
        self.random = random
    }

    package func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            let (wakes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            wake = continuation
            group.addTask { await self.takeSealed() }
            group.addTask { await self.ship(wakes) }
            group.addTask { await self.endAfterDrain() }
            group.addTask { await self.beat() }
            // The first to end is either the loop, after a drain or a fence, or the drain's deadline.
            while await group.next() != nil {
                if isStopped { group.cancelAll() }
            }
        }
        await transport.shutDown()
    }

    private func takeSealed() async {
        for await batch in sealedBatches {
            machine.sealed(batch)
            wake?.yield()
        }
        isSealingOver = true
        wake?.yield()
    }

    /// Has a heartbeat go out from time to time.
    private func beat() async {
        let middle = heartbeat.wholeMilliseconds
        while !Task.isCancelled, !isStopped {
            let wait = drawDelay(middle - middle / 10...middle + middle / 10)
            guard (try? await parts.steadyClock.sleep(for: .milliseconds(wait))) != nil else { return }
            machine.heartbeatDue()
            wake?.yield()
        }
    }

    private var heartbeatContent: ControlMessages.Heartbeat {
        let backlog = board.currentBacklog
        return ControlMessages.Heartbeat(
            position: machine.position, softwareVersion: "", backlogBatches: UInt64(clamping: backlog.batches),
            backlogBytes: UInt64(clamping: backlog.bytes), reasons: parts.intakeSwitch.closedFor.map(\.rawValue),
            certificateEndSeconds: nil)
    }

    /// After the order to stop: ships what it can until the time is over. The rest stays in the spool.
    private func endAfterDrain() async {
        guard (try? await gracefulShutdown()) != nil, !isStopped else { return }
        isDraining = true
        wake?.yield()
        try? await parts.steadyClock.sleep(for: drainTimeout)
        isStopped = true
        wake?.finish()
    }

    private func ship(_ wakes: AsyncStream<Void>) async {
        var wakeIterator = wakes.makeAsyncIterator()
        while !Task.isCancelled, !isStopped {
            switch machine.next() {
            case .requestEpoch(let last):
                await handle(machine.epochAnswered(await transport.requestEpoch(last, spoolID: spoolID)))
            case .listArchive: machine.archiveListed(await writer.archived())
            case .lookUp(let epoch, let batches):
                let answer = await transport.lookUp(batches.map(\.digest), epoch: epoch)
                await handle(machine.lookupAnswered(answer))
            case .send(let batch, let epoch, let sequence):
                await send(batch, epoch: epoch, sequence: sequence)
            case .heartbeat:
                if isDraining {
                    machine.skipHeartbeat()
                } else {
                    await handle(machine.heartbeatAnswered(await transport.beat(heartbeatContent)))
                }
            case .wait(let floor, let ceiling):
                await wait(floor: floor, ceiling: ceiling)
                machine.waited()
            case .idle, .stop:
                if isDraining, isSealingOver {
                    isStopped = true
                    return
                }
                _ = await wakeIterator.next(isolation: self)
            }
        }
    }

    private func send(_ batch: SpooledBatch, epoch: UInt64, sequence: UInt64) async {
        let sealed: [UInt8]
        do throws(SpoolError) {
            sealed = try await writer.read(batch.spoolSequence)
        } catch {
            guard error.code == .noSuchBatch else { return note(machine.readFailed(detail: "\(error)")) }
            parts.logger.error(
                "a sealed batch can't be read from the spool; it is not shipped",
                [.spoolSequence: "\(batch.spoolSequence)", .digest: "\(batch.digest)", .error: "\(error)"])
            machine.dropUnreadable(batch.spoolSequence)
            return
        }
        let answer = await transport.send(sealed, digest: batch.digest, epoch: epoch, sequence: sequence)
        if case .decided(let outcome) = answer, outcome.isAcknowledgement {
            parts.metrics.shippedBatches.increment()
            parts.metrics.shippedBytes.increment(by: UInt64(sealed.count))
        }
        await handle(machine.batchAnswered(answer))
    }

    /// Full jitter: any time up to the ceiling, but not below what the aggregator asked for.
    private func wait(floor: Duration, ceiling: Duration) async {
        let least = floor.wholeMilliseconds
        let spread = least > 0 ? Self.retryAfterSpread : 0
        let range = least...max(least + spread, ceiling.wholeMilliseconds)
        let clock = parts.steadyClock
        let end = clock.nowMilliseconds() + drawDelay(range)
        let wasDraining = isDraining
        while !Task.isCancelled, isDraining == wasDraining {
            let left = end - clock.nowMilliseconds()
            if left <= 0 { return }
            // In slices, so that the order to stop is followed by one more attempt at once.
            try? await clock.sleep(for: .milliseconds(min(left, Self.waitSliceMilliseconds)))
        }
    }

    private func drawDelay(_ range: ClosedRange<Int64>) -> Int64 {
        func draw(_ generator: inout some RandomNumberGenerator) -> Int64 { Int64.random(in: range, using: &generator) }
        return draw(&random)
    }

    private func handle(_ effect: ShippingStateMachine.Effect) async {
        note(effect)
        if effect == .reportFenced { parts.intakeSwitch.set(.fenced, true) }
        for record in effect.records {
            do throws(SpoolError) {
                try await writer.record(record)
            } catch {
                parts.logger.warning("shipping progress could not be recorded", [.error: "\(error)"])
                note(machine.unrecorded(record, detail: "\(error)"))
            }
        }
    }
}

extension Shipper {
    /// Tells the operator and the status board.
    private func note(_ effect: ShippingStateMachine.Effect) {
        let logger = parts.logger
        let now = parts.wallClock.nowMilliseconds()
        let (epoch, isConnected, isFenced) = (machine.epoch, machine.isConnected, machine.isFenced)
        board.updateShipping { shipping in
            shipping.epoch = epoch
            shipping.isConnected = isConnected
            shipping.isFenced = isFenced
            switch effect {
            case .recordEpoch, .recordCounted, .recordConfirmed, .reportCurrent:
                shipping.lastSuccessAt = now
                shipping.lastProblem = ""
            case .reportDelay(let delay, _): shipping.lastProblem = delay.detail
            default: break
            }
        }
        switch effect {
        case .recordEpoch: logger.info("the aggregator granted an epoch", [.epoch: "\(epoch)"])
        case .recordConfirmed(let spoolSequences):
            logger.info("batches sent earlier were counted already", [.batches: "\(spoolSequences.count)"])
        case .recordInvalid(let spoolSequence, let reason):
            parts.metrics.refusedBatches.increment()
            logger.error(
                "the aggregator will never take a batch; its bytes are kept under spool/refused",
                [
                    .spoolSequence: "\(spoolSequence)", .reason: "\(reason)",
                    .remedy: "report it; the input is not counted",
                ])
        case .reportDelay(let delay, let attempt):
            parts.metrics.shipFailures.increment()
            // An aggregator that says "later" is asked until it has room; that is told once.
            let level: Logger.Level =
                switch delay.cause {
                case .refused: .error
                case .busy where attempt > 1: .debug
                case .busy, .unreachable: .warning
                }
            logger.log(
                level, "shipping has to be repeated",
                values: [.attempt: "\(attempt)", .detail: "\(delay.detail)"])
        case .reportRewind(let from, let to):
            logger.warning(
                "the aggregator expects another sequence number; batches are sent again",
                [.sequence: "\(from)", .next: "\(to)"])
        case .reportFork(let spoolSequence, let sequence):
            logger.error(
                "another batch was counted under this key; a new epoch is asked for",
                [
                    .spoolSequence: "\(spoolSequence)", .sequence: "\(sequence)",
                    .remedy: "make sure that no copy of this data directory is in use",
                ])
        case .reportFenced:
            logger.error(
                "another process has this collector's identity; this one stops shipping and taking input",
                [.epoch: "\(epoch)", .remedy: "stop one of the two; each collector needs its own certificate"])
        case .none, .recordCounted, .reportCurrent: break
        }
    }
}

/// Stands in where no aggregator is configured: everything stays in the spool.
package struct NoAggregator: Service {
    package init() {}

    package func run() async throws {
        try await gracefulShutdown()
    }
}
