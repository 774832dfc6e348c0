internal import BatchFormat
internal import CollectorCore
internal import Spool
internal import UsageModel

extension World {
    /// Does what shipping wants next, until it waits for something.
    func ship(_ node: CollectorNode) {
        while let run = node.run, run.request == nil, !run.isWaiting {
            switch run.machine.next() {
            case .requestEpoch(let last): send(.epoch(last), node)
            case .listArchive: node.run?.machine.archiveListed(run.core.archived)
            case .lookUp(let epoch, let batches): send(.lookUp(epoch: epoch, digests: batches.map(\.digest)), node)
            case .send(let batch, let epoch, let sequence):
                do throws(SpoolError) {
                    let sealed = try run.core.read(batch.spoolSequence)
                    send(.batch(sealed: sealed, digest: batch.digest, epoch: epoch, sequence: sequence), node)
                } catch {
                    guard !buryIfDead(node) else { return }
                    note("\(node.name) can't read batch \(batch.spoolSequence): \(error.code.rawValue)")
                    if error.code == .noSuchBatch {
                        node.run?.machine.dropUnreadable(batch.spoolSequence)
                    } else {
                        _ = node.run?.machine.readFailed(detail: "\(error.code.rawValue)")
                    }
                }
            case .wait(let floor, let ceiling):
                let range = floor.wholeMilliseconds...max(floor.wholeMilliseconds, ceiling.wholeMilliseconds)
                node.run?.isWaiting = true
                after(random.within(range), .resume(node.index, incarnation: node.incarnation))
            // None is ever due here: every world goes on until all is drained, so something is always sent.
            case .heartbeat: node.run?.machine.skipHeartbeat()
            case .idle, .stop: return
            }
        }
    }

    func resume(_ node: CollectorNode) {
        node.run?.isWaiting = false
        node.run?.machine.waited()
        ship(node)
    }

    private func send(_ body: Request.Body, _ node: CollectorNode) {
        requests += 1
        node.run?.request = requests
        let request = Request(number: requests, collector: node.index, incarnation: node.incarnation, body: body)
        note("\(node.name) asks \(request.number): \(body)")
        after(Self.timeout, .giveUp(request))
        let isLost = node.isPartitioned || random.chance(isHealed ? 0 : scenario.network.lostRequests)
        if !isLost { after(way, .arrive(request)) }
        if case .epoch = body { return }
        if !node.isPartitioned, random.chance(isHealed ? 0 : scenario.network.copies) {
            after(random.within(NetworkFaults.copyDelay), .arrive(request))
        }
    }

    /// How long a message takes.
    private var way: Int64 {
        random.within(
            random.chance(isHealed ? 0 : scenario.network.slow) ? NetworkFaults.slowWay : NetworkFaults.way)
    }

    /// A request reaches the aggregator.
    func arrive(_ request: Request) throws(Violation) {
        // An epoch that nobody waits for any more is not asked for: the connection is gone with the process.
        let node = nodes[request.collector]
        if case .epoch = request.body, node.incarnation != request.incarnation || node.run == nil { return }
        let answer = try process(request)
        note("request \(request.number) is answered: \(answer?.description ?? "-")")
        guard let answer, !node.isPartitioned, !random.chance(isHealed ? 0 : scenario.network.lostAnswers) else {
            return
        }
        after(way, .answer(request, answer))
    }

    /// - Returns: `nil` where the connection to the client breaks.
    private func process(_ request: Request) throws(Violation) -> Answer? {
        if isDatabaseDown {
            return .failed(request.body, ShippingDelay(.busy, "503", retryAfter: .seconds(1)))
        }
        let isUnknown = random.chance(isHealed ? 0 : scenario.unknownCommits)
        // Of the transactions without an answer, half were not committed.
        if isUnknown, random.chance(500) {
            guard bug == .acknowledgeBeforeCommit, case .batch = request.body else { return nil }
            return .batch(.decided(.counted))
        }
        let answer = try transact(request)
        return isUnknown ? nil : answer
    }

    private func transact(_ request: Request) throws(Violation) -> Answer {
        let collector = request.collector
        switch request.body {
        case .epoch(let last): return .epoch(database.openEpoch(collector, last))
        case .lookUp(let epoch, let digests):
            return .lookUp(database.lookUp(collector, digests, epoch: epoch, now: now))
        case .batch(let bytes, let claimed, let epoch, let sequence):
            let (sealed, digest) = repeated(request, bytes, claimed)
            let commit = database.commit(
                collector, digest, try Self.spoolSequence(of: sealed), epoch: epoch, sequence: sequence, now: now)
            if commit.isCounted { try oracle.count(collector, sealed, epoch: epoch, sequence: sequence) }
            return .batch(.decided(commit.outcome))
        }
    }

    private static func spoolSequence(of sealed: [UInt8]) throws(Violation) -> DatabaseModel.SpoolSequence {
        guard let (header, _) = try? BatchDecoder().decode(sealed) else {
            throw Violation(.exact, "a batch that can't be decoded was sent")
        }
        return DatabaseModel.SpoolSequence(spool: header.spoolID, spoolSequence: header.spoolSequence)
    }

    /// The batch as it came, or sealed anew where ``KnownBug/resealAfterUnknownOutcome`` has it.
    private func repeated(
        _ request: Request, _ sealed: [UInt8], _ digest: BatchDigest
    ) -> (sealed: [UInt8], digest: BatchDigest) {
        guard bug == .resealAfterUnknownOutcome, let (sealedHeader, rows) = try? BatchDecoder().decode(sealed) else {
            return (sealed, digest)
        }
        var header = sealedHeader
        header.sealedAtMilliseconds += Int64(request.number)
        guard let again = try? BatchEncoder().seal(header, rows) else { return (sealed, digest) }
        return (again.bytes, again.digest)
    }

    // MARK: Answers

    func giveUp(_ request: Request, _ node: CollectorNode) {
        guard node.run?.request == request.number else { return }
        take(.failed(request.body, ShippingDelay(.unreachable, "no answer in time")), to: request, node)
    }

    func take(_ answer: Answer, to request: Request, _ node: CollectorNode) {
        guard node.run?.request == request.number else { return }
        node.run?.request = nil
        note("\(node.name) hears of \(request.number): \(answer)")
        let effect: ShippingStateMachine.Effect? =
            switch answer {
            case .epoch(let answer): node.run?.machine.epochAnswered(answer)
            case .lookUp(let answer): node.run?.machine.lookupAnswered(answer)
            case .batch(let answer): node.run?.machine.batchAnswered(answer)
            }
        if effect == .reportFenced { node.run?.intakeSwitch.set(.fenced, true) }
        for record in effect?.records ?? [] {
            do throws(SpoolError) {
                try node.run?.core.record(record)
            } catch {
                note("\(node.name) can't record: \(error.code.rawValue)")
                _ = node.run?.machine.unrecorded(record, detail: "\(error.code.rawValue)")
            }
        }
        node.run?.takeSealed()
        guard !buryIfDead(node) else { return }
        ship(node)
    }
}
