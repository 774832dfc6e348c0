/// A small market that tests change and simulate quickly.
enum SmallMarket {
    static let yaml = """
        id: small
        version: 1
        title: {en: Small, zh: 小}
        seed: 7
        period: 2025-Q1
        zone: Asia/Shanghai
        external-total: 1_000_000_000_007
        rhythm:
          months: [1, 2, 3]
          weekdays: [10, 10, 10, 10, 10, 5, 5]
          hours: [1, 1, 1, 1, 1, 1, 2, 3, 4, 5, 5, 5, 4, 5, 5, 5, 5, 5, 4, 4, 3, 3, 2, 1]
        models:
          m-text: {modality: text, output: 20, cached: 30, reasoning: 0, tokens-per-request: 1000}
          m-think: {modality: text, output: 50, cached: 10, reasoning: 60, tokens-per-request: 4000}
          m-embed: {modality: embedding, output: 0, cached: 0, reasoning: 0, tokens-per-request: 500}
        providers:
          alpha:
            company: Alpha Ltd
            share: "66.7"
            models: {m-text: 5, m-think: 3, m-embed: 1}
            regions: {north: 3, south: 1}
            tenants:
              external-customer: {count: 9, zipf: "1.1", events-per-day: 3, batch: 20}
              own-business: {names: [alpha-app, alpha-search], multiple: "2.5", events-per-day: 24}
              unclassified: {count: 2, tokens: 1_234_567, events-per-day: 1}
          beta:
            company: Beta Ltd
            share: "33.3"
            models: {m-text: 1}
            regions: {north: 1}
            tenants:
              external-customer: {count: 5, zipf: "0", events-per-day: 1}
              affiliate: {count: 2, multiple: "0.1", events-per-day: 2, layer: paas, months: [0, 0, 1]}

        """
}
