internal import Spool
internal import SpoolTestSupport
internal import Synchronization
internal import Testing
internal import UsageModel

@Suite struct FaultTests {
    private static let inputOutput: Int32 = 5
    private static let noSpace: Int32 = 28
    private static let interrupted: Int32 = 4

    /// What a run was told is durable.
    private struct Promises {
        var writeAhead: [UInt64: [UInt8]] = [:]
        var batches: [UInt64] = []
        var covered: UInt64 = 0
    }

    /// A short life of a collector: accept, seal, acknowledge, twice over. Stops at the first error.
    private static func live(_ fixture: SpoolFixture) -> Promises {
        var promises = Promises()
        do {
            let spool = try fixture.open().spool
            try spool.appendEpoch(EpochPosition(epoch: 1, nextSequence: 0))
            for round in UInt64(1)...3 {
                let payload = [UInt8](repeating: UInt8(round), count: 40)
                let position = try spool.appendWriteAhead(payload)
                try spool.sync()
                promises.writeAhead[position] = payload
                let spoolSequence = try spool.appendNextBatch(covers: position)
                try spool.sync()
                promises.batches.append(spoolSequence)
                promises.covered = position
                try spool.appendAcknowledged(spoolSequence, .counted(epoch: 1, sequence: round - 1))
                try spool.sync()
                try spool.reclaim()
            }
        } catch {}
        return promises
    }

    /// Holds what a start finds against what was promised: nothing lost, nothing twice.
    private static func check(
        _ promises: Promises, _ opened: (spool: Spool, recovered: RecoveredState), _ context: String
    ) throws {
        let (spool, recovered) = opened
        let known = Set((spool.archivedBatches + spool.unshippedBatches).map(\.spoolSequence))
        #expect(known.isSuperset(of: promises.batches), "\(context)")
        #expect(recovered.damage.isEmpty, "\(context): \(recovered.damage)")
        var replayed: [UInt64: [UInt8]] = [:]
        try spool.replayWriteAhead { payload, position in replayed[position] = payload }
        // Batch n covers write-ahead record n.
        for (position, payload) in promises.writeAhead {
            #expect((replayed[position] == payload) != known.contains(position), "\(context), record \(position)")
        }
        #expect(replayed.keys.allSatisfy { !known.contains($0) }, "\(context)")
    }

    @Test func `whatever call is the last before a crash, all that was acknowledged is there once`() throws {
        let whole = SpoolFixture()
        let complete = Self.live(whole)
        #expect(complete.batches == [1, 2, 3])
        for last in 0..<whole.fileSystem.callCount {
            let fixture = SpoolFixture()
            fixture.fileSystem.failing { $0.index >= last ? Self.inputOutput : nil }
            let promises = Self.live(fixture)
            for crash in [MemoryFileSystem.Crash.power, .process] {
                try Self.check(promises, fixture.reopened(after: crash), "call \(last), \(crash)")
            }
        }
    }

    @Test func `any one call that fails once loses nothing, whether the run goes on or ends there`() throws {
        let whole = SpoolFixture()
        _ = Self.live(whole)
        for failing in 0..<whole.fileSystem.callCount {
            for code in [Self.inputOutput, Self.noSpace] {
                let fixture = SpoolFixture()
                fixture.fileSystem.failing { $0.index == failing ? code : nil }
                let promises = Self.live(fixture)
                for crash in [MemoryFileSystem.Crash.power, .process] {
                    try Self.check(promises, fixture.reopened(after: crash), "call \(failing), errno \(code), \(crash)")
                }
            }
        }
    }

    @Test func `a failed fdatasync moves what was not durable to a new segment, and the sync succeeds`() throws {
        let fixture = SpoolFixture()
        let spool = try fixture.open().spool
        try spool.appendNextBatch()
        try spool.sync()
        let hasFailed = Mutex(false)
        fixture.fileSystem.failing { call in
            guard call.name == "fdatasync" else { return nil }
            return hasFailed.withLock { failed in
                defer { failed = true }
                return failed ? nil : Self.inputOutput
            }
        }
        try spool.appendNextBatch()
        try spool.sync()
        #expect(fixture.fileSystem.files[SpoolFixture.path("batches-0000000002.segment")] != nil)
        let (again, recovered) = try fixture.reopened(after: .power)
        #expect(recovered.unshipped.map(\.spoolSequence) == [1, 2])
        #expect(recovered.damage.isEmpty)
        #expect(try again.readBatch(2) == SpoolFixture.sealed(2))
    }

    /// Where the failed segment can't even be cut back, its records are void because a later segment begins before
    /// them.
    @Test(arguments: [["fdatasync"], ["fdatasync", "ftruncate"]])
    func `when every fdatasync fails, sync throws, and its batches are forgotten for good`(failingCalls: [String])
        throws
    {
        let fixture = SpoolFixture()
        let spool = try fixture.open().spool
        try spool.appendWriteAhead([1])
        try spool.sync()
        fixture.fileSystem.failing { failingCalls.contains($0.name) ? Self.inputOutput : nil }
        try spool.appendWriteAhead([2])
        let error = #expect(throws: SpoolError.self) { try spool.sync() }
        #expect(error?.code == .inputOutput)
        #expect(error?.message.contains("check the disk") == true)
        fixture.fileSystem.failing { _ in nil }
        try spool.appendWriteAhead([3])
        try spool.sync()
        for crash in [MemoryFileSystem.Crash.power, .process] {
            let (again, recovered) = try fixture.reopened(after: crash)
            #expect(try again.replayed() == [[1], [3]])
            #expect(recovered.damage.isEmpty)
        }
    }

    @Test func `a full disk is told apart, and the spool goes on when there is space again`() throws {
        let fixture = SpoolFixture()
        let spool = try fixture.open().spool
        try spool.appendWriteAhead([1])
        try spool.sync()
        fixture.fileSystem.failing { $0.name == "pwrite" ? Self.noSpace : nil }
        try spool.appendWriteAhead([2])
        let error = #expect(throws: SpoolError.self) { try spool.sync() }
        #expect(error?.code == .full)
        fixture.fileSystem.failing { _ in nil }
        try spool.appendWriteAhead([3])
        try spool.sync()
        #expect(try fixture.reopened(after: .power).spool.replayed() == [[1], [3]])
    }

    @Test
    func `below the reserve new input is refused with a remedy, but what was accepted can still be sealed`() throws {
        let fixture = SpoolFixture()
        let spool = try fixture.open().spool
        let position = try spool.appendWriteAhead([1])
        try spool.sync()
        fixture.fileSystem.setFree(fixture.settings.minFreeBytes - 1)
        let error = #expect(throws: SpoolError.self) { try spool.appendWriteAhead([2]) }
        #expect(error?.code == .full)
        #expect(error?.message.contains("free or add disk space") == true)
        try spool.appendNextBatch(covers: position)
        try spool.sync()
        fixture.fileSystem.setFree(fixture.settings.minFreeBytes)
        #expect(throws: Never.self) { try spool.appendWriteAhead([2]) }
    }

    @Test func `at its size limit the spool refuses new input until its backlog is shipped`() throws {
        var fixture = SpoolFixture()
        fixture.settings.maxBytes = 20_000
        fixture.settings.segmentBytes = 2_000
        let spool = try fixture.open().spool
        for _ in 1...20 {
            try spool.appendNextBatch(count: 1_000)
            try spool.sync()
        }
        let error = #expect(throws: SpoolError.self) { try spool.appendWriteAhead([1]) }
        #expect(error?.code == .full)
        for spoolSequence in UInt64(1)...20 { try spool.appendAcknowledged(spoolSequence, .confirmedByDigest) }
        try spool.reclaim()
        #expect(throws: Never.self) { try spool.appendWriteAhead([1]) }
    }

    @Test func `short writes and interrupted calls are gone on with`() throws {
        let fixture = SpoolFixture()
        fixture.fileSystem.setLongestWrite(7)
        fixture.fileSystem.failing { call in
            ["pwrite", "pread"].contains(call.name) && call.index % 2 == 0 ? Self.interrupted : nil
        }
        let spool = try fixture.open().spool
        for _ in 1...3 { try spool.appendNextBatch() }
        try spool.sync()
        let (again, recovered) = try fixture.reopened(after: .power)
        #expect(recovered.unshipped.map(\.spoolSequence) == [1, 2, 3])
        #expect(try again.readBatch(3) == SpoolFixture.sealed(3))
    }

    @Test func `pages that can't be read are reported, and the rest is read`() throws {
        let fixture = SpoolFixture()
        let spool = try fixture.open().spool
        for _ in 1...100 { try spool.appendNextBatch(count: 400) }
        try spool.close()
        let survivor = SpoolFixture(fileSystem: fixture.fileSystem.after(.power))
        // The large read of the whole segment fails, and one of the pages after it.
        let reads = Mutex(0)
        survivor.fileSystem.failing { call in
            guard call.name == "pread", call.path.contains("batches-") else { return nil }
            return reads.withLock { count in
                count += 1
                return count == 2 || count == 6 ? Self.inputOutput : nil
            }
        }
        let recovered = try survivor.open().recovered
        #expect(recovered.unshipped.count >= 85 && recovered.unshipped.count < 100)
        #expect(recovered.damage.contains { $0.reason.contains("can't be read") })
    }

    @Test func `a segment that can't be opened for now stops the start, and nothing is taken for damage`() throws {
        let fixture = SpoolFixture()
        let spool = try fixture.open().spool
        try spool.appendNextBatch()
        try spool.close()
        for failing in 1...2 {
            let survivor = SpoolFixture(fileSystem: fixture.fileSystem.after(.power))
            let opens = Mutex(0)
            survivor.fileSystem.failing { call in
                guard call.name == "open", call.path.contains("batches-") else { return nil }
                return opens.withLock { count in
                    count += 1
                    return count == failing ? 24 : nil
                }
            }
            #expect(throws: SpoolError.self) { try survivor.open() }
            survivor.fileSystem.failing { _ in nil }
            let recovered = try survivor.open().recovered
            #expect(recovered.unshipped.map(\.spoolSequence) == [1])
            #expect(recovered.damage.isEmpty)
        }
    }

    @Test func `damage of which no copy could be made keeps its segment from being deleted`() throws {
        let fixture = SpoolFixture()
        for _ in 1...3 {
            let spool = try fixture.open().spool
            try spool.appendNextBatch()
            try spool.sync()
            try spool.appendAcknowledged(spool.nextSpoolSequence - 1, .confirmedByDigest)
            try spool.close()
        }
        var files = fixture.fileSystem.after(.power).files
        files[SpoolFixture.path("batches-0000000001.segment")]?[300] ^= 1
        let survivor = SpoolFixture(fileSystem: MemoryFileSystem(files: files))
        survivor.fileSystem.failing { $0.path.contains("/damaged") ? Self.noSpace : nil }
        let (spool, recovered) = try survivor.open()
        #expect(recovered.damage.map(\.quarantinedAs) == [""])
        survivor.clock.advance(milliseconds: 400 * 86_400_000)
        #expect(try spool.reclaim() == 0)
        survivor.fileSystem.failing { _ in nil }
        try spool.close()
        let again = try survivor.open().spool
        #expect(try again.reclaim() > 0)
    }

    @Test func `a directory that can't be used is an error that says what to check`() {
        for call in ["mkdir", "open", "flock", "opendir"] {
            let fixture = SpoolFixture()
            fixture.fileSystem.failing { $0.name == call ? Self.inputOutput : nil }
            let error = #expect(throws: SpoolError.self, "\(call)") { try fixture.open() }
            #expect(error?.code == .inputOutput)
            #expect(error?.message.contains("permissions") == true)
        }
    }
}
