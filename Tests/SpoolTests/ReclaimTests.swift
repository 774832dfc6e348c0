internal import Spool
internal import SpoolTestSupport
internal import Testing
internal import UsageModel

@Suite struct ReclaimTests {
    private static let day: Int64 = 86_400_000

    /// Six segments of batches with one batch each.
    private func sixSegments() throws -> (fixture: SpoolFixture, spool: Spool) {
        var fixture = SpoolFixture()
        fixture.settings.segmentBytes = 500
        let spool = try fixture.open().spool
        for _ in 1...6 {
            try spool.appendNextBatch(count: 400)
            try spool.sync()
        }
        return (fixture, spool)
    }

    private func segments(_ fixture: SpoolFixture, _ prefix: String) -> [String] {
        fixture.fileSystem.files.keys.filter { $0.contains("/\(prefix)-") }.sorted()
    }

    @Test func `batches that were not acknowledged are never deleted, however old`() throws {
        let (fixture, spool) = try sixSegments()
        fixture.clock.advance(milliseconds: 400 * Self.day)
        #expect(try spool.reclaim() == 0)
        #expect(try fixture.reopened(after: .power).recovered.unshipped.count == 6)
    }

    @Test
    func `acknowledged batches go at the archive's age, oldest first, up to the first that must stay`() throws {
        let (fixture, spool) = try sixSegments()
        for spoolSequence in [1, 2, 4, 5, 6] as [UInt64] {
            try spool.appendAcknowledged(spoolSequence, .confirmedByDigest)
        }
        #expect(try spool.reclaim() == 0)
        fixture.clock.advance(milliseconds: 7 * Self.day)
        #expect(try spool.reclaim() == 0)
        fixture.clock.advance(milliseconds: 1)
        #expect(try spool.reclaim() > 0)
        #expect(spool.archivedBatches.map(\.spoolSequence) == [4, 5, 6])
        #expect(spool.unshippedBatches.map(\.spoolSequence) == [3])
        let (again, recovered) = try fixture.reopened(after: .power)
        #expect(recovered.unshipped.map(\.spoolSequence) == [3])
        #expect(again.archivedBatches.map(\.spoolSequence) == [4, 5, 6])
        #expect(recovered.damage.isEmpty)
        #expect(recovered.nextSpoolSequence == 7)
        #expect(try again.readBatch(3) == SpoolFixture.sealed(3, count: 400))
    }

    @Test func `an archive above its size limit gives up its oldest segments`() throws {
        var (fixture, spool) = try sixSegments()
        for spoolSequence in UInt64(1)...6 { try spool.appendAcknowledged(spoolSequence, .confirmedByDigest) }
        try spool.close()
        fixture.settings.archiveMaxBytes = 1_500
        spool = try fixture.open().spool
        try spool.reclaim()
        #expect(spool.archiveBytes <= 1_500)
        #expect(spool.archivedBatches.last?.spoolSequence == 6)
        #expect(spool.archivedBatches.count < 6)
    }

    @Test func `when space is short the archive goes before input is refused`() throws {
        let (fixture, spool) = try sixSegments()
        for spoolSequence in UInt64(1)...6 { try spool.appendAcknowledged(spoolSequence, .confirmedByDigest) }
        fixture.fileSystem.setFree(fixture.settings.minFreeBytes + 1)
        #expect(try spool.reclaim() > 0)
    }

    @Test func `state outlives the segments that it was recorded in`() throws {
        let (fixture, spool) = try sixSegments()
        try spool.appendEpoch(EpochPosition(epoch: 5, nextSequence: 0))
        for spoolSequence in UInt64(1)...6 {
            try spool.appendAcknowledged(spoolSequence, .counted(epoch: 5, sequence: spoolSequence - 1))
        }
        try spool.sync()
        for _ in 7...9 {
            try spool.appendNextBatch(count: 400)
            try spool.sync()
        }
        for spoolSequence in UInt64(7)...9 { try spool.appendAcknowledged(spoolSequence, .confirmedByDigest) }
        try spool.sync()
        fixture.clock.advance(milliseconds: 8 * Self.day)
        try spool.reclaim()
        #expect(segments(fixture, "batches").count == 2)
        let recovered = try fixture.reopened(after: .power).recovered
        #expect(recovered.epoch == EpochPosition(epoch: 5, nextSequence: 6))
        #expect(recovered.nextSpoolSequence == 10)
        #expect(recovered.checkpoint == SpoolFixture.checkpoint(9))
        #expect(recovered.damage.isEmpty)
    }

    @Test func `write-ahead segments go once a synced batch covers them, and not before`() throws {
        var fixture = SpoolFixture()
        fixture.settings.segmentBytes = 300
        let spool = try fixture.open().spool
        for byte in UInt8(1)...6 {
            try spool.appendWriteAhead([UInt8](repeating: byte, count: 200))
            try spool.sync()
        }
        let before = segments(fixture, "writeahead").count
        #expect(try spool.reclaim() == 0)
        try spool.appendNextBatch(covers: 4)
        #expect(try spool.reclaim() > 0)
        #expect(segments(fixture, "writeahead").count < before)
        let (again, recovered) = try fixture.reopened(after: .power)
        #expect(try again.replayed().map { $0[0] } == [5, 6])
        #expect(recovered.damage.isEmpty)
        #expect(again.lastWriteAheadPosition == 6)
    }

    @Test func `positions go on above what a batch covers, even when all write-ahead segments are gone`() throws {
        let fixture = SpoolFixture()
        var spool = try fixture.open().spool
        let position = try spool.appendWriteAhead([1])
        try spool.appendNextBatch(covers: position)
        try spool.close()
        spool = try fixture.open().spool
        try spool.reclaim()
        #expect(segments(fixture, "writeahead").isEmpty)
        try spool.close()
        spool = try fixture.open().spool
        #expect(try spool.appendWriteAhead([2]) == position + 1)
        try spool.sync()
        #expect(try fixture.reopened(after: .power).spool.replayed() == [[2]])
    }
}
