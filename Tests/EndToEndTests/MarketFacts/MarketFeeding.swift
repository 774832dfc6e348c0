internal import Foundation
internal import TestHarness
internal import Testing

/// Makes the market `china-2024-2025` with the command line and brings it into an installation.
struct MarketFeeding {
    static let market = "china-2024-2025"
    static let providers = [
        "volcengine", "aliyun", "baidu-cloud", "tencent-cloud", "huawei-cloud", "deepseek", "zhipu", "others",
        "openrouter",
    ]
    /// The kinds of facts in the order in which they are imported; prices come apart.
    static let kinds = [
        "providers", "models", "regions", "revenue", "tenders", "private-deployments", "reference-totals", "rates",
    ]

    let installation: Installation
    let aggregator: AggregatorProcess
    let asker: MarketAsker

    private var directory: String { installation.files.directory }
    private var factsDirectory: String { "\(directory)/facts" }

    /// Feeds every provider's events through a collector of its own and imports the tenants.
    func feedUsage() async throws {
        try await asker.commandLine([
            "simulate", "--market", Self.market, "--registry", "\(directory)/registry.csv", "--facts-out",
            factsDirectory,
        ])
        var events: UInt64 = 0
        var collectors: [CollectorProcess] = []
        for provider in Self.providers {
            let file = "\(directory)/\(provider).ndjson"
            try await asker.commandLine(["simulate", "--market", Self.market, "--provider", provider, "--out", file])
            events += try lineCount(of: file)
            var setup = CollectorSetup(provider: provider)
            setup.sources = TraceSources.native(path: file, isWhole: true)
            setup.sealAge = "5s"
            collectors.append(try await installation.startCollector(setup, to: aggregator))
        }
        try await installation.waitUntilCounted(events: events)
        for collector in collectors { try await collector.stop() }
        try await installation.waitUntilCounted(events: events)
        #expect(try await installation.database.progress().events == events)
        try await asker.importTenants("\(directory)/registry.csv")
    }

    /// Imports the catalogues, which prices need: no revenue yet.
    func importCatalogues() async throws {
        for kind in ["providers", "models", "regions"] {
            try await asker.importFacts(kind, "\(factsDirectory)/\(kind).csv")
        }
    }

    /// Imports everything else that the market says beside usage.
    func importFacts() async throws {
        for kind in Self.kinds.dropFirst(3) + ["prices"] {
            try await asker.importFacts(kind, "\(factsDirectory)/\(kind).csv")
        }
    }

    /// Imports one price for every provider, model and type of tokens, or takes it back.
    ///
    /// - Parameter price: yuan per thousand tokens; `nil` takes it back.
    func importFlatPrices(_ price: String?, models: [String]) async throws {
        var lines = [
            "provider,model,workload,token_type,context_from,context_to,currency,price,per,free_tokens,effective_from,"
                + "effective_to,reason"
        ]
        let value = price.map { "CNY,\($0),1000," } ?? ",,,"
        let reason = price == nil ? "retracted: an estimate only" : "the article's estimate"
        for provider in Self.providers {
            for model in models {
                for type in ["input", "output"] {
                    lines.append("\(provider),\(model),,\(type),,,\(value),2024-01-01,,\(reason)")
                }
            }
        }
        let path = "\(directory)/flat-prices.csv"
        try (lines.joined(separator: "\r\n") + "\r\n").write(toFile: path, atomically: true, encoding: .utf8)
        try await asker.importFacts("prices", path)
    }

    /// One tenant uses its whole quota in one minute of September 2025, in ten calls.
    func feedQuota(_ tokens: UInt64, tenant: String) async throws {
        let before = try await installation.database.progress().events
        let collector = try await installation.startCollector(
            CollectorSetup(provider: "volcengine", name: "edge-2"), to: aggregator)
        let calls: UInt64 = 10
        let lines = (0..<calls).map { call -> String in
            let part = tokens * (call + 1) / calls - tokens * call / calls
            return "{\"time\":\"2025-09-10T02:30:0\(call)Z\",\"provider\":\"volcengine\",\"tenant\":\"\(tenant)\","
                + "\"model\":\"doubao-seed-1.6\",\"region\":\"cn-beijing\",\"layer\":\"maas\",\"workload\":\"online\","
                + "\"modality\":\"text\",\"requests\":1,\"input_tokens\":\(part - part / 5),\"cached_input_tokens\":0,"
                + "\"output_tokens\":\(part / 5),\"reasoning_output_tokens\":0}\n"
        }
        let answer = try await HTTPCaller().post(
            collector.url + "/v1/events", headers: [("Content-Type", "application/x-ndjson")],
            body: Array(lines.joined().utf8))
        #expect(answer.status == 200, "\(answer.text.prefix(500))")
        try await collector.stop()
        try await installation.waitUntilCounted(events: before + calls)
    }
}
