import Dispatch
import SourceFormats
import Spool
import Testing
import UsageModel

@testable import BatchFormat
@testable import CollectorCore
@testable import FaultSimulation

/// What a followed file comes to, by the pieces in which its chunks are parsed.
@Suite struct ParallelParsingTests {
    private static let log = "/log/app.log"

    /// Everything that following a file comes to.
    private struct Counted: Equatable {
        var rows: [UsageRows] = []
        var events: UInt64 = 0
        var rejections: [RejectionReason: UInt64] = [:]
        var quarantine: [QuarantineEntry] = []
        var intake: ParserCheckpoint?
        /// Of each seal, whether its checkpoint says that the file was read to its end.
        var isFinished: [Bool] = []
    }

    private static func line(_ index: Int) -> String {
        switch index % 11 {
        case 3: "no event at all \(index)"
        case 7: ""
        case 9:
            #"{"time":"2026-01-01T00:00:00Z","tenant":"(t)","model":"m","region":"r","input_tokens":1,"output_tokens":0}"#
        default:
            #"{"time":"2026-01-01T00:0\#(index % 7):00Z","tenant":"t-\#(index % 97)","model":"m\u0031","region":"r","input_tokens":\#(index),"output_tokens":0}"#
        }
    }

    /// Follows a file to its end and seals as often as there is need to.
    private func follow(
        _ bytes: [UInt8], _ parsing: ParallelParsing, sealRows: Int = 1_000, chunkBytes: Int = 8_192,
        path: String = log
    ) -> Counted {
        let disk = VirtualDisk(SimulationRandom(seed: 1))
        disk.appendDurably(bytes, to: path)
        let clock = VirtualClock(VirtualTime())
        let intakeSwitch = IntakeSwitch()
        intakeSwitch.set(.starting, false)
        let accumulator = Accumulator(limits: Accumulator.Limits(rows: sealRows), clock: clock)
        var follower = FileFollower(
            sources: [
                FollowedSource(
                    name: "log", format: NativeFormat(), defaults: EventDefaults(provider: CollectorNode.provider),
                    globs: [path])
            ],
            timeWindow: ReloadableTimeWindow(TimeWindow.Span(back: .seconds(86_400), ahead: .seconds(86_400))),
            recovered: RecoveredFiles(checkpoints: [:], isNewSpool: true),
            sealAge: .seconds(10), accumulator: accumulator, intakeSwitch: intakeSwitch, fileSystem: disk,
            versionsDirectory: "/versions", wallClock: clock.wall, steadyClock: clock, chunkBytes: chunkBytes,
            parsing: parsing
        ) { _ in }
        var counted = Counted()
        func seal() -> Bool {
            guard let content = accumulator.take(force: true, olderThan: .zero) else { return false }
            counted.rows.append(content.sums.rows())
            counted.events += content.sums.eventCount
            counted.rejections.merge(content.rejections) { $0 + $1 }
            counted.quarantine += content.quarantine
            counted.intake = content.checkpoints.values.first?.intake
            counted.isFinished.append(content.checkpoints.values.first?.isFinished == true)
            accumulator.reuse(content)
            return true
        }
        follower.scan()
        var rounds = 0
        reading: while rounds < 100_000 {
            rounds += 1
            for id in follower.order {
                switch follower.readChunk(of: id) {
                case .read: continue reading
                case .full:
                    _ = seal()
                    continue reading
                case .waits, .sealsAll, .commits: break reading
                }
            }
        }
        while seal() {}
        return counted
    }

    private static let concurrent = ParallelParsing(pieces: 4, minPieceBytes: 500) { count, body in
        DispatchQueue.concurrentPerform(iterations: count, execute: body)
    }

    @Test func `pieces that are parsed at the same time come to what one parser gives, rejected lines included`() {
        let text = (0..<4_000).map { Self.line($0) }.joined(separator: "\n") + "\n"
        let whole = follow(Array(text.utf8), .inTurn(pieces: 1), sealRows: 100_000)
        #expect(whole.events > 2_500 && whole.quarantine.count > 500 && whole.intake?.position.line == 4_001)
        #expect(follow(Array(text.utf8), Self.concurrent, sealRows: 100_000) == whole)
        #expect(follow(Array(text.utf8), .inTurn(pieces: 16, minPieceBytes: 1), sealRows: 100_000) == whole)
        // Lines longer than a piece, a record too long for any chunk, and no line end at the end.
        let long = String(repeating: "x", count: Limits.maxRecordBytes + 9_000)
        let mixed =
            "\(Self.line(1))\n\(long)\n\(Self.line(2))\n\(String(repeating: " ", count: 9_000))\n\(Self.line(4))"
        let expected = follow(Array(mixed.utf8), .inTurn(pieces: 1))
        #expect(expected.rejections == [.recordTooLong: 1] && expected.events == 2)
        #expect(follow(Array(mixed.utf8), Self.concurrent) == expected)
    }

    @Test func `a table that is full in the middle of a chunk is sealed with the place where the chunk was left`() {
        let text = (0..<4_000).map { Self.line($0) }.joined(separator: "\n") + "\n"
        let whole = follow(Array(text.utf8), .inTurn(pieces: 1), sealRows: 100_000)
        for rows in [1, 37, 400] {
            let sealed = follow(Array(text.utf8), Self.concurrent, sealRows: rows)
            #expect(sealed.rows.count > 1)
            #expect(sealed.events == whole.events)
            #expect(sealed.rejections == whole.rejections)
            #expect(sealed.quarantine.map(\.position) == whole.quarantine.map(\.position))
            #expect(sealed.intake == whole.intake)
        }
    }

    @Test func `a compressed file is finished with its last piece, not with the last chunk's first`() throws {
        let text = Array((0..<60).map { Self.line($0) + "\n" }.joined().utf8)
        let compressed = try ZstdFrame.compress(text, level: 1, boundaries: [])
        let whole = follow(text, .inTurn(pieces: 1))
        let sealed = follow(compressed, Self.concurrent, sealRows: 1, chunkBytes: 32_768, path: "/log/app.log.zst")
        #expect(sealed.rows.count > 2)
        #expect(sealed.isFinished == sealed.isFinished.dropLast().map { _ in false } + [true])
        #expect(sealed.events == whole.events && sealed.intake == whole.intake)
        #expect(sealed.quarantine.map(\.position) == whole.quarantine.map(\.position))
    }

    private static let oneRow = UsageRows(
        tenants: ["t"], models: ["m"], regions: ["r"],
        rows: [
            UsageRow(
                minute: 1, tenant: 0, model: 0, region: 0, layer: .maas, workload: .online, modality: .text,
                counts: TokenCounts(requests: 1))
        ])

    @Test func `a table with as many events as a batch may say is put away, and no event is refused`() throws {
        let accumulator = Accumulator(limits: Accumulator.Limits(rows: 1_000), clock: SystemSteadyClock())
        let many = AcceptedRows(rows: Self.oneRow, eventCount: BatchBounds.maxEvents - 10)
        #expect(accumulator.merge(many, position: 1))
        // It is away, and what comes next has a table of its own.
        #expect(accumulator.makeRoom())
        let full = try #require(accumulator.take(force: false, olderThan: .seconds(3_600)))
        #expect(full.sums.eventCount == BatchBounds.maxEvents - 10)
        #expect(accumulator.merge(AcceptedRows(rows: Self.oneRow, eventCount: 50), position: 2))
        #expect(accumulator.take(force: true, olderThan: .zero)?.sums.eventCount == 50)
    }

    @Test func `more models than a batch holds are refused one by one, as a parser alone would refuse them`() {
        let text = (0..<Limits.maxModelsPerBatch + 50).map { index in
            #"{"time":"2026-01-01T00:00:00Z","tenant":"t","model":"m\#(index)","region":"r","input_tokens":1,"output_tokens":0}"#
                + "\n"
        }.joined()
        let counted = follow(Array(text.utf8), Self.concurrent, sealRows: 100_000, chunkBytes: 64 << 10)
        #expect(counted.events == UInt64(Limits.maxModelsPerBatch))
        #expect(counted.rejections == [.tooManyNames: 50])
        let lines = counted.quarantine.map(\.position.line)
        #expect(lines == Array(UInt64(Limits.maxModelsPerBatch) + 1...UInt64(Limits.maxModelsPerBatch) + 50))
    }

    @Test func `memory is given back once nothing has come for a time, and the next input counts`() {
        let clock = VirtualClock(VirtualTime())
        let accumulator = Accumulator(limits: Accumulator.Limits(rows: 1_000), clock: clock)
        #expect(!accumulator.releaseMemory(idleFor: .zero))
        #expect(accumulator.merge(AcceptedRows(rows: Self.oneRow, eventCount: 1), position: 1))
        #expect(!accumulator.releaseMemory(idleFor: .zero), "what is open isn't idle")
        #expect(accumulator.take(force: true, olderThan: .zero)?.sums.eventCount == 1)
        #expect(!accumulator.releaseMemory(idleFor: .seconds(1)))
        #expect(accumulator.releaseMemory(idleFor: .zero))
        #expect(!accumulator.releaseMemory(idleFor: .zero), "there is nothing left to give")
        #expect(accumulator.merge(AcceptedRows(rows: Self.oneRow, eventCount: 1), position: 2))
        #expect(accumulator.take(force: true, olderThan: .zero)?.sums.eventCount == 1)
    }
}
