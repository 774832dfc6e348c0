internal import Foundation
internal import Identity
internal import Synchronization

/// One run of `steelyard up`, from the lock to the last child's end.
final class UpRunner: Sendable {
    struct Options: Sendable {
        var directory: DataDirectory
        var providers: [String]
        var portBase: Int
        var zone: String?
        /// How old the usage that is taken may be, in seconds.
        var windowBackSeconds: Int?
    }

    /// How long the daemons may take until they answer that they are ready.
    static let readyTimeout = Duration.seconds(120)

    let options: Options
    let programs: Executables
    let stop: StopSignal
    private let state: Mutex<UpState>

    init(options: Options, programs: Executables, ports: Ports, stop: StopSignal) {
        self.options = options
        self.programs = programs
        self.ports = ports
        self.stop = stop
        state = Mutex(
            UpState(
                pid: getpid(), queryURL: "http://127.0.0.1:\(ports.query)",
                ingestURL: "https://127.0.0.1:\(ports.ingest)",
                collectors: zip(options.providers, ports.collectors).map {
                    UpState.CollectorAddress(provider: $0, url: "http://127.0.0.1:\($1)")
                },
                children: [], isReady: false))
    }

    let ports: Ports

    /// Runs until ``stop`` is set; then stops the collectors, the aggregator and PostgreSQL, in this order.
    func run() async throws {
        let certificates = try Certificates(options.directory)
        say("starting PostgreSQL in \(options.directory.postgres)")
        try await EmbeddedDatabase.with(options.directory, stop: stop, say: { self.say($0) }) { database in
            let aggregator = try self.aggregatorPlan(certificates, database)
            let collectors = try self.collectorPlans(certificates)
            try await Supervisor.with([self.supervisor(aggregator)]) {
                guard try await self.waitUntilReady(self.snapshot.queryURL, named: "aggregator") else { return }
                try await AdminToken.ensure(self.options.directory, programs: self.programs)
                try await Supervisor.with(collectors.map(self.supervisor)) {
                    for collector in self.snapshot.collectors {
                        let name = "collector-\(collector.provider)"
                        guard try await self.waitUntilReady(collector.url, named: name) else { return }
                    }
                    try self.becomeReady()
                    await self.renewTokenUntilStopped()
                    self.say("stopping: collectors, aggregator, PostgreSQL")
                    try? self.update { $0.isReady = false }
                }
            }
        }
        try? self.update { $0.children = [] }
        say("stopped; the data stays in \(options.directory.path)")
    }

    private func renewTokenUntilStopped() async {
        while true {
            let isDue = try? await stop.racing {
                try await Task.sleep(for: AdminToken.checkInterval)
                return true
            }
            guard isDue == true else { return await stop.wait() }
            do {
                try await AdminToken.ensure(options.directory, programs: programs)
            } catch {
                say("the admin token can't be renewed, and is tried again tomorrow: \(error)")
            }
        }
    }

    var snapshot: UpState { state.withLock { $0 } }

    /// Changes the state and writes it for the other commands.
    func update(_ change: (inout UpState) -> Void) throws {
        // Under the lock, so that an older state can't be written over a newer one.
        try state.withLock { state in
            change(&state)
            try state.write(to: options.directory)
        }
    }

    func say(_ line: String) { Terminal.note(line) }

    private func supervisor(_ plan: ChildPlan) -> Supervisor {
        Supervisor(
            plan: plan,
            onStart: { pid in
                let child = UpState.Child(name: plan.name, pid: pid, configuration: plan.configuration)
                do {
                    try self.update { state in
                        state.children.removeAll { $0.name == plan.name }
                        state.children.append(child)
                    }
                } catch {
                    self.say("can't write \(self.options.directory.state): \(error)")
                }
            },
            say: { self.say($0) })
    }

    private func becomeReady() throws {
        try update { $0.isReady = true }
        let zone = options.zone ?? Configurations.defaultZone
        Terminal.out(Banner(state: snapshot, directory: options.directory, zone: zone).text)
    }

    /// - Returns: `false` where stopping was asked for meanwhile.
    private func waitUntilReady(_ url: String, named name: String) async throws -> Bool {
        let log = options.directory.log(name)
        return try await stop.racing {
            try await Readiness.wait(for: url, timeout: Self.readyTimeout, name: name, log: log)
            return true
        } ?? false
    }
}
