internal import Spool
internal import SpoolTestSupport
internal import Testing
internal import UsageModel

@Suite struct SpoolTests {
    @Test func `a new directory becomes an empty spool that keeps its identity`() throws {
        let fixture = SpoolFixture()
        let first = try fixture.open()
        #expect(first.recovered.isNew)
        #expect(first.recovered.nextSpoolSequence == 1)
        #expect(first.recovered.epoch == nil && first.recovered.checkpoint.isEmpty)
        let again = try fixture.reopened(after: .power)
        #expect(!again.recovered.isNew)
        #expect(again.recovered.spoolID == first.recovered.spoolID)
        #expect(again.recovered.damage.isEmpty)
    }

    @Test func `what was synced is there after a power cut: batches, checkpoint, epoch, write-ahead records`() throws {
        let fixture = SpoolFixture()
        let spool = try fixture.open().spool
        try spool.appendEpoch(EpochPosition(epoch: 3, nextSequence: 0))
        let covered = try spool.appendWriteAhead([1, 2, 3])
        try spool.appendNextBatch(covers: covered)
        try spool.appendWriteAhead([4])
        try spool.appendWriteAhead([])
        try spool.sync()
        let (again, recovered) = try fixture.reopened(after: .power)
        #expect(recovered.epoch == EpochPosition(epoch: 3, nextSequence: 0))
        #expect(recovered.nextSpoolSequence == 2)
        #expect(recovered.checkpoint == SpoolFixture.checkpoint(1))
        #expect(recovered.unshipped.map(\.spoolSequence) == [1])
        #expect(recovered.unshipped.first?.digest == SpoolFixture.digest(1))
        #expect(recovered.unshipped.first?.byteCount == 50)
        #expect(recovered.uncoveredWriteAheadCount == 2)
        #expect(try again.replayed() == [[4], []])
        #expect(try again.readBatch(1) == SpoolFixture.sealed(1))
        #expect(again.lastWriteAheadPosition == 3)
        #expect(recovered.damage.isEmpty)
    }

    @Test func `what was not synced is not there after a power cut`() throws {
        let fixture = SpoolFixture()
        let spool = try fixture.open().spool
        try spool.appendNextBatch()
        try spool.sync()
        try spool.appendNextBatch()
        try spool.appendWriteAhead([9])
        #expect(spool.nextSpoolSequence == 3)
        #expect(spool.unshippedBatches.map(\.spoolSequence) == [1])
        let recovered = try fixture.reopened(after: .power).recovered
        #expect(recovered.unshipped.map(\.spoolSequence) == [1])
        #expect(recovered.uncoveredWriteAheadCount == 0)
    }

    @Test func `acknowledged batches become an archive, and the epoch's next sequence follows`() throws {
        let fixture = SpoolFixture()
        let spool = try fixture.open().spool
        try spool.appendEpoch(EpochPosition(epoch: 2, nextSequence: 0))
        for _ in 1...3 { try spool.appendNextBatch() }
        try spool.sync()
        try spool.appendAcknowledged(1, .counted(epoch: 2, sequence: 0))
        try spool.appendAcknowledged(3, .confirmedByDigest)
        try spool.sync()
        try spool.appendAcknowledged(1, .counted(epoch: 2, sequence: 0))
        try spool.sync()
        #expect(spool.unshippedBatches.map(\.spoolSequence) == [2])
        let (again, recovered) = try fixture.reopened(after: .power)
        #expect(recovered.unshipped.map(\.spoolSequence) == [2])
        #expect(again.archivedBatches.map(\.spoolSequence) == [1, 3])
        #expect(recovered.epoch == EpochPosition(epoch: 2, nextSequence: 1))
        #expect(try again.readBatch(3) == SpoolFixture.sealed(3))
    }

    @Test func `a batch that the aggregator refused is kept as a file and shipped no more`() throws {
        let fixture = SpoolFixture()
        let spool = try fixture.open().spool
        try spool.appendNextBatch()
        try spool.sync()
        try spool.appendQuarantined(1, reason: "bad-column in rows.input")
        try spool.sync()
        let (again, recovered) = try fixture.reopened(after: .power)
        #expect(recovered.unshipped.isEmpty)
        #expect(again.archivedBatches.isEmpty)
        let files = fixture.fileSystem.after(.power).files
        #expect(files[SpoolFixture.path("refused/1.batch")] == SpoolFixture.sealed(1))
        #expect(files[SpoolFixture.path("refused/1.reason")] == Array("bad-column in rows.input".utf8))
    }

    @Test func `batches of many segments are read back, before and after a restart`() throws {
        var fixture = SpoolFixture()
        fixture.settings.segmentBytes = 2_000
        let spool = try fixture.open().spool
        for _ in 1...40 {
            try spool.appendNextBatch(count: 300)
            try spool.sync()
        }
        for spoolSequence in UInt64(1)...40 {
            #expect(try spool.readBatch(spoolSequence) == SpoolFixture.sealed(spoolSequence, count: 300))
        }
        let (again, recovered) = try fixture.reopened(after: .power)
        #expect(recovered.unshipped.map(\.spoolSequence) == Array(1...40))
        #expect(recovered.damage.isEmpty)
        for spoolSequence in UInt64(1)...40 {
            #expect(try again.readBatch(spoolSequence) == SpoolFixture.sealed(spoolSequence, count: 300))
        }
    }

    @Test func `a second instance is refused with a remedy until the first has let go`() throws {
        let fixture = SpoolFixture()
        let first = try fixture.open().spool
        let error = #expect(throws: SpoolError.self) { try fixture.open() }
        #expect(error?.code == .inUse)
        #expect(error?.message.contains("another process") == true)
        try first.close()
        #expect(throws: Never.self) { try fixture.open() }
    }

    @Test func `calls out of order are refused`() throws {
        let spool = try SpoolFixture().open().spool
        let cases: [() throws -> Void] = [
            {
                try spool.appendBatch(
                    spoolSequence: 2, digest: SpoolFixture.digest(2), sealed: [], checkpoint: [],
                    coversWriteAheadThrough: 0)
            },
            { try spool.appendNextBatch(covers: 1) },
            {
                try spool.appendBatch(
                    spoolSequence: 1, digest: SpoolFixture.digest(1),
                    sealed: [UInt8](repeating: 0, count: Limits.maxSealedBatchBytes + 1), checkpoint: [],
                    coversWriteAheadThrough: 0)
            },
            {
                try spool.appendBatch(
                    spoolSequence: 1, digest: SpoolFixture.digest(1), sealed: [],
                    checkpoint: [UInt8](repeating: 0, count: Spool.maxCheckpointBytes + 1), coversWriteAheadThrough: 0)
            },
            { try spool.appendWriteAhead([UInt8](repeating: 0, count: Spool.maxPayloadBytes + 1)) },
            { try spool.appendEpoch(EpochPosition(epoch: 0, nextSequence: 0)) },
        ]
        for (index, call) in cases.enumerated() {
            let error = #expect(throws: SpoolError.self, "case \(index)") { try call() }
            #expect(error?.code == .misuse, "case \(index)")
        }
        let unknown = #expect(throws: SpoolError.self) { try spool.appendAcknowledged(1, .confirmedByDigest) }
        #expect(unknown?.code == .noSuchBatch)
        #expect(throws: SpoolError.self) { try spool.readBatch(1) }
    }
}
