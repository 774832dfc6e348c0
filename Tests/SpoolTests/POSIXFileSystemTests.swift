internal import Foundation
internal import Spool
internal import Testing
internal import UsageModel

@Suite struct POSIXFileSystemTests {
    /// A directory of its own for each test, removed at the end.
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "spool-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        try body(directory.path(percentEncoded: false) + "/deep/er")
    }

    @Test func `a spool on disk is there again after it was closed, and its files are private`() throws {
        try withDirectory { directory in
            let settings = SpoolSettings(segmentBytes: 4_096, minFreeBytes: 0)
            let clock = ManualClock()
            let (spool, first) = try Spool.open(directory: directory, settings: settings, clock: clock)
            #expect(first.isNew)
            for _ in 1...20 {
                let position = try spool.appendWriteAhead([UInt8](repeating: 5, count: 700))
                try spool.appendNextBatch(covers: position, count: 900)
                try spool.sync()
            }
            try spool.appendWriteAhead([6])
            try spool.close()
            let (again, recovered) = try Spool.open(directory: directory, settings: settings, clock: clock)
            #expect(recovered.spoolID == first.spoolID)
            #expect(recovered.unshipped.map(\.spoolSequence) == Array(1...20))
            #expect(try again.readBatch(13) == SpoolFixture.sealed(13, count: 900))
            #expect(try again.replayed() == [[6]])
            try again.appendQuarantined(13, reason: "no")
            try again.reclaim()
            for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
                let attributes = try FileManager.default.attributesOfItem(atPath: "\(directory)/\(name)")
                let mode = try #require(attributes[.posixPermissions] as? Int)
                #expect(mode & 0o077 == 0, "\(name)")
            }
            try again.close()
        }
    }

    @Test func `a second instance on the same directory is refused while the first has it`() throws {
        try withDirectory { directory in
            let settings = SpoolSettings(minFreeBytes: 0)
            var first: Spool? = try Spool.open(directory: directory, settings: settings, clock: ManualClock()).spool
            let error = #expect(throws: SpoolError.self) {
                try Spool.open(directory: directory, settings: settings, clock: ManualClock())
            }
            #expect(error?.code == .inUse)
            _ = first
            first = nil
            #expect(throws: Never.self) {
                try Spool.open(directory: directory, settings: settings, clock: ManualClock())
            }
        }
    }

    @Test func `a failed call says which call, which path and which error`() throws {
        try withDirectory { directory in
            let fileSystem = POSIXFileSystem()
            let missing = #expect(throws: FileSystemError.self) { try fileSystem.open("\(directory)/none", .read) }
            #expect(missing?.call == "open" && missing?.errno == 2)
            #expect(missing?.text == "No such file or directory")
            #expect(throws: FileSystemError.self) { try fileSystem.list(directory) }
            #expect(throws: FileSystemError.self) { try fileSystem.remove("\(directory)/none") }
            #expect(throws: FileSystemError.self) {
                try fileSystem.rename("\(directory)/none", to: "\(directory)/other")
            }
            try fileSystem.createDirectory(directory)
            #expect(throws: Never.self) { try fileSystem.createDirectory(directory) }
            #expect(try fileSystem.list(directory).isEmpty)
            #expect(try fileSystem.freeBytes(directory) > 0)
        }
    }
}
