internal import SwiftProtobuf
internal import Testing
internal import UsageModel
internal import WireProtocol

@testable internal import BatchFormat

/// Rows that are estimated, and rows that are taken back.
@Suite struct FlaggedRowsTests {
    /// What events add up to, each key with its flags by itself.
    private func model(_ events: [PlainEvent]) -> [PlainEvent: TokenCounts] {
        var sums: [PlainEvent: TokenCounts] = [:]
        for event in events {
            let isAdded = sums[event.key, default: TokenCounts()].add(event.counts)
            #expect(isAdded)
        }
        return sums
    }

    private func events(_ count: Int, seed: UInt64) -> [PlainEvent] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in .randomFlagged(using: &generator) }
    }

    @Test(arguments: [1, 2, 7, 300, 20_000])
    func `flags come out of batches and write-ahead records as they went in`(count: Int) throws {
        let events = events(count, seed: UInt64(count))
        let sums = try MinuteBuckets.summing(events)
        let rows = sums.rows()
        #expect(rows.plain == model(events))
        let sealed = try BatchEncoder().seal(.sample(eventCount: sums.eventCount), rows)
        #expect(try BatchDecoder().decode(sealed.bytes).rows == rows)
        let accepted = AcceptedRows(rows: rows, eventCount: sums.eventCount)
        #expect(try RowsCodec.decode(RowsCodec.encode(accepted)) == accepted)
        var merged = MinuteBuckets()
        #expect(merged.merge(rows, eventCount: sums.eventCount) == .added)
        #expect(merged.rows() == rows)
    }

    @Test func `messages with flags are the bytes that SwiftProtobuf writes of them`() throws {
        let (rows, eventCount) = try UsageRows.random(count: 400, seed: 8, isFlagged: true)
        let batch = try BatchEncoder.message(.sample(eventCount: eventCount), rows)
        #expect(try WireBatch(serializedBytes: batch).serializedBytes() == batch)
        let record = try RowsCodec.encode(AcceptedRows(rows: rows, eventCount: eventCount))
        #expect(try WireAcceptedRows(serializedBytes: record).serializedBytes() == record)
    }

    @Test func `what is counted and what is taken back of one key stand as two rows`() throws {
        let event = PlainEvent()
        var (estimate, back, backEstimate) = (event, event, event)
        estimate.flags = .estimated
        back.flags = .takenBack
        backEstimate.flags = [.estimated, .takenBack]
        let sums = try MinuteBuckets.summing([back, event, event, backEstimate, estimate])
        let rows = sums.rows()
        #expect(rows.rows.map(\.flags) == [[], .estimated, .takenBack, [.estimated, .takenBack]])
        #expect(rows.rows.map(\.counts.requests) == [2, 1, 1, 1])
        #expect(rows.totals == SignedTokenCounts(event.counts))
        #expect(rows.grossTotals.requests == 5 && sums.eventCount == 5)
        #expect(rows.rows[2].signedCounts == -SignedTokenCounts(event.counts))
    }

    @Test func `totals may be less than nothing`() throws {
        var back = PlainEvent()
        back.flags = .takenBack
        let rows = try MinuteBuckets.summing([back]).rows()
        #expect(rows.totals == -SignedTokenCounts(back.counts))
        let sealed = try BatchEncoder().seal(.sample(eventCount: 1), rows)
        #expect(try BatchDecoder().decode(sealed.bytes).rows == rows)
    }

    @Test func `a batch is of version 2 exactly where a row has a flag`() throws {
        for isFlagged in [false, true] {
            let (rows, eventCount) = try UsageRows.random(count: 50, seed: 4, isFlagged: isFlagged)
            let batch = try WireBatch(serializedBytes: BatchEncoder.message(.sample(eventCount: eventCount), rows))
            #expect(batch.formatVersion == (isFlagged ? 2 : 1) && batch.rows.flags.isEmpty == !isFlagged)
            let record = try WireAcceptedRows(
                serializedBytes: RowsCodec.encode(AcceptedRows(rows: rows, eventCount: eventCount)))
            #expect(record.formatVersion == (isFlagged ? 2 : 1) && record.rows.flags.isEmpty == !isFlagged)
        }
    }

    @Test func `flags that all rows share take four bytes`() throws {
        let (rows, eventCount) = try UsageRows.random(count: 5_000, seed: 4)
        var flagged = rows
        for index in flagged.rows.indices { flagged.rows[index].flags = .estimated }
        let header = BatchHeader.sample(eventCount: eventCount)
        let (plain, other) = (try BatchEncoder.message(header, rows), try BatchEncoder.message(header, flagged))
        // The field's number takes two bytes, its length one, the flag one.
        #expect(other.count == plain.count + 4)
    }

    @Test func `write-ahead records of other versions, and with flags that aren't canonical, are refused`() throws {
        let (rows, eventCount) = try UsageRows.random(count: 9, seed: 6, isFlagged: true)
        let sound = try WireAcceptedRows(
            serializedBytes: RowsCodec.encode(AcceptedRows(rows: rows, eventCount: eventCount)))
        let changes: [(String, (inout WireAcceptedRows) -> Void, BatchError.Code)] = [
            ("version 1", { $0.formatVersion = 1 }, .badMessage),
            ("version 3", { $0.formatVersion = 3 }, .unsupportedVersion),
            ("no version", { $0.formatVersion = 0 }, .badMessage),
            ("no flags", { $0.rows.flags = [] }, .unsupportedVersion),
            ("zero", { $0.rows.flags = [0] }, .badColumn),
            ("no rows", { $0.clearRows() }, .unsupportedVersion),
        ]
        for (name, change, code) in changes {
            var record = sound
            change(&record)
            let bytes: [UInt8] = try record.serializedBytes()
            let error = #expect(throws: BatchError.self, "\(name)") { try RowsCodec.decode(bytes) }
            #expect(error?.code == code, "\(name): \(String(describing: error))")
        }
    }

    @Test func `the estimate is an upper bound of a flagged message's size`() throws {
        for count in [1, 100, 10_000] {
            let sums = try MinuteBuckets.summing(events(count, seed: 3))
            let message = try BatchEncoder.message(.sample(eventCount: sums.eventCount), sums.rows())
            #expect(message.count <= sums.estimatedBytes)
        }
    }

    @Test func `flags are part of what an id stands for, and none leave the fingerprint as it was`() {
        let bytes = Array("id".utf8)
        var fingerprinter = EventFingerprinter()
        func fingerprint(_ isEstimated: Bool, _ isTakenBack: Bool) -> EventFingerprint {
            let event = UsageEvent(
                counts: TokenCounts(requests: 1, input: 5), id: FieldRange(start: 0, count: 2),
                isEstimated: isEstimated, isTakenBack: isTakenBack)
            return unsafe fingerprinter.fingerprint(
                of: event, scope: "s", record: bytes.span.bytes, scratch: bytes.span.bytes)
        }
        let all = [
            fingerprint(false, false), fingerprint(true, false), fingerprint(false, true), fingerprint(true, true),
        ]
        #expect(Set(all.map(\.key)).count == 1 && Set(all.map(\.content)).count == 4)
    }
}
