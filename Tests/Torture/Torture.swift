internal import ArgumentParser
internal import Foundation

/// Does to real processes what goes wrong in production, and compares what arrived with a journal of what was sent.
@main
struct Torture: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "torture",
        abstract:
            "Injects faults into built binaries and a real PostgreSQL, and checks that nothing is lost or doubled.",
        discussion: """
            Exits 0 only if every invariant held; the last line is a summary. A scenario that this machine can't run \
            (no root, no loop devices, no strace) is skipped loudly and counted in the summary.

            Scenarios:
            \(ScenarioCatalogue.listing)
            """)

    @Option(help: "The scenario's name, several with commas between, or `all`.")
    var scenario = "all"

    @Option(help: "How much of it: kills, cuts, flips … Without it, what fits into CI.")
    var rounds: Int?

    @Option(help: "Seed of everything random. Without it a new one, which is printed.")
    var seed: UInt64?

    @Option(help: "Where journals and scratch directories go. They are kept when an invariant breaks.")
    var directory: String?

    func validate() throws {
        if let rounds, rounds < 1 { throw ValidationError("--rounds \(rounds): at least 1") }
        _ = try chosen()
    }

    func run() async throws {
        let seed = seed ?? UInt64.random(in: 1...999_999_999)
        var tally = Tally()
        for scenario in try chosen() {
            tally.note(await run(scenario, seed: seed))
        }
        say("torture: seed \(seed): \(tally)")
        if !tally.failed.isEmpty { throw ExitCode.failure }
    }

    private func chosen() throws -> [any Scenario] {
        if scenario == "all" { return ScenarioCatalogue.all }
        return try scenario.split(separator: ",").map { name in
            guard let found = ScenarioCatalogue.named(String(name)) else {
                throw ValidationError("there is no scenario \(name); there are:\n\(ScenarioCatalogue.listing)")
            }
            return found
        }
    }

    private func run(_ scenario: any Scenario, seed: UInt64) async -> Tally.Result {
        let rounds = rounds ?? scenario.defaultRounds
        say("=== \(scenario.name): \(scenario.abstract); \(rounds) rounds, seed \(seed)")
        let clock = ContinuousClock()
        let began = clock.now
        do {
            let figures = try await ScenarioRun.with(scenario, rounds: rounds, seed: seed, parent: directory) {
                try await scenario.run($0)
            }
            say("--- \(scenario.name): held in \((clock.now - began).inSeconds): \(figures)")
            return .held(scenario.name)
        } catch let skipped as Skipped {
            say("SKIPPED \(scenario.name): \(skipped.reason)")
            return .skipped(scenario.name)
        } catch {
            say("FAILED \(scenario.name) after \((clock.now - began).inSeconds): \(error)")
            say("once more: deploy/torture --scenario \(scenario.name) --rounds \(rounds) --seed \(seed)")
            return .failed(scenario.name)
        }
    }
}

/// What became of the scenarios.
struct Tally: CustomStringConvertible {
    enum Result {
        case held(String)
        case skipped(String)
        case failed(String)
    }

    private(set) var held: [String] = []
    private(set) var skipped: [String] = []
    private(set) var failed: [String] = []

    mutating func note(_ result: Result) {
        switch result {
        case .held(let name): held.append(name)
        case .skipped(let name): skipped.append(name)
        case .failed(let name): failed.append(name)
        }
    }

    var description: String {
        var parts = ["\(held.count) of \(held.count + skipped.count + failed.count) scenarios held every invariant"]
        if !skipped.isEmpty { parts.append("SKIPPED: \(skipped.joined(separator: ", "))") }
        if !failed.isEmpty { parts.append("FAILED: \(failed.joined(separator: ", "))") }
        return parts.joined(separator: "; ")
    }
}

extension Duration {
    /// Whole seconds and a tenth, for people.
    var inSeconds: String {
        let tenths = components.seconds * 10 + components.attoseconds / 100_000_000_000_000_000
        return "\(tenths / 10).\(tenths % 10) s"
    }

    var wholeMilliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}

/// Prints a line at once: whoever reads along through a pipe wants to see it now.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}
