internal import CollectorCore
internal import Spool
internal import UsageModel

extension World {
    func fault() {
        guard !isHealed else { return }
        after(random.within(1...2 * scenario.meanBetweenFaults), .fault)
        guard !scenario.faults.isEmpty else { return }
        let kind = scenario.faults[random.below(scenario.faults.count)]
        let node = nodes[random.below(nodes.count)]
        faults += 1
        note("fault: \(kind.rawValue) at \(node.name)")
        inject(kind, node)
    }

    private func inject(_ kind: FaultKind, _ node: CollectorNode) {
        switch kind {
        case .kill, .powerCut: if node.run != nil { crash(node, powerCut: kind == .powerCut) }
        case .killInCall, .powerCutInCall:
            node.diesOfPowerCut = kind == .powerCutInCall
            if node.run != nil { node.disk.kill(afterCalls: 1 + random.below(30)) }
        case .restart: stop(node)
        case .pause: if node.run != nil { node.pausedUntil = now + random.within(1_000...60_000) }
        case .diskFailing:
            node.disk.change { $0.isFailing = true }
            after(random.within(100...10_000), .faultEnds(kind, node.index))
        case .diskFull:
            let room = random.below(40_000)
            node.disk.limitRoom(to: room)
            after(random.within(1_000...20_000), .faultEnds(kind, node.index))
        case .partition:
            node.isPartitioned = true
            after(random.within(100...40_000), .faultEnds(kind, node.index))
        case .databaseDown:
            isDatabaseDown = true
            after(random.within(100...20_000), .faultEnds(kind, node.index))
        case .databaseRestored: restoreDatabase()
        case .clockJump: node.clock.setWallOffset(random.within(-3_600_000...3_600_000))
        }
    }

    func end(_ kind: FaultKind, _ node: CollectorNode) {
        switch kind {
        case .diskFailing: node.disk.change { $0.isFailing = false }
        case .diskFull: node.disk.change { $0.capacity = .max }
        case .partition: node.isPartitioned = false
        case .databaseDown: isDatabaseDown = false
        default: break
        }
    }

    /// SIGTERM: the last seal, and an orderly end.
    private func stop(_ node: CollectorNode) {
        guard let run = node.run, now >= node.pausedUntil else { return }
        run.intakeSwitch.set(.draining, true)
        node.run?.core.sealAll()
        try? run.core.spool.close()
        guard !buryIfDead(node) else { return }
        note("\(node.name) stops")
        node.crash(powerCut: false)
        after(random.within(100...3_000), .start(node.index))
    }

    func backUp() {
        guard !isHealed else { return }
        backups.append((database, oracle.counted))
        after(random.within(1_000...20_000), .backup)
    }

    private func restoreDatabase() {
        let chosen = random.below(backups.count)
        (database, oracle.counted) = backups[chosen]
        // What was backed up later is of a time line that is gone.
        backups.removeLast(backups.count - 1 - chosen)
        note("the database goes back to backup \(chosen)")
    }

    /// The end of all faults: from here on everything has to come right by itself.
    func heal() {
        note("healing")
        isHealed = true
        healedAt = now
        isDatabaseDown = false
        for node in nodes {
            node.disk.change { faults in
                let (ignoresSync, ignoresDirectorySync) = (faults.ignoresSync, faults.ignoresDirectorySync)
                faults = DiskFaults()
                (faults.ignoresSync, faults.ignoresDirectorySync) = (ignoresSync, ignoresDirectorySync)
            }
            node.disk.cancelKill()
            node.isPartitioned = false
            node.pausedUntil = 0
            // Life goes on: one more record, which also shows a database that went back in time unnoticed.
            append(node)
            finishExport(node)
        }
        after(1_000, .inspect)
    }
}
