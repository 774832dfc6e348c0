internal import ArgumentParser
internal import Foundation
internal import UsageModel

/// `steelyard up`: everything on this machine, from one data directory.
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run PostgreSQL, an aggregator and collectors on this machine, from one directory.",
        discussion: """
            Everything is made on the first start: a private PostgreSQL on a Unix socket, certificates, an admin \
            token. The next start continues with the same data. Ctrl-C stops it all.
            """)

    static let defaultProvider = "demo"

    @Option(help: ArgumentHelp("Directory that holds everything.", valueName: "DIR"))
    var data: String?

    @Option(help: ArgumentHelp("Provider to run a collector for; may be repeated (default: demo).", valueName: "P"))
    var provider: [String] = []

    @Option(help: ArgumentHelp("First port on 127.0.0.1; 0 for any that are free.", valueName: "N"))
    var portBase = Ports.defaultBase

    @Option(help: ArgumentHelp("IANA zone of the reporting calendar; settled by the first start.", valueName: "ZONE"))
    var zone: String?

    @Option(help: ArgumentHelp("How far back events may lie, such as 1100d (default: 400d).", valueName: "DURATION"))
    var windowBack: String?

    mutating func validate() throws {
        for name in provider where !NameRule.isIdentifier(name, maxBytes: Limits.maxProviderNameBytes) {
            throw ValidationError("“\(name)” is no provider name: lower-case letters, digits and inner hyphens.")
        }
        if Set(provider).count != provider.count { throw ValidationError("A --provider is named twice.") }
        if let zone, ZoneRules(identifier: zone) == nil {
            throw ValidationError("“\(zone)” is no IANA zone, such as Asia/Shanghai.")
        }
        if let windowBack {
            guard let seconds = Self.seconds(windowBack) else {
                throw ValidationError("“\(windowBack)” is no duration, such as 1100d or 36h.")
            }
            // As a collector's configuration has it.
            guard (60...36_500 * 86_400).contains(seconds) else {
                throw ValidationError("--window-back must lie between 1m and 36500d.")
            }
        }
    }

    private static func seconds(_ duration: String) -> Int? {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        let digits = duration.dropLast()
        guard let unit = duration.last.flatMap({ units[$0] }), digits.allSatisfy({ ("0"..."9").contains($0) }),
            let count = Int(digits)
        else { return nil }
        let product = count.multipliedReportingOverflow(by: unit)
        return product.overflow ? nil : product.partialValue
    }

    mutating func run() async throws {
        let directory = data.map { DataDirectory($0) } ?? .standard()
        let providers = provider.isEmpty ? [Self.defaultProvider] : provider
        let programs = try Executables.besideThis()
        // Before the directory is made: what can never work leaves nothing behind.
        try Ports.check(base: portBase, providerCount: providers.count)
        try directory.prepare()
        let lock = try DirectoryLock(directory)
        let stop = StopSignal()
        let options = UpRunner.Options(
            directory: directory, providers: providers, portBase: portBase, zone: zone,
            windowBackSeconds: windowBack.flatMap(Self.seconds))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await stop.watch() }
            defer { group.cancelAll() }
            try await Self.run(options, programs: programs, stop: stop)
        }
        _ = consume lock
    }

    private static func run(_ options: UpRunner.Options, programs: Executables, stop: StopSignal) async throws {
        if let left = try? UpState.read(from: options.directory) {
            for name in try await OrphanCleanup.stop(left) {
                Terminal.note("stopped \(name), left over from an `up` that was killed")
            }
        }
        let ports = try Ports(base: options.portBase, providerCount: options.providers.count)
        try await UpRunner(options: options, programs: programs, ports: ports, stop: stop).run()
    }
}
