internal import CollectorCore
internal import UsageModel

extension World {
    func start(_ node: CollectorNode) {
        guard node.run == nil else { return }
        do {
            try node.start(scenario, bug)
            note("\(node.name) starts as \(node.incarnation)")
        } catch {
            note("\(node.name) can't start: \(error)")
            guard !buryIfDead(node) else { return }
            node.disk.reboot(powerCut: false)
            return after(random.within(500...3_000), .start(node.index))
        }
        guard !buryIfDead(node) else { return }
        after(random.within(1...500), .tick(node.index, incarnation: node.incarnation))
        ship(node)
    }

    /// Where the process died in the middle of a call: what it did after that never happened.
    @discardableResult
    func buryIfDead(_ node: CollectorNode) -> Bool {
        guard node.disk.isDead else { return false }
        crash(node, powerCut: node.diesOfPowerCut)
        return true
    }

    func crash(_ node: CollectorNode, powerCut: Bool) {
        note("\(node.name) \(powerCut ? "loses power" : "is killed")")
        node.crash(powerCut: powerCut)
        if bug == .dropLogWithTornTail { node.disk.dropTornLogs() }
        after(random.within(100...5_000), .start(node.index))
    }

    func tick(_ node: CollectorNode) {
        node.run?.tick()
        for event in node.run?.readFiles() ?? [] { note("\(node.name): \(event)") }
        guard !buryIfDead(node) else { return }
        after(random.within(100...1_000), .tick(node.index, incarnation: node.incarnation))
        ship(node)
    }

    // MARK: Input

    private var minute: Int64 { (VirtualClock.WallView.start + now) / 60_000 - Int64(random.below(3)) }

    /// Events of all collectors after which pushed ones get other flags.
    private static let pushesOfOneFlag = 10

    func push(_ node: CollectorNode) {
        if !isHealed { after(random.within(20...3_000), .push(node.index)) }
        guard node.run != nil, now >= node.pausedUntil else { return }
        // Told from the count and not by chance, so that runs of a seed stay what they were.
        let flags = UsageFlags(
            rawValue: UInt8(oracle.emitted / Self.pushesOfOneFlag % (Int(UsageFlags.all.rawValue) + 1)))
        let events = oracle.emit(node.index, count: 1 + random.below(3), minute: minute, flags: flags)
        let rubbish: UInt64 = random.chance(scenario.rubbish) ? 1 : 0
        oracle.reject(node.index, may: rubbish)
        do throws(CommitFailure) {
            let pushed = try node.accept(events, rubbish: rubbish)
            guard !buryIfDead(node) else { return }
            note("\(node.name) appends \(events.places) of \(events.key.tenant)")
            if bug == .acknowledgeOnAppend { acknowledge(pushed, node) }
            after(random.within(0...5), .makeDurable(node.index, incarnation: node.incarnation, pushed))
        } catch {
            guard !buryIfDead(node) else { return }
            note("\(node.name) refuses \(events.places) of \(events.key.tenant): \(error)")
            oracle.settle(events, .refused)
        }
    }

    func makeDurable(_ node: CollectorNode, _ pushed: CollectorRun.Pushed) {
        do throws(CommitFailure) {
            try node.run?.core.makeDurable(pushed.ticket)
            node.run?.takeSealed()
            guard !buryIfDead(node) else { return }
            acknowledge(pushed, node)
        } catch {
            node.run?.takeSealed()
            // The sender is told to send again; what was written may yet turn up, so its outcome is unknown.
            guard !buryIfDead(node) else { return }
            note("\(node.name) could not sync \(pushed.events.places) of \(pushed.events.key.tenant)")
        }
        ship(node)
    }

    private func acknowledge(_ pushed: CollectorRun.Pushed, _ node: CollectorNode) {
        note("\(node.name) acknowledges \(pushed.events.places) of \(pushed.events.key.tenant)")
        oracle.settle(pushed.events, .acknowledged)
        oracle.settleRejected(node.index, pushed.rejected)
    }

    func append(_ node: CollectorNode) {
        if !isHealed { after(random.within(200...6_000), .append(node.index)) }
        let events = oracle.emit(
            node.index, count: 1 + random.below(4), minute: minute, mayChange: scenario.repeats != nil)
        let rubbish = random.chance(scenario.rubbish) ? 1 : 0
        // The log is the truth: what stands in it is counted, or reported as rejected.
        oracle.settle(events, .acknowledged)
        oracle.reject(node.index, must: UInt64(rubbish))
        node.appendToLog(events, rubbish: rubbish)
        if isHealed { node.log.finish() }
        note("\(node.name)'s log gets \(events.places) of \(events.key.tenant)")
    }

    func writeExport(_ node: CollectorNode) {
        guard !isHealed, var export = node.export else { return }
        after(export.step(minute: (VirtualClock.WallView.start + now) / 60_000), .writeExport(node.index))
        node.export = export
        noteExport(node)
    }

    private func noteExport(_ node: CollectorNode) {
        guard let content = node.export?.content() else { return }
        let cut = content.isCut ? ", and part of another" : ""
        note("\(node.name)'s export says \(content.sums.count) rows\(cut)")
        if let whole = content.withLastRecord { oracle.exports.note(node.index, whole) }
        oracle.exports.note(node.index, content.sums)
        // The first version may be counted without its last line, which is then refused.
        if content.isCut { oracle.reject(node.index, may: 1) }
    }

    /// Has the export end with a whole version.
    func finishExport(_ node: CollectorNode) {
        guard node.export != nil else { return }
        node.export?.finish()
        noteExport(node)
    }

    func rotate(_ node: CollectorNode) {
        guard !isHealed else { return }
        after(random.within(1_000...20_000), .rotate(node.index))
        note("\(node.name)'s log is rotated")
        let lost = node.log.rotate()
        for events in lost.events { oracle.release(events) }
        oracle.releaseRejected(node.index, lost.rubbish)
    }
}
