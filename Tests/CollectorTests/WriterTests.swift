import BatchFormat
import CollectorCore
import Foundation
import Spool
import TestSupport
import Testing
import UsageModel

@testable import Collector

@Suite struct WriterTests {
    private func rows(_ tenant: String, input: UInt64, events: UInt64 = 1) -> AcceptedRows {
        let row = UsageRow(
            minute: 29_453_000, tenant: 0, model: 0, region: 0, layer: .maas, workload: .online, modality: .text,
            counts: TokenCounts(requests: events, input: input))
        return AcceptedRows(
            rows: UsageRows(tenants: [tenant], models: ["m"], regions: ["r"], rows: [row]), eventCount: events)
    }

    @Test func `committed events survive a crash before their batch`() async throws {
        try await ScratchDirectory.with("writer") { directory in
            do {
                let rig = try await Rig.open(directory)
                try await rig.writer.commit(rows("a", input: 5), quarantine: [])
                try await rig.writer.commit(rows("b", input: 7), quarantine: [])
            }
            let rig = try await Rig.open(directory)
            await rig.seal()
            let totals = try await rig.sealedTotals()
            #expect(totals.byTenant == ["a": 5, "b": 7])
            #expect(totals.events == 2)
        }
    }

    @Test func `events in a sealed batch are not replayed after a crash`() async throws {
        try await ScratchDirectory.with("writer") { directory in
            do {
                let rig = try await Rig.open(directory)
                try await rig.writer.commit(rows("a", input: 5), quarantine: [])
                await rig.seal()
                try await rig.writer.commit(rows("a", input: 100), quarantine: [])
            }
            for _ in 0..<3 { _ = try await Rig.open(directory) }
            let rig = try await Rig.open(directory)
            await rig.seal()
            #expect(try await rig.sealedTotals().byTenant == ["a": 105])
        }
    }

    @Test func `a batch covers only the records whose rows it has`() async throws {
        try await ScratchDirectory.with("writer") { directory in
            do {
                let rig = try await Rig.open(directory, sealRows: 1)
                try await rig.writer.commit(rows("a", input: 5), quarantine: [])
                // Rotates what is there, and is in the open table while that is sealed.
                try await rig.writer.commit(rows("b", input: 7), quarantine: [])
                await rig.writer.sealDue()
                #expect(try await rig.sealedTotals().byTenant == ["a": 5])
            }
            let rig = try await Rig.open(directory)
            await rig.seal()
            #expect(try await rig.sealedTotals().byTenant == ["a": 5, "b": 7])
        }
    }

    @Test func `concurrent commits are all durable and counted once`() async throws {
        try await ScratchDirectory.with("writer") { directory in
            do {
                let rig = try await Rig.open(directory)
                await withTaskGroup(of: Void.self) { group in
                    for index in 0..<200 {
                        let accepted = rows("t-\(index % 10)", input: 1)
                        group.addTask {
                            await #expect(throws: Never.self) {
                                try await rig.writer.commit(accepted, quarantine: [])
                            }
                        }
                    }
                }
            }
            let rig = try await Rig.open(directory)
            await rig.seal()
            let totals = try await rig.sealedTotals()
            #expect(totals.events == 200)
            #expect(totals.byTenant.values.allSatisfy { $0 == 20 })
        }
    }

    @Test func `a batch is sealed once its first event is old enough`() async throws {
        try await ScratchDirectory.with("writer") { directory in
            let rig = try await Rig.open(directory, "seal: {age: 10s}")
            try await rig.writer.commit(rows("a", input: 1), quarantine: [])
            rig.clock.advance(by: .seconds(9))
            await rig.writer.sealDue()
            #expect(await rig.writer.unshipped().isEmpty)
            rig.clock.advance(by: .seconds(1))
            await rig.writer.sealDue()
            #expect(await rig.writer.unshipped().map(\.spoolSequence) == [1])
        }
    }

    @Test func `nothing is sealed where nothing came`() async throws {
        try await ScratchDirectory.with("writer") { directory in
            let rig = try await Rig.open(directory)
            await rig.seal()
            #expect(await rig.writer.unshipped().isEmpty)
        }
    }

    @Test func `rejections alone make a batch so that they are reported`() async throws {
        try await ScratchDirectory.with("writer") { directory in
            let rig = try await Rig.open(directory)
            let refused = AcceptedRows(rows: UsageRows(), eventCount: 0, rejections: [.syntax: 3])
            try await rig.writer.commit(refused, quarantine: [])
            await rig.seal()
            #expect(try await rig.sealedTotals().rejections == [.syntax: 3])
        }
    }

    @Test func `nothing is committed while intake is closed`() async throws {
        try await ScratchDirectory.with("writer") { directory in
            let rig = try await Rig.open(directory)
            rig.parts.intakeSwitch.set(.fenced, true)
            await #expect(throws: CommitFailure.closed(.fenced)) {
                try await rig.writer.commit(rows("a", input: 1), quarantine: [])
            }
        }
    }

    @Test func `a full disk refuses input and says so`() async throws {
        try await ScratchDirectory.with("writer") { directory in
            let rig = try await Rig.open(directory, freeBytes: "900TiB")
            await rig.writer.checkSpace()
            #expect(rig.parts.intakeSwitch.closedFor == [.spoolFull])
            await #expect(throws: CommitFailure.closed(.spoolFull)) {
                try await rig.writer.commit(rows("a", input: 1), quarantine: [])
            }
        }
    }

    @Test(arguments: [true, false])
    func `the spool of another collector is refused`(shipped: Bool) async throws {
        try await ScratchDirectory.with("writer") { directory in
            do {
                let rig = try await Rig.open(directory)
                try await rig.writer.commit(rows("a", input: 1), quarantine: [])
                await rig.seal()
                if shipped {
                    try await rig.writer.record(.acknowledged(spoolSequence: 1, .counted(epoch: 1, sequence: 0)))
                    try await rig.writer.record(.epoch(EpochPosition(epoch: 1, nextSequence: 1)))
                }
            }
            let error = await #expect(throws: SpoolError.self) {
                _ = try await Rig.open(directory, as: "edge-2")
            }
            #expect(error?.code == .otherIdentity)
            let message = error?.message ?? ""
            #expect(message.contains("volcengine/edge-1, and this is volcengine/edge-2"), "\(message)")
            #expect(message.contains(shipped ? "(0 batches are left)" : "(1 batches are left)"), "\(message)")
            #expect(try await Rig.open(directory).writer.unshipped().count == (shipped ? 0 : 1))
        }
    }

    @Test func `a second process on the same directory is refused`() async throws {
        try await ScratchDirectory.with("writer") { directory in
            let rig = try await Rig.open(directory)
            await #expect { _ = try await Rig.open(directory) } throws: { ($0 as? SpoolError)?.code == .inUse }
            try await rig.writer.commit(rows("a", input: 1), quarantine: [])
        }
    }

    @Test func `recorded shipping is remembered and unshipped batches stay`() async throws {
        try await ScratchDirectory.with("writer") { directory in
            do {
                let rig = try await Rig.open(directory)
                for tenant in ["a", "b", "c"] {
                    try await rig.writer.commit(rows(tenant, input: 1), quarantine: [])
                    await rig.seal()
                }
                try await rig.writer.record(.acknowledged(spoolSequence: 1, .counted(epoch: 4, sequence: 0)))
                try await rig.writer.record(.refused(spoolSequence: 2, reason: "bad-column"))
                try await rig.writer.record(.epoch(EpochPosition(epoch: 4, nextSequence: 1)))
            }
            let rig = try await Rig.open(directory)
            #expect(rig.opened.unshipped.map(\.spoolSequence) == [3])
            #expect(rig.opened.epoch == EpochPosition(epoch: 4, nextSequence: 1))
            #expect(await rig.writer.archived().map(\.spoolSequence) == [1])
        }
    }

    @Test func `the status board tells the backlog`() async throws {
        try await ScratchDirectory.with("writer") { directory in
            let rig = try await Rig.open(directory)
            try await rig.writer.commit(rows("a", input: 1), quarantine: [])
            await rig.seal()
            let backlog = rig.board.currentBacklog
            #expect(backlog.batches == 1)
            #expect(backlog.bytes > 0)
            #expect(backlog.oldestSealedAt == rig.clock.nowMilliseconds())
        }
    }
}
