internal import Foundation
internal import TestSupport

/// One kind of trouble: what is done to the processes, and what must hold afterwards.
protocol Scenario: Sendable {
    /// As `--scenario` names it.
    var name: String { get }
    /// One line: the faults, and their numbers in the fault menu.
    var abstract: String { get }
    /// Rounds that fit into CI.
    var defaultRounds: Int { get }

    /// Does it all, and returns the figures in one line.
    ///
    /// - Throws: ``BrokenInvariant``, ``Skipped``, or whatever kept the scenario from being carried out.
    func run(_ run: ScenarioRun) async throws -> String
}

/// Something that must hold didn't.
struct BrokenInvariant: Error, CustomStringConvertible {
    /// What must hold, in words.
    var invariant: String
    /// What was found instead.
    var found: String

    init(_ invariant: String, _ found: String) {
        self.invariant = invariant
        self.found = found
    }

    var description: String { "broken: \(invariant): \(found)" }
}

/// This machine can't do it.
struct Skipped: Error {
    /// What is missing and how to get it.
    var reason: String
}

/// One run of one scenario: its size, its seed and its directories.
struct ScenarioRun: Sendable {
    let name: String
    let rounds: Int
    let seed: UInt64
    /// For configurations, logs and data of the processes.
    let scratch: String
    /// For the journal alone: another directory, which no fault is injected into.
    let journalDirectory: String

    /// Runs `body` with new directories, which are removed if it succeeds and named if it fails.
    static func with(
        _ scenario: any Scenario, rounds: Int, seed: UInt64, parent: String?,
        _ body: (ScenarioRun) async throws -> String
    ) async throws -> String {
        let parent = parent ?? ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        let base = "\(parent)/steelyard-torture-\(scenario.name)-\(UInt32.random(in: 0...UInt32.max))"
        let run = ScenarioRun(
            name: scenario.name, rounds: rounds, seed: seed, scratch: "\(base)/scratch",
            journalDirectory: "\(base)/journal")
        for directory in [run.scratch, run.journalDirectory] {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        }
        do {
            let figures = try await body(run)
            try? FileManager.default.removeItem(atPath: base)
            return figures
        } catch let skipped as Skipped {
            try? FileManager.default.removeItem(atPath: base)
            throw skipped
        } catch {
            say("kept: \(base)")
            throw error
        }
    }

    /// Random numbers of this run; the same for the same `salt`.
    func random(_ salt: UInt64 = 0) -> SeededGenerator { SeededGenerator(seed: seed &+ salt &* 0x9E37_79B9) }
}

/// The scenarios by name.
enum ScenarioCatalogue {
    static let all: [any Scenario] = [
        KillScenario(), BitFlipScenario(), EveryCallScenario(), PowerCutScenario(), NetworkScenario(),
        DatabaseScenario(),
        DiskFullScenario(), DiskErrorScenario(), PauseScenario(), ReplayScenario(), CloneScenario(), FailoverScenario(),
        RestoreScenario(), StormScenario(), SlowScenario(), BacklogScenario(), RestartScenario(), AttacksScenario(),
    ]

    static func named(_ name: String) -> (any Scenario)? { all.first { $0.name == name } }

    static var listing: String {
        let width = all.map(\.name.count).max() ?? 0
        return all.map { scenario in
            let padding = String(repeating: " ", count: width - scenario.name.count)
            return "  \(scenario.name)\(padding)  \(scenario.abstract); \(scenario.defaultRounds)"
        }.joined(separator: "\n")
    }
}
