internal import Foundation
internal import Market
internal import Scopes

/// Finds the market that `--market` names: a built-in one, or a YAML file.
enum MarketSource {
    static func simulator(_ name: String, seed: UInt64?) throws -> MarketSimulator {
        var description = try description(name)
        if let seed { description.seed = seed }
        return MarketSimulator(description)
    }

    static func events(of simulator: MarketSimulator, provider: String) throws(CommandError) -> MarketEvents {
        do {
            return try simulator.events(of: provider)
        } catch {
            throw CommandError(.usage, "\(error)")
        }
    }

    private static func description(_ name: String) throws -> MarketDescription {
        if MarketDescription.builtInNames.contains(name) { return try MarketDescription.builtIn(name) }
        guard let text = try? String(contentsOfFile: name, encoding: .utf8) else {
            throw CommandError(
                .usage,
                "--market \(name) is neither a UTF-8 file that can be read nor one of the built-in markets: "
                    + MarketDescription.builtInNames.joined(separator: ", "))
        }
        return try MarketDescription.parse(text, file: name)
    }
}
