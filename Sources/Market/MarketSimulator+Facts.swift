internal import Scopes
internal import TextFormats
internal import UsageModel

/// One kind of facts as the CSV file that `steelyard facts import` reads; `docs/facts.md` has the columns.
package struct MarketFactsFile: Sendable, Hashable {
    /// The kind, as `steelyard facts import` takes it; the file is called so too, with `.csv`.
    package var kind: String
    package var csv: String
}

extension MarketSimulator {
    /// What the description says beside usage: every kind's file, in the order in which they can be imported. A kind of
    /// which it says nothing is a file with a header alone.
    package var factsFiles: [MarketFactsFile] {
        [
            file(.providers, groups), file(.models, catalogue), file(.regions, regions), file(.revenue, revenue),
            file(.tenders, tenders), file(.privateDeployments, privateDeployments),
            file(.referenceTotals, referenceTotals), file(.prices, prices), file(.rates, rates),
        ]
    }

    private func file(_ kind: FactKind, _ records: [[CSVCell]]) -> MarketFactsFile {
        var writer = CSVWriter(header: kind.definition.columns.map(\.name))
        for record in records { writer.append(record) }
        return MarketFactsFile(kind: kind.rawValue, csv: writer.text)
    }

    /// What stands as the reason or source of everything that the description doesn't give one for.
    private var source: CSVCell { .text("simulated market \(description.id)") }
    private var firstDay: CSVCell { .text("\(description.period.from)") }
    private var months: [Period] { description.period.months }

    private var groups: [[CSVCell]] {
        description.providers.compactMap { provider in
            provider.facts.group.map { [.text(provider.name), .text($0), firstDay, .empty, source] }
        }
    }

    private var catalogue: [[CSVCell]] {
        description.models.compactMap { model in
            model.catalogue.map {
                [
                    .text(model.name), .text($0.developer), .text($0.group), .text($0.family), .text($0.weights),
                    .text($0.tier), firstDay, .empty, source,
                ]
            }
        }
    }

    private var regions: [[CSVCell]] {
        description.providers.flatMap { provider in
            provider.facts.markets.map {
                [.text(provider.name), .text($0.region), .text($0.market.rawValue), firstDay, .empty, source]
            }
        }
    }

    private var revenue: [[CSVCell]] {
        description.providers.flatMap { provider in
            provider.facts.revenue.flatMap { revenue in
                zip(months, revenue.monthHundredths).filter { $0.1 > 0 }.map { month, amount in
                    [
                        .text(provider.name), .text("\(month)"), .text(revenue.layer), money(amount),
                        .text(revenue.currency), source,
                    ]
                }
            }
        }
    }

    private var tenders: [[CSVCell]] {
        description.providers.flatMap { provider in
            provider.facts.tenders.map { tenders in
                months.indices.filter { tenders.monthCounts[$0] > 0 || tenders.monthHundredths[$0] > 0 }.map {
                    [
                        .text(provider.name), .text("\(months[$0])"), .count(tenders.monthCounts[$0]),
                        money(tenders.monthHundredths[$0]), .text(tenders.currency), source,
                    ]
                }
            } ?? []
        }
    }

    private var privateDeployments: [[CSVCell]] {
        description.providers.flatMap { provider in
            provider.facts.privateDeployments.flatMap { deployment in
                zip(months, deployment.monthTokens).filter { $0.1 > 0 }.map { month, tokens in
                    [.text(provider.name), .text(deployment.model), .text("\(month)"), .count(tokens), source]
                }
            }
        }
    }

    private var referenceTotals: [[CSVCell]] {
        description.facts.referenceTotals.map {
            [
                .text($0.name), .text("\($0.period)"), .text($0.scope), .count($0.value), .text($0.unit),
                .count($0.precision), .text($0.source), .text("\($0.asOf)"),
            ]
        }
    }

    private var prices: [[CSVCell]] {
        description.facts.prices.map { price in
            [
                .text(price.provider), .text(price.model), .text(price.workload), .text(price.tokenType), .empty,
                .empty,
                .text(price.currency), .number(price.price), .count(price.per),
                price.freeTokens.map { .count($0) } ?? .empty, .text("\(price.from)"),
                .text(price.to.map { "\($0)" } ?? ""), .text(price.reason),
            ]
        }
    }

    private var rates: [[CSVCell]] {
        description.facts.rates.flatMap { rate in
            rate.months.map {
                [
                    .text("\(months[$0.month])"), .text(rate.from), .text(rate.to), .number($0.rate),
                    .text(rate.source),
                ]
            }
        }
    }

    private func money(_ hundredths: UInt128) -> CSVCell {
        .number(DecimalText.render(hundredths, decimals: 2))
    }
}
