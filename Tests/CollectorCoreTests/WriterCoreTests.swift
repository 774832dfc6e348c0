import BatchFormat
import Spool
import Testing
import UsageModel

@testable import CollectorCore
@testable import FaultSimulation

/// What the simulation found in the writer and the spool, each as the shortest way there.
@Suite struct WriterCoreTests {
    /// A writer over a disk that a test can make fail.
    private struct Rig {
        let files: FailingFileSystem
        let clock: VirtualClock
        let recovered: RecoveredState
        var core: WriterCore
        private let inbox: CollectorRun.Inbox

        init(_ disk: VirtualDisk, sealRows: Int = 100) throws {
            files = FailingFileSystem(disk)
            clock = VirtualClock(VirtualTime())
            let inbox = CollectorRun.Inbox()
            self.inbox = inbox
            let (spool, recovered) = try Spool.open(
                directory: CollectorRun.directory, settings: SpoolSettings(minFreeBytes: 0), fileSystem: files,
                clock: clock.wall)
            self.recovered = recovered
            core = WriterCore(
                spool: spool,
                identity: BatchIdentity(
                    provider: CollectorNode.provider, collector: "edge-0", spoolID: recovered.spoolID, version: "test"),
                accumulator: Accumulator(limits: Accumulator.Limits(rows: sealRows), clock: clock),
                intakeSwitch: IntakeSwitch(),
                sealAge: .seconds(60),
                quarantine: try Quarantine(
                    directory: CollectorRun.quarantineDirectory, maxBytes: CollectorRun.quarantineBytes,
                    nextSpoolSequence: recovered.nextSpoolSequence, fileSystem: files, note: { _ in }),
                remembered: RememberedEvents(clock: clock), wallClock: clock.wall,
                steadyClock: clock
            ) { event in
                if case .sealed(let note) = event { inbox.batches.append(note.batch) }
            }
            _ = try core.restore(recovered)
            core.intakeSwitch.set(.starting, false)
        }

        /// The spool sequences of the batches that shipping was told of, in order.
        var told: [UInt64] { inbox.batches.map(\.spoolSequence) }

        mutating func push(_ tenant: String) throws -> WriterCore.Ticket {
            let row = UsageRow(
                minute: 1, tenant: 0, model: 0, region: 0, layer: .maas, workload: .online, modality: .text,
                counts: TokenCounts(requests: 1, input: 1, cachedInput: 0, output: 0, reasoningOutput: 0))
            let rows = UsageRows(tenants: [tenant], models: ["m"], regions: ["r"], rows: [row])
            return try core.accept(AcceptedRows(rows: rows, eventCount: 1), quarantine: [])
        }

        /// Refuses a pushed record for each tenant.
        mutating func refuse(_ tenants: [String]) throws {
            let entries = tenants.enumerated().map { index, tenant in
                let record = Array(tenant.utf8)
                return unsafe QuarantineEntry(
                    Rejection(.syntax), record: record.span.bytes,
                    position: RecordPosition(line: UInt64(index + 1), byteOffset: 0), source: "s", file: "",
                    timeMilliseconds: 0)
            }
            let accepted = AcceptedRows(
                rows: UsageRows(), eventCount: 0, rejections: [.syntax: UInt64(tenants.count)])
            try core.makeDurable(try core.accept(accepted, quarantine: entries))
        }

        /// Reads every file of the quarantine again; all records but those of the tenant "never" count now.
        mutating func requeueAll() throws {
            for name in core.requeueableFiles {
                try core.requeue(name) { lines in
                    var rest: [UInt8] = []
                    var tenants: [String] = []
                    for line in lines.split(separator: 0x0A) {
                        let tenant = QuarantinedRecord(line: line).map { String(decoding: $0.bytes, as: UTF8.self) }
                        if let tenant, tenant != "never" { tenants.append(tenant) } else { rest += line + [0x0A] }
                    }
                    let rows = tenants.indices.map { index in
                        UsageRow(
                            minute: 1, tenant: UInt32(index), model: 0, region: 0, layer: .maas, workload: .online,
                            modality: .text,
                            counts: TokenCounts(
                                requests: 1, input: 1, cachedInput: 0, output: 0, reasoningOutput: 0))
                    }
                    return Requeued(
                        accepted: AcceptedRows(
                            rows: UsageRows(tenants: tenants, models: ["m"], regions: ["r"], rows: rows),
                            eventCount: UInt64(tenants.count)), rest: rest, hasLeavers: !tenants.isEmpty)
                }
            }
        }

        /// What stands in the quarantine.
        func quarantined() throws -> [String] {
            try core.requeueableFiles.flatMap { name in
                try core.quarantine.read(name).split(separator: 0x0A).compactMap { line in
                    QuarantinedRecord(line: line).map { String(decoding: $0.bytes, as: UTF8.self) }
                }
            }
        }

        /// Tokens by tenant over all batches of the spool.
        func sealed() throws -> [String: UInt64] {
            var totals: [String: UInt64] = [:]
            for batch in core.unshipped + core.archived {
                let (_, rows) = try BatchDecoder().decode(try core.read(batch.spoolSequence))
                for row in rows.rows { totals[rows.tenants[Int(row.tenant)], default: 0] += row.counts.input }
            }
            return totals
        }
    }

    private func disk(_ seed: UInt64 = 1) -> VirtualDisk { VirtualDisk(SimulationRandom(seed: seed)) }

    @Test func `a batch that became durable in a sync that failed is not sealed again`() throws {
        var rig = try Rig(disk())
        try rig.core.makeDurable(try rig.push("a"))
        let waiting = try rig.push("b")
        rig.files.failing { call, path in call == "fdatasync" && path.contains("writeahead-") }
        rig.core.sealAll()
        rig.files.failing { _, _ in false }
        #expect(throws: CommitFailure.closed(.spoolFailing)) { try rig.core.makeDurable(waiting) }
        rig.core.sealAll()
        #expect(try rig.sealed() == ["a": 1])
    }

    @Test func `a push whose record was lost while compacting is not acknowledged`() throws {
        var rig = try Rig(disk())
        let waiting = try rig.push("a")
        rig.files.failing { call, _ in call == "fdatasync" }
        rig.core.checkSpace()
        rig.files.failing { _, _ in false }
        #expect(throws: CommitFailure.closed(.spoolFailing)) { try rig.core.makeDurable(waiting) }
        rig.core.sealAll()
        #expect(try rig.sealed().isEmpty)
    }

    @Test func `an acknowledgement that a failed sync forgot is written again`() throws {
        var rig = try Rig(disk())
        try rig.core.makeDurable(try rig.push("a"))
        rig.core.sealAll()
        try rig.core.record(.acknowledged(spoolSequence: 1, .counted(epoch: 1, sequence: 0)))
        rig.files.failing { call, _ in call == "fdatasync" }
        rig.core.checkSpace()
        rig.files.failing { _, _ in false }
        rig.core.checkSpace()
        #expect(rig.core.unshipped.isEmpty)
        #expect(rig.core.archived.map(\.spoolSequence) == [1])
    }

    @Test func `shipping is told of batches in their order`() throws {
        var rig = try Rig(disk(), sealRows: 1)
        let tickets = try ["a", "b", "c", "d", "e"].map { try rig.push($0) }
        for ticket in tickets { try rig.core.makeDurable(ticket) }
        rig.core.sealAll()
        #expect(rig.told == [1, 2, 3, 4, 5])
        #expect(try rig.sealed().count == 5)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `a batch found after a kill outlasts a power cut`(_ seed: UInt64) throws {
        let disk = disk(seed)
        do {
            var rig = try Rig(disk)
            try rig.core.makeDurable(try rig.push("a"))
            // Killed after the batch was written and before it was synced.
            rig.files.failing { call, path in
                if call == "fdatasync", path.contains("batches-"), !path.hasSuffix(".new") { disk.kill(afterCalls: 1) }
                return false
            }
            rig.core.sealAll()
            #expect(disk.isDead)
        }
        disk.reboot(powerCut: false)
        do {
            var rig = try Rig(disk)
            try #require(rig.recovered.unshipped.count == 1)
            try rig.core.record(.epoch(EpochPosition(epoch: 1, nextSequence: 0)))
        }
        disk.reboot(powerCut: true)
        var rig = try Rig(disk)
        rig.core.sealAll()
        #expect(try rig.sealed() == ["a": 1])
    }

    // MARK: Reading quarantined records again

    @Test(arguments: [false, true])
    func `records that are read again count once and leave, wherever the process is killed`(powerCut: Bool) throws {
        var calls = 0
        var wasKilled = true
        while wasKilled {
            calls += 1
            let disk = disk(UInt64(calls))
            do {
                var rig = try Rig(disk)
                try rig.refuse(["a", "never", "b"])
            }
            do {
                var rig = try Rig(disk)
                disk.kill(afterCalls: calls)
                try? rig.requeueAll()
                if !disk.isDead { rig.core.sealAll() }
                wasKilled = disk.isDead
            }
            for isLast in [false, true] {
                disk.reboot(powerCut: powerCut)
                var rig = try Rig(disk)
                try rig.requeueAll()
                if isLast { rig.core.sealAll() }
                #expect(try rig.quarantined() == ["never"], "after \(calls) calls")
                if isLast { #expect(try rig.sealed() == ["a": 1, "b": 1], "after \(calls) calls") }
            }
        }
        #expect(calls > 10)
    }

    @Test(arguments: ["rename", "unlink", "fsync"])
    func `no batch covers a record that still stands in its file`(call failing: String) throws {
        let disk = disk()
        var rig = try Rig(disk)
        try rig.refuse(["a"])
        // From the moment at which the record is counted: its file is looked at again.
        let files = rig.files
        files.failing { call, path in
            if call == "fdatasync", path.contains("writeahead-") {
                files.failing { call, path in
                    call == failing && (path.contains("pushed-") || path == CollectorRun.quarantineDirectory)
                }
            }
            return false
        }
        #expect(throws: (any Error).self) { try rig.requeueAll() }
        rig.core.sealAll()
        #expect(rig.core.unshipped.isEmpty)
        #expect(rig.core.intakeSwitch.closedFor == [.spoolFailing])
        rig.files.failing { _, _ in false }
        rig.core.sealAll()
        #expect(try rig.sealed() == ["a": 1])
        #expect(try rig.quarantined() == [])
    }

    @Test func `records whose commit fails stay where they are`() throws {
        let disk = disk()
        var rig = try Rig(disk)
        try rig.refuse(["a"])
        rig.files.failing { call, path in call == "fdatasync" && path.contains("writeahead-") }
        #expect(throws: (any Error).self) { try rig.requeueAll() }
        rig.files.failing { _, _ in false }
        rig.core.checkSpace()
        #expect(try rig.quarantined() == ["a"])
        rig.core.sealAll()
        // Whether the record reached the disk is found out by the next start.
        disk.reboot(powerCut: false)
        rig = try Rig(disk)
        try rig.requeueAll()
        rig.core.sealAll()
        #expect(try rig.sealed() == ["a": 1])
        #expect(try rig.quarantined() == [])
    }

    @Test func `refused records of a request that was answered outlast a power cut`() throws {
        let disk = disk()
        do {
            var rig = try Rig(disk)
            try rig.refuse(["a"])
        }
        disk.reboot(powerCut: true)
        #expect(try Rig(disk).quarantined() == ["a"])
    }
}
