import BatchFormat
import SourceFormats
import Testing
import UsageModel

@testable import CollectorCore

@Suite struct TableRowsTests {
    private func fault(_ text: String, behind id: Int64 = 5) -> TableRows.Fault? {
        do throws(TableRows.Fault) {
            _ = try TableRows(Array(text.utf8), behind: id)
            return nil
        } catch {
            return error
        }
    }

    @Test func `rows that aren't whole or not in their order are refused`() {
        #expect(fault("6 {}\n8 {}\n") == nil)
        #expect(fault("") == nil)
        #expect(fault("6 {}\n7 {}") == .malformed(line: 2))
        #expect(fault("6{}\n") == .malformed(line: 1))
        #expect(fault("x {}\n") == .malformed(line: 1))
        #expect(fault("99999999999999999999 {}\n") == .malformed(line: 1))
        #expect(fault("5 {}\n") == .outOfOrder(id: 5))
        #expect(fault("6 {}\n6 {}\n") == .outOfOrder(id: 6))
    }

    /// One batch has the rows and how far the table was read by them, or none has either.
    @Test func `rows are counted together with the checkpoint behind them, and refused ones say their id`() throws {
        let accumulator = Accumulator(limits: Accumulator.Limits(rows: 3), clock: SystemSteadyClock())
        let plan = try SourcePlan(NativeFormat(), defaults: EventDefaults(provider: "p", region: "r"), framing: .stream)
        let now: Int64 = 1_767_225_600_000
        let context = ChunkContext(
            source: "gateway", file: "logs", nowMilliseconds: now,
            window: TimeWindow(
                TimeWindow.Span(back: .seconds(400 * 86_400), ahead: .seconds(300)), nowMilliseconds: now))
        func row(_ id: Int64, tenant: String) -> String {
            """
            \(id) {"time":"2025-12-31T23:00:00Z","tenant":"\(tenant)","model":"m","input_tokens":\(id),"output_tokens":0}

            """
        }
        func add(_ text: String, behind id: Int64) throws -> Accumulator.ChunkOutcome {
            let rows = try TableRows(Array(text.utf8), behind: id)
            let last = try #require(rows.lastID)
            return accumulator.add(
                rows, of: "gateway", by: plan, context: context,
                checkpoint: TableCheckpoint(numbering: "first", id: last, evidence: "e\(last)"))
        }
        let first = row(7, tenant: "a") + "9 {\"tenant\":\"b\"}\n" + row(12, tenant: "c") + row(13, tenant: "d")
        let outcome = try add(first, behind: 0)
        #expect(
            outcome
                == .parsed(consumed: first.utf8.count, events: 3, rejected: 1, ignored: IgnoredRecords()))
        // The table of sums is full: it is put aside, and the next one takes the rows.
        _ = try add(row(14, tenant: "e") + row(15, tenant: "f") + row(16, tenant: "g"), behind: 13)
        let refused = try add(row(17, tenant: "h"), behind: 16)
        #expect(refused == .full)
        let sealed = try #require(accumulator.take(force: false, olderThan: .seconds(3_600)))
        #expect(sealed.tables == ["gateway": TableCheckpoint(numbering: "first", id: 13, evidence: "e13")])
        #expect(sealed.sums.eventCount == 3)
        #expect(sealed.quarantine.map(\.position.line) == [9])
        #expect(sealed.quarantine.map(\.file) == ["logs"])
        let taken = try add(row(17, tenant: "h"), behind: 16)
        #expect(taken != .full)
        let next = try #require(accumulator.take(force: false, olderThan: .seconds(3_600)))
        #expect(next.tables["gateway"]?.id == 16)
        #expect(next.sums.eventCount == 3)
    }

    @Test func `checkpoints of tables have a version of their own, which older collectors refuse`() throws {
        let tables = ["gateway": TableCheckpoint(numbering: "first", id: .max, evidence: "e")]
        let files = [FileID(source: "app", device: 1, inode: 2): FileCheckpoint(path: "/log/a")]
        let both = try CheckpointCodec.encode(files, tables: tables)
        #expect(try CheckpointCodec.decodeTables(both) == tables)
        #expect(try CheckpointCodec.decode(both) == files)
        #expect(String(decoding: both, as: UTF8.self).contains("\"version\":3"))
        let alone = try CheckpointCodec.encode(files)
        #expect(try CheckpointCodec.decodeTables(alone) == [:])
        #expect(String(decoding: alone, as: UTF8.self).contains("\"version\":2"))
        #expect(try CheckpointCodec.decodeTables([]) == [:])
    }
}
