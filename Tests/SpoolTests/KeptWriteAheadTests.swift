internal import SpoolTestSupport
internal import Testing

@testable internal import Spool

/// Write-ahead segments that batches cover and that are kept for what else is in them.
@Suite struct KeptWriteAheadTests {
    /// Four segments of one record each, positions 1 to 4, all but the last covered by a batch.
    private func fourSegments(maxBytes: UInt64 = .max) throws -> (SpoolFixture, Spool) {
        var fixture = SpoolFixture()
        fixture.settings.segmentBytes = 200
        fixture.settings.keptWriteAheadMaxBytes = maxBytes
        let spool = try fixture.open().spool
        for value in UInt8(1)...4 {
            try spool.appendWriteAhead([UInt8](repeating: value, count: 200))
            try spool.sync()
        }
        try spool.appendNextBatch(covers: 3)
        try spool.sync()
        return (fixture, spool)
    }

    private func kept(_ spool: Spool) -> [UInt64] {
        var positions: [UInt64] = []
        spool.replayKeptWriteAhead { payload, position in
            #expect(payload == [UInt8](repeating: UInt8(position), count: 200))
            positions.append(position)
        }
        return positions
    }

    @Test func `nothing is kept that nobody asked for`() throws {
        let (fixture, spool) = try fourSegments()
        try spool.reclaim()
        #expect(spool.writeAheadReclaimedThrough == 3)
        #expect(try kept(fixture.reopened(after: .power).spool).isEmpty)
    }

    @Test func `records from the asked position on are there after a restart, and aren't replayed as new`() throws {
        let (fixture, spool) = try fourSegments()
        spool.keepWriteAheadFrom = 2
        try spool.reclaim()
        #expect(spool.writeAheadReclaimedThrough == 1)
        let (again, recovered) = try fixture.reopened(after: .power)
        #expect(kept(again) == [2, 3])
        #expect(recovered.uncoveredWriteAheadCount == 1)
        #expect(try again.replayed() == [[UInt8](repeating: 4, count: 200)])
        #expect(recovered.damage.isEmpty)
    }

    @Test(arguments: [(4, 0), (3, 1), (1, 3), (0, 3)] as [(UInt64, UInt64)])
    func `the oldest go first where they are too many bytes`(segments: UInt64, reclaimed: UInt64) throws {
        let segment: UInt64 = 128 + 32 + 200
        let (_, spool) = try fourSegments(maxBytes: segments * segment)
        spool.keepWriteAheadFrom = 1
        try spool.reclaim()
        #expect(spool.writeAheadReclaimedThrough == reclaimed)
    }

    @Test func `the oldest go before input is refused`() throws {
        let (fixture, spool) = try fourSegments()
        spool.keepWriteAheadFrom = 1
        fixture.fileSystem.setFree(fixture.settings.minFreeBytes + 1)
        try spool.reclaim()
        #expect(spool.writeAheadReclaimedThrough == 3)
        #expect(throws: Never.self) { try spool.checkSpace() }
    }

    @Test func `a damaged record among those kept costs itself and never the start`() throws {
        let (fixture, _) = try fourSegments()
        let (again, recovered) = try fixture.opened { files in
            files[SpoolFixture.path(LogKind.writeAhead.fileName(2))]?[128 + 32 + 7] ^= 1
        }
        #expect(kept(again) == [1, 3])
        #expect(!recovered.damage.isEmpty)
        #expect(recovered.uncoveredWriteAheadCount == 1)
    }
}
