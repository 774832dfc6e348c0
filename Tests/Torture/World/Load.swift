internal import Foundation
internal import TestHarness
internal import TestSupport

/// Traffic for one collector: pushes whose answers are journaled, and lines appended to the file that it follows.
struct Load: Sendable {
    /// How long a sender waits at most between two groups.
    private static let maxPause = 12
    private static let contentType = ("Content-Type", "application/x-ndjson")

    let world: World
    let collector: CollectorProcess

    /// Pushes and writes until the flag is raised.
    func run(until stop: StopFlag, seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        while !stop.value {
            if Int.random(in: 0..<4, using: &random) == 0 {
                try write()
            } else if collector.isRunning {
                // To a dead one nothing can be sent: that would only be called unknown.
                try await push()
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...Self.maxPause, using: &random)))
        }
    }

    /// Pushes one group and journals the answer.
    ///
    /// - Parameter reusesSpoolSequences: the collector's directory is a copy or an older state, so that its next
    ///   batches may be quarantined: what it acknowledges is counted once or not at all, which is what `unknown` says.
    @discardableResult
    func push(_ group: EventGroup? = nil, reusesSpoolSequences: Bool = false) async throws -> Journal.Outcome {
        let group = group ?? world.groups.make()
        try world.journal.emit(group)
        let power = world.power.reading
        let answer = await Self.send(group, to: collector.url)
        let isSure = answer != .acknowledged || (!reusesSpoolSequences && world.power.isGood(since: power))
        let outcome = isSure ? answer : .unknown
        try world.journal.note(outcome, group)
        return outcome
    }

    /// No answer is an unknown outcome; so is one that isn't the collector's, and one that says that the disk failed:
    /// bytes whose sync failed may have reached it.
    static func send(_ group: EventGroup, to url: String) async -> Journal.Outcome {
        guard
            let answer = try? await HTTPCaller.impatient.post(
                "\(url)/v1/events", headers: [contentType], body: group.body)
        else { return .unknown }
        if answer.status == 200 { return .acknowledged }
        return answer.text.contains("spool-failing") ? .unknown : .refused
    }

    /// Appends one group to the file. What the file holds is accepted: it must be counted.
    @discardableResult
    func write() throws -> EventGroup {
        let group = world.groups.make()
        try world.journal.emit(group)
        try LogFile.append(group.body, to: world.eventFile(collector.setup.name))
        try world.journal.note(.acknowledged, group)
        return group
    }
}

/// A file that grows by whole lines.
enum LogFile {
    static func append(_ bytes: [UInt8], to path: String) throws {
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(bytes))
        try handle.close()
    }
}
