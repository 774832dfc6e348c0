internal import Foundation
internal import Synchronization
internal import TestHarness
internal import TestSupport

/// One scenario's processes, database, load and journal.
final class World: Sendable {
    /// Everything is of one provider, so that its tenants' names tell everything apart.
    static let provider = "volcengine"
    /// How long a broken build may waste before a backlog that doesn't drain is called so.
    private static let patience = Duration.seconds(300)

    let run: ScenarioRun
    let server: DatabaseServer
    let installation: Installation
    let journal: Journal
    let groups: GroupMaker
    let power = PowerSupply()

    var database: Database { installation.database }

    private init(run: ScenarioRun, server: DatabaseServer, installation: Installation) throws {
        self.run = run
        self.server = server
        self.installation = installation
        journal = try Journal(directory: run.journalDirectory)
        groups = GroupMaker(run.random(1))
    }

    /// Runs `body` in a new world, and ends everything in it.
    ///
    /// - Parameter start: starts the database and says how it is reached.
    static func with<Value>(
        _ run: ScenarioRun, settings: [String: String] = [:],
        start: (DatabaseServer) async throws -> String = { try await $0.start() },
        _ body: (World) async throws -> Value
    ) async throws -> Value {
        let server = DatabaseServer(run: run, settings: settings)
        do {
            let database = Database(connectionString: try await start(server))
            let installation = try Installation(directory: run.scratch, database: database)
            let result: Result<Value, any Error>
            do {
                result = .success(try await body(try World(run: run, server: server, installation: installation)))
            } catch {
                result = .failure(error)
            }
            await installation.endEverything()
            await database.close()
            await server.end()
            return try result.get()
        } catch {
            await server.end()
            throw error
        }
    }

    /// A collector with a file that grows beside its pushed events.
    func collector(_ name: String, configure: (inout CollectorSetup) -> Void = { _ in }) throws -> CollectorProcess {
        var setup = CollectorSetup(provider: Self.provider, name: name, sources: sources(name))
        setup.sealAge = "100ms"
        configure(&setup)
        return try installation.makeCollector(setup)
    }

    private func sources(_ collector: String) -> String {
        """
          file:
            type: file
            paths: ["\(eventFile(collector))"]
            format: native

        """
    }

    /// The file that a collector follows. It lies beside the journal: faults are not for what has not been taken in.
    func eventFile(_ collector: String) -> String { "\(run.journalDirectory)/\(collector).ndjson" }

    /// Waits until everything acknowledged is counted and rolled up, stops the collectors in order, which ships the
    /// rest, and compares.
    func settle(_ collectors: [CollectorProcess]) async throws -> Comparison {
        try await waitUntilAcknowledgedIsCounted()
        for collector in collectors where collector.isRunning { try await collector.stop() }
        try await waitUntilRolledUp()
        return try await Comparison.check(journal, database)
    }

    /// I7: whatever was broken and is mended, the backlog drains with nobody's help.
    func waitUntilAcknowledgedIsCounted() async throws {
        let least = try journal.read().reduce(0) { $0 + ($1.outcome == .acknowledged ? $1.group.events.count : 0) }
        var last = ""
        do {
            try await eventually("\(least) events are counted", within: Self.patience, last: { last }) {
                try self.installation.checkProcesses()
                guard let progress = try? await self.database.progress() else { return false }
                last = "\(progress)"
                return progress.events >= UInt64(least) && progress.pending == 0
            }
        } catch let error as NeverHappened {
            // What is missing says more than that something is.
            _ = try? await Comparison.check(journal, database)
            throw BrokenInvariant("the backlog drains by itself", "\(error)")
        }
    }

    func waitUntilRolledUp() async throws {
        try await eventually("everything is rolledUp", within: Self.patience) {
            guard let progress = try? await self.database.progress() else { return false }
            return progress.pending == 0
        }
    }
}

/// The electricity of a machine that is acted: its processor runs on while its disk has no power any more, until it is
/// killed.
///
/// Whatever it answers meanwhile, no machine without power could have said; and ext4, shut down in the middle of an
/// `fdatasync`, may return 0 from it although it dropped the inode's new size with its journal. So an answer is good
/// only if power was on, uncut, from the request to the answer.
final class PowerSupply: Sendable {
    /// Odd while power is off.
    private let switchings = Atomic(0)

    func cut() { switchings.add(1, ordering: .acquiringAndReleasing) }
    func restore() { switchings.add(1, ordering: .acquiringAndReleasing) }

    /// What ``isGood(since:)`` asks for, taken before a request.
    var reading: Int { switchings.load(ordering: .acquiring) }
    func isGood(since reading: Int) -> Bool { reading.isMultiple(of: 2) && reading == self.reading }
}

/// Says once that it is time to stop.
final class StopFlag: Sendable {
    private let isRaised = Atomic(false)

    func raise() { isRaised.store(true, ordering: .releasing) }
    var value: Bool { isRaised.load(ordering: .acquiring) }
}
