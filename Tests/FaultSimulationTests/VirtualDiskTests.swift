import Spool
import Testing

@testable import FaultSimulation

@Suite struct VirtualDiskTests {
    private func write(_ disk: VirtualDisk, _ path: String, _ bytes: [UInt8]) throws -> OpenFile {
        let file = try disk.open(path, .readWrite)
        var done = 0
        while done < bytes.count {
            let rest = Array(bytes[done...])
            done += unsafe try disk.write(file, at: UInt64(done), rest.span.bytes)
        }
        return file
    }

    private func content(_ disk: VirtualDisk, _ path: String) throws -> [UInt8] {
        let file = try disk.open(path, .read)
        var bytes = [UInt8](repeating: 0, count: Int(try disk.size(file)))
        var span = bytes.mutableSpan
        var raw = unsafe span.mutableBytes
        _ = try disk.read(file, at: 0, into: &raw)
        return bytes
    }

    @Test func `what was synced survives every power cut`() throws {
        for seed in 1...50 as ClosedRange<UInt64> {
            let disk = VirtualDisk(SimulationRandom(seed: seed))
            let bytes = (0..<2_000).map { UInt8(truncatingIfNeeded: $0) }
            let file = try write(disk, "/spool/a", bytes)
            try disk.synchronize(file)
            try disk.synchronizeDirectory("/spool")
            disk.reboot(powerCut: true)
            #expect(try content(disk, "/spool/a") == bytes)
        }
    }

    @Test func `a power cut keeps any of the sectors that were not synced`() throws {
        var kept: Set<[Bool]> = []
        for seed in 1...200 as ClosedRange<UInt64> {
            let disk = VirtualDisk(SimulationRandom(seed: seed))
            let file = try write(disk, "/spool/a", [UInt8](repeating: 1, count: 1_536))
            try disk.synchronize(file)
            try disk.synchronizeDirectory("/spool")
            let again = [UInt8](repeating: 2, count: 1_536)
            _ = unsafe try disk.write(file, at: 0, again.span.bytes)
            disk.reboot(powerCut: true)
            let bytes = try content(disk, "/spool/a")
            kept.insert((0..<3).map { sector in bytes[sector * 512..<sector * 512 + 512].allSatisfy { $0 == 2 } })
            #expect((0..<3).allSatisfy { Set(bytes[$0 * 512..<$0 * 512 + 512]).count == 1 }, "a sector is torn")
        }
        #expect(kept.count == 8)
    }

    @Test func `a name whose directory was not synced may vanish`() throws {
        var survivals: Set<Bool> = []
        for seed in 1...50 as ClosedRange<UInt64> {
            let disk = VirtualDisk(SimulationRandom(seed: seed))
            let file = try write(disk, "/spool/a", [1])
            try disk.synchronize(file)
            disk.reboot(powerCut: true)
            survivals.insert(try disk.list("/spool") == ["a"])
        }
        #expect(survivals == [true, false])
    }

    @Test func `after a failed sync, no later one makes the bytes durable`() throws {
        var losses = 0
        for seed in 1...50 as ClosedRange<UInt64> {
            let disk = VirtualDisk(SimulationRandom(seed: seed))
            let file = try write(disk, "/spool/a", [UInt8](repeating: 1, count: 2_048))
            try disk.synchronizeDirectory("/spool")
            disk.change { $0.isFailing = true }
            #expect(throws: FileSystemError.self) { try disk.synchronize(file) }
            disk.change { $0.isFailing = false }
            try disk.synchronize(file)
            disk.reboot(powerCut: true)
            if try content(disk, "/spool/a") != [UInt8](repeating: 1, count: 2_048) { losses += 1 }
        }
        #expect(losses > 0)
    }

    @Test func `a killed process does nothing more`() throws {
        let disk = VirtualDisk(SimulationRandom(seed: 1))
        let file = try write(disk, "/spool/a", [1])
        disk.kill(afterCalls: 2)
        try disk.synchronize(file)
        #expect(throws: FileSystemError.self) { try disk.synchronizeDirectory("/spool") }
        #expect(disk.isDead)
        #expect(throws: FileSystemError.self) { try disk.synchronize(file) }
        disk.reboot(powerCut: false)
        #expect(try content(disk, "/spool/a") == [1])
    }

    @Test func `a full disk takes what fits and says so`() throws {
        let disk = VirtualDisk(SimulationRandom(seed: 1))
        let file = try write(disk, "/spool/a", [1, 2, 3])
        disk.limitRoom(to: 2)
        let more: [UInt8] = [4, 5, 6]
        #expect(unsafe try disk.write(file, at: 3, more.span.bytes) == 2)
        #expect { unsafe try disk.write(file, at: 5, more.span.bytes) } throws: { error in
            (error as? FileSystemError)?.isOutOfSpace == true
        }
    }
}
