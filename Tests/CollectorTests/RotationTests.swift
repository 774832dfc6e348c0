import CollectorCore
import Foundation
import TestSupport
import Testing
import UsageModel

@testable import Collector

/// Real files, devices and programs: rsync and logrotate as Debian has them, and loop devices where this runs as root.
@Suite struct RotationTests {
    static let rsync = find("rsync")
    static let logrotate = find("logrotate")
    static let mayMount = geteuid() == 0 && FileManager.default.fileExists(atPath: "/dev/loop-control")

    private static func find(_ program: String) -> String? {
        ["/usr/bin", "/usr/sbin", "/bin", "/sbin"].map { "\($0)/\(program)" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }

    private func run(_ program: String?, _ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(program))
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(arguments)")
    }

    private func sources(_ paths: String, _ more: String = "") -> String {
        "sources:\n  app:\n    type: file\n    paths: ['\(paths)']\n\(more)"
    }

    private func withDirectory(_ body: (_ directory: String) async throws -> Void) async throws {
        try await ScratchDirectory.with("rotation") { directory in
            for name in ["logs", "from", "old"] {
                try FileManager.default.createDirectory(
                    atPath: "\(directory)/\(name)", withIntermediateDirectories: true)
            }
            try await body(directory)
        }
    }

    /// Runs a collector until it has read everything, seals and ends it.
    private func once(_ directory: String, _ yaml: String) async throws {
        let rig = try await Rig.open(directory, yaml)
        for _ in 0..<3 { await rig.readAll() }
        await rig.seal()
    }

    private func counted(_ directory: String, _ yaml: String) async throws -> UInt64 {
        try await once(directory, yaml)
        return try await Rig.open(directory, yaml).sealedTotals().events
    }

    @Test(
        .enabled(if: RotationTests.rsync != nil, "rsync isn't here: deploy/install-packages rsync:rsync"),
        arguments: [false, true])
    func `what rsync brings again counts once`(isRunning: Bool) async throws {
        try await withDirectory { directory in
            let yaml = sources("logs/*.log")
            let (from, log) = ("\(directory)/from/app.log", "\(directory)/logs/app.log")
            let rig = isRunning ? try await Rig.open(directory, yaml) : nil
            for end in [10, 40, 100, 130] {
                let start = end == 10 ? 0 : [40: 10, 100: 40, 130: 100][end] ?? 0
                try LogFile.append(Lines.events(start..<end), to: from)
                try run(Self.rsync, "-a", from, log)
                if let rig { for _ in 0..<2 { await rig.readAll() } } else { try await once(directory, yaml) }
            }
            if let rig {
                await rig.seal()
                #expect(try await rig.sealedTotals().events == 130)
            } else {
                #expect(try await counted(directory, yaml) == 130)
            }
        }
    }

    @Test(
        .enabled(
            if: RotationTests.logrotate != nil, "logrotate isn't here: deploy/install-packages logrotate:logrotate"),
        arguments: [
            "copytruncate", "create", "copytruncate\ncompress", "create\ncompress", "create\nolddir ../old",
            "create\nolddir ../old\ncompress", "copytruncate\nolddir ../old", "create\ndateext",
        ], [false, true])
    func `rotated by logrotate, everything counts once`(rule: String, isRunning: Bool) async throws {
        try await withDirectory { directory in
            let yaml = sources("logs/app.log", "    olddir: ['../old']\n")
            let log = "\(directory)/logs/app.log"
            let configuration = "\(directory)/logrotate.conf"
            try "su root root\n\(log) {\nrotate 9\n\(rule)\n}\n".write(
                toFile: configuration, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: configuration)
            let rig = isRunning ? try await Rig.open(directory, yaml) : nil
            var next = 0
            func write(_ count: Int) throws {
                try LogFile.append(Lines.events(next..<next + count), to: log)
                next += count
            }
            try write(30)
            if let rig { await rig.readAll() } else { try await once(directory, yaml) }
            try write(20)
            try run(Self.logrotate, "-f", "-s", "\(directory)/state", configuration)
            try write(7)
            if let rig {
                for _ in 0..<4 { await rig.readAll() }
                await rig.seal()
                #expect(try await rig.sealedTotals().events == 57)
            } else {
                #expect(try await counted(directory, yaml) == 57)
            }
        }
    }

    @Test func `a log and what it was compressed to count once, though the glob takes both`() async throws {
        try await withDirectory { directory in
            let yaml = sources("logs/app.log*")
            let log = "\(directory)/logs/app.log"
            try LogFile.append(Lines.events(0..<21), to: log)
            try await once(directory, yaml)
            try FileManager.default.moveItem(atPath: log, toPath: "\(log).1")
            try LogFile.compress(
                Data(contentsOf: URL(fileURLWithPath: "\(log).1")), with: ["gzip", "-c"], to: "\(log).1.gz")
            try await once(directory, yaml)
            try FileManager.default.removeItem(atPath: "\(log).1")
            #expect(try await counted(directory, yaml) == 21)
        }
    }

    @Test(arguments: [("gz", ["gzip", "-c"]), ("zst", ["zstd", "-q", "-c"])])
    func `compressed while the collector was down, the rest is read`(ending: String, tool: [String]) async throws {
        for count in [3, 500] {
            try await withDirectory { directory in
                let yaml = sources("logs/app.log")
                let log = "\(directory)/logs/app.log"
                try LogFile.append(Lines.events(0..<count), to: log)
                try await once(directory, yaml)
                try LogFile.append(Lines.events(count..<count + 11), to: log)
                try LogFile.compress(
                    Data(contentsOf: URL(fileURLWithPath: log)), with: tool, to: "\(log).1.\(ending)")
                try FileManager.default.removeItem(atPath: log)
                try LogFile.append(Lines.events(1_000..<1_004), to: log)
                #expect(try await counted(directory, yaml) == UInt64(count + 15))
            }
        }
    }

    @Test func `rotated in the directory that a link leads to while the collector was down`() async throws {
        try await withDirectory { directory in
            let yaml = sources("logs/*.log")
            let real = "\(directory)/from/0.log"
            try LogFile.append(Lines.events(0..<10), to: real)
            try FileManager.default.createSymbolicLink(
                atPath: "\(directory)/logs/pod_app.log", withDestinationPath: real)
            try await once(directory, yaml)
            try LogFile.append(Lines.events(10..<18), to: real)
            try FileManager.default.moveItem(atPath: real, toPath: "\(directory)/from/0.log.20260101-000000")
            try LogFile.append(Lines.events(100..<105), to: real)
            #expect(try await counted(directory, yaml) == 23)
        }
    }

    @Test func `excluded files aren't followed, nor those that are too old`() async throws {
        try await withDirectory { directory in
            let yaml = sources("logs/*", "    exclude: ['logs/*.bak', 'logs/x?']\n    ignore-older: 30d\n")
            for (index, name) in ["app.log", "app.bak", "x1", "ancient"].enumerated() {
                try LogFile.append(Lines.events(index * 100..<index * 100 + 10), to: "\(directory)/logs/\(name)")
            }
            // The rig's clock stands at the first of January 2026.
            for (name, day) in [("app.log", "2025-12-30"), ("app.bak", "2025-12-30"), ("ancient", "2025-10-01")] {
                try FileManager.default.setAttributes(
                    [.modificationDate: try Date("\(day)T00:00:00Z", strategy: .iso8601)],
                    ofItemAtPath: "\(directory)/logs/\(name)")
            }
            #expect(try await counted(directory, yaml) == 10)
        }
    }

    @Test(.enabled(if: RotationTests.mayMount, "needs root and loop devices"), arguments: [3, 20, 400])
    func `the same file system under another device counts nothing twice`(count: Int) async throws {
        try await Self.countAcrossDevices(lines: count, later: 5, expecting: UInt64(count + 5))
    }

    /// Has a collector read a log on a loop device, and go on with it where a copy of the whole device is mounted: the
    /// same file system with the same inodes, under another device.
    static func countAcrossDevices(lines count: Int, later: Int, expecting expected: UInt64) async throws {
        let tests = RotationTests()
        try await tests.withDirectory { directory in
            let yaml = tests.sources("disk/*.log")
            let disk = "\(directory)/disk"
            try tests.run("/usr/bin/env", "truncate", "-s", "8M", "\(directory)/first.image")
            try tests.run("/usr/bin/env", "mkfs.ext4", "-q", "-F", "\(directory)/first.image")
            try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
            guard (try? tests.run("/usr/bin/env", "mount", "-o", "loop", "\(directory)/first.image", disk)) != nil
            else {
                print("SKIPPED: a loop device can't be mounted here")
                return
            }
            try LogFile.append(Lines.events(0..<count), to: "\(disk)/app.log")
            try await tests.once(directory, yaml)
            try tests.run("/usr/bin/env", "sync", "-f", disk)
            try tests.run("/usr/bin/env", "cp", "\(directory)/first.image", "\(directory)/second.image")
            try tests.run("/usr/bin/env", "umount", "-l", disk)
            try tests.run("/usr/bin/env", "mount", "-o", "loop", "\(directory)/second.image", disk)
            defer { try? tests.run("/usr/bin/env", "umount", "-l", disk) }
            try LogFile.append(Lines.events(1_000..<1_000 + later), to: "\(disk)/app.log")
            #expect(try await tests.counted(directory, yaml) == expected)
        }
    }
}
