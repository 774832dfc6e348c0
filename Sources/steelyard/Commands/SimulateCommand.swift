internal import ArgumentParser
internal import Foundation
internal import Identity
internal import Market

/// `steelyard simulate`: a market's usage events and registry, from a description and a seed.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Make a market's usage events, registry and facts, from a description and a seed.",
        discussion: """
            Examples:
              steelyard simulate --out events.ndjson --registry tenants.csv
              steelyard simulate --market china-2024-2025 --out events.ndjson --facts-out facts
              steelyard simulate --provider aliyun --to http://127.0.0.1:4680 --rate 5000
              steelyard simulate --into-up --wait
            """)

    @Option(help: ArgumentHelp("A built-in market, or a YAML file that describes one.", valueName: "NAME|FILE"))
    var market = "china-2025-h1"

    @Option(help: ArgumentHelp("Only this provider's events.", valueName: "P"))
    var provider: String?

    @Option(help: ArgumentHelp("Another seed: other tenants' days, the same totals.", valueName: "N"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("Write the events to this file, or - for standard output.", valueName: "FILE"))
    var out: String?

    @Option(help: ArgumentHelp("Write the tenant registry to this file, or - for standard output.", valueName: "FILE"))
    var registry: String?

    @Option(
        help: ArgumentHelp(
            "Write what is known beside usage to this directory: a CSV file for each kind of facts.", valueName: "DIR"))
    var factsOut: String?

    @Option(help: ArgumentHelp("Send the events of --provider to the collector at this address.", valueName: "URL"))
    var to: String?

    @Flag(help: "Send each provider's events to the collector that `up` runs for it.")
    var intoUp = false

    @Flag(help: "With --into-up: wait until the collectors have shipped everything.")
    var wait = false

    @Option(help: ArgumentHelp("Events per second, in all; by default as fast as they are taken.", valueName: "N"))
    var rate: Int?

    @Option(help: ArgumentHelp("Data directory of `up`.", valueName: "DIR"))
    var data: String?

    @Flag(help: "Replace the files of --out, --registry and --facts-out.")
    var force = false

    mutating func validate() throws {
        let targets = [out != nil, to != nil, intoUp].filter { $0 }.count
        if targets > 1 { throw ValidationError("Say one of --out, --to and --into-up.") }
        if targets == 0 && registry == nil && factsOut == nil {
            throw ValidationError(
                "Say where to: --out FILE, --to URL or --into-up; and --registry FILE, --facts-out DIR.")
        }
        if to != nil && provider == nil {
            throw ValidationError("A collector belongs to one provider: say which with --provider.")
        }
        if let rate, rate < 1 { throw ValidationError("--rate must be at least 1 event per second.") }
        if rate != nil && to == nil && !intoUp { throw ValidationError("--rate goes with --to or --into-up.") }
        if wait && !intoUp { throw ValidationError("--wait goes with --into-up.") }
    }

    mutating func run() async throws {
        let simulator = try MarketSource.simulator(market, seed: seed)
        if let provider { _ = try MarketSource.events(of: simulator, provider: provider) }
        if let registry {
            try FileOrOutput.write(Array(simulator.registryCSV.utf8), to: registry, overwriting: force)
        }
        if let factsOut { try FactsDirectory.write(simulator, to: factsOut, overwriting: force) }
        if let out { try MarketFile.write(simulator, provider: provider, to: out, overwriting: force) }
        if let to, let provider {
            try await MarketFeed.run(
                simulator, into: [provider: to.hasSuffix("/") ? String(to.dropLast()) : to], rate: rate)
        }
        if intoUp { try await feedUp(simulator) }
    }

    private func feedUp(_ simulator: MarketSimulator) async throws {
        let directory = data.map { DataDirectory($0) } ?? .standard()
        guard let state = try? UpState.read(from: directory), state.isReady, DirectoryLock.isHeld(directory) else {
            throw CommandError(
                .unreachable,
                "no `steelyard up` runs on \(directory.path); start one, or name its directory with --data")
        }
        let addresses = Dictionary(state.collectors.map { ($0.provider, $0.url) }) { first, _ in first }
        let wanted = provider.map { [$0] } ?? simulator.providers
        let missing = wanted.filter { addresses[$0] == nil }
        guard missing.isEmpty else {
            let options = (state.collectors.map(\.provider) + missing).map { "--provider \($0)" }
            throw CommandError(
                .failure,
                "`up` runs no collector for \(missing.joined(separator: ", ")); start it with "
                    + options.joined(separator: " "))
        }
        let targets = addresses.filter { wanted.contains($0.key) }
        try await MarketFeed.run(simulator, into: targets, rate: rate)
        if wait { try await Backlog.waitUntilShipped(targets.values.sorted()) }
    }
}
