internal import Foundation
internal import Synchronization
internal import TestSupport

/// One test's world: a database of its own, an authority, and the processes that it starts, all in one scratch
/// directory that is kept, and named, when the test fails.
package final class Installation: Sendable {
    package let files: InstallationFiles
    package let database: Database
    package let authority: Authority
    private let aggregators = Mutex<[AggregatorProcess]>([])
    private let collectors = Mutex<[CollectorProcess]>([])

    /// A world in a directory of the caller's; call ``endEverything()`` when done with it.
    package init(directory: String, database: Database) throws {
        self.database = database
        authority = try Authority(directory: "\(directory)/ca")
        files = InstallationFiles(
            directory: directory, databaseURL: database.connectionString, authorityFile: authority.certificateFile)
    }

    /// Runs `body` in a new world and ends every process of it afterwards.
    package static func with(_ name: String, _ body: (Installation) async throws -> Void) async throws {
        try await ScratchDirectory.with("e2e-\(name)") { directory in
            try await Database.with { database in
                let installation = try Installation(directory: directory, database: database)
                do {
                    try await body(installation)
                } catch {
                    await installation.endEverything()
                    throw error
                }
                await installation.endEverything()
            }
        }
    }

    /// Starts an aggregator.
    ///
    /// - Parameters:
    ///   - connections: how many to the database; the aggregator's default, if nil.
    ///   - extra: more YAML at the top level of its configuration.
    package func startAggregator(
        _ name: String = "aggregator", connections: Int? = nil, extra: String = ""
    ) async throws -> AggregatorProcess {
        let aggregator = try AggregatorProcess(
            name: name, installation: files, authority: authority, connections: connections, extra: extra)
        aggregators.withLock { $0.append(aggregator) }
        try await aggregator.start()
        return aggregator
    }

    /// Makes a collector without starting it.
    package func makeCollector(_ setup: CollectorSetup, instance: String = "") throws -> CollectorProcess {
        let collector = try CollectorProcess(setup, installation: files, authority: authority, instance: instance)
        collectors.withLock { $0.append(collector) }
        return collector
    }

    /// Starts a collector against an aggregator.
    package func startCollector(_ setup: CollectorSetup, to aggregator: AggregatorProcess) async throws
        -> CollectorProcess
    {
        let collector = try makeCollector(setup)
        try await collector.start(aggregatorURL: aggregator.ingestURL)
        return collector
    }

    /// Waits until the ledger holds `events` events (no fewer) and everything in it is rolled up.
    package func waitUntilCounted(events: UInt64) async throws {
        var last = ""
        try await eventually("\(events) events are counted", within: .seconds(600), last: { last }) {
            let progress = try await self.database.progress()
            last = "\(progress)"
            try self.checkProcesses()
            return progress.events >= events && progress.pending == 0
        }
    }

    /// Fails early, with the log, when a process that should run has ended by itself.
    package func checkProcesses() throws {
        for collector in collectors.withLock({ $0 }) {
            if let program = collector.program, !program.isRunning, !program.wasEndedByTest {
                throw program.ended("ended by itself")
            }
        }
        for aggregator in aggregators.withLock({ $0 }) {
            if let program = aggregator.program, !program.isRunning, !program.wasEndedByTest {
                throw program.ended("ended by itself")
            }
        }
    }

    /// Ends every process that is still there.
    package func endEverything() async {
        for collector in collectors.withLock({ $0 }) { await collector.end() }
        for aggregator in aggregators.withLock({ $0 }) { await aggregator.end() }
    }
}
