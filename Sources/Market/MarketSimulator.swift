package import Scopes
internal import TextFormats
internal import UsageModel

/// Makes the usage events and the tenant registry of a market.
package struct MarketSimulator: Sendable {
    package let description: MarketDescription

    package init(_ description: MarketDescription) {
        self.description = description
    }

    /// The providers that serve somebody, in the order of the description. One collector belongs to one of them.
    package var providers: [String] { description.providers.filter { !$0.groups.isEmpty }.map(\.name) }

    /// The tokens (input plus output) that the events will add up to, exactly, straight from the description.
    package var expectedTokens: [MarketTotals.Key: UInt128] {
        var expected: [MarketTotals.Key: UInt128] = [:]
        for provider in description.providers {
            for group in provider.groups {
                expected[MarketTotals.Key(provider: provider.name, kind: group.kind), default: 0] += UInt128(
                    group.tokens)
            }
        }
        return expected
    }

    /// The events of one provider, or of all in one order of time.
    ///
    /// A provider's events are the same whether they are made alone or among the others.
    package func events(of provider: String? = nil) throws(UnknownProvider) -> MarketEvents {
        guard let provider else { return MarketEvents(description, providers: description.providers) }
        guard let match = description.providers.first(where: { $0.name == provider && !$0.groups.isEmpty }) else {
            throw UnknownProvider(name: provider.excerpt, known: providers)
        }
        return MarketEvents(description, providers: [match])
    }

    /// Events that are handed over in one go by ``write(provider:into:)``.
    package static let eventsPerChunk = 1_000

    /// Makes the events of one provider, or of all, and hands them over in chunks of whole lines.
    ///
    /// - Returns: what was written.
    @discardableResult
    package func write(provider: String? = nil, into sink: ([UInt8]) throws -> Void) throws -> MarketTotals {
        var events = try events(of: provider)
        var buffer: [UInt8] = []
        buffer.reserveCapacity(Self.eventsPerChunk * 400)
        while events.next(into: &buffer, maxEvents: Self.eventsPerChunk) > 0 {
            try sink(buffer)
            buffer.removeAll(keepingCapacity: true)
        }
        return events.totals
    }

    /// What the registry says about the market's tenants: everyone but the unclassified, from the first day on.
    package var registry: [FactRecord] {
        description.providers.flatMap { provider in
            provider.groups.filter { $0.kind != .unclassified }.flatMap { group in
                group.names.map { name in
                    FactRecord(
                        provider: provider.name, tenant: name, is: group.kind,
                        legalEntity: group.kind == .ownBusiness ? provider.company : "Simulated \(name)",
                        effectiveFrom: description.period.from,
                        reason: "simulated market \(description.id)")
                }
            }
        }
    }

    /// The registry as the CSV file that `steelyard tenants import` reads.
    package var registryCSV: String { FactFile.emit(registry, kind: .tenants) }
}

/// A name that no provider of the market has.
package struct UnknownProvider: Error, Sendable, Equatable, CustomStringConvertible {
    package var name: String
    package var known: [String]

    package var description: String {
        "the market has no provider '\(name)': its providers are \(known.joined(separator: ", "))"
    }
}
