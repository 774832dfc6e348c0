import Postgres
import Reporting
import Scopes
internal import ScopesTestSupport
import Store
import TestSupport
import Testing
import UsageModel

@Suite struct UsageQueryTests {
    private static let calendar = ZoneRules(identifier: "Asia/Shanghai") ?? .utc

    private func query(
        _ from: Int64, _ to: Int64, zone: String = "UTC", bucket: UsageBucket = .none, by: [UsageDimension] = [],
        filters: UsageFilters = UsageFilters(), visibility: Visibility = .everything
    ) -> UsageQuery {
        UsageQuery(
            from: from * 60, to: to * 60, zone: ZoneRules(identifier: zone) ?? .utc, bucket: bucket, groupBy: by,
            filters: filters, visibility: visibility)
    }

    @Test func `reporting days come from day sums and others from hours`() async throws {
        try await World.with { world in
            // 15:59Z is still 2025-06-15 in Shanghai, 16:00Z is the 16th.
            try await world.load([
                oneRow(minute("2025-06-15", hour: 15, minute: 59), input: 1),
                oneRow(minute("2025-06-15", hour: 16), input: 2),
            ])
            let start = Self.calendar.startOfDay(date("2025-06-15")) / 60
            let days = try await world.store.snapshot {
                try $0.usage(query(start, start + 2_880, zone: "Asia/Shanghai", bucket: .day))
            }
            #expect(days.source == .day)
            #expect(days.rows.map(\.counts.input) == [1, 2])
            #expect(days.rows.map(\.start) == [start * 60, (start + 1_440) * 60])
            let utc = try await world.store.snapshot {
                try $0.usage(
                    query(minute("2025-06-15"), minute("2025-06-17"), bucket: .day))
            }
            #expect(utc.source == .hour)
            #expect(utc.rows.map(\.counts.input) == [3])
            let month = Self.calendar.startOfDay(date("2025-06-01")) / 60
            let next = Self.calendar.startOfDay(date("2025-07-01")) / 60
            let months = try await world.store.snapshot {
                try $0.usage(query(month, next, zone: "Asia/Shanghai", bucket: .month))
            }
            #expect(months.source == .month)
            #expect(months.rows.map(\.counts.input) == [3])
        }
    }

    @Test func `zones of half hours are answered from minutes where the granularity allows`() async throws {
        try await World.with { world in
            // Kolkata is UTC+5:30: its 15th ends at 18:30Z.
            try await world.load([
                oneRow(minute("2025-06-15", hour: 18, minute: 29), input: 1),
                oneRow(minute("2025-06-15", hour: 18, minute: 30), input: 2),
            ])
            let from = minute("2025-06-14", hour: 18, minute: 30)
            let days = query(from, from + 2_880, zone: "Asia/Kolkata", bucket: .day, by: [.tenant])
            let answer = try await world.store.snapshot { try $0.usage(days) }
            #expect(answer.source == .minute)
            #expect(answer.rows.map(\.counts.input) == [1, 2])
            let hours = try await world.store.snapshot {
                try $0.usage(
                    query(from, from + 2_880, zone: "Asia/Kolkata", bucket: .hour, by: [.model]))
            }
            #expect(
                hours.rows.map(\.start) == [
                    minute("2025-06-15", hour: 17, minute: 30) * 60, minute("2025-06-15", hour: 18, minute: 30) * 60,
                ])
            let error = await #expect(throws: QuestionError.self) {
                _ = try await world.store.snapshot {
                    try $0.usage(
                        self.query(from, from + 2_880, zone: "Asia/Kolkata", bucket: .day, by: [.tenant, .model]))
                }
            }
            #expect(error?.code == .notKept)
            #expect(error?.message.contains("model, tenant") == true)
        }
    }

    @Test func `minutes are kept by tenant, model and provider`() async throws {
        try await World.with { world in
            let start = minute("2025-06-15", hour: 3, minute: 7)
            try await world.load([
                oneRow(start, "a", model: "m1"), oneRow(start, "b", model: "m2"), oneRow(start + 1, "a"),
            ])
            for (dimension, names) in [(UsageDimension.tenant, ["a", "b", "a"]), (.model, ["m1", "m2", "m1"])] {
                let answer = try await world.store.snapshot {
                    try $0.usage(query(start, start + 2, bucket: .minute, by: [dimension]))
                }
                #expect(answer.rows.map { $0.keys[0] } == names)
            }
            let provider = try await world.store.snapshot {
                try $0.usage(query(start, start + 2, bucket: .minute, by: [.provider]))
            }
            #expect(provider.rows.map(\.counts.requests) == [2, 1])
            #expect(provider.rows.map(\.start) == [start * 60, (start + 1) * 60])
        }
    }

    @Test func `filters and dimensions cut the sums as they say`() async throws {
        try await World.with { world in
            let day = minute("2025-06-15")
            let list = ["t1", "t2"].flatMap { tenant in
                ["m1", "m2"].map {
                    (minute: day, tenant: tenant, model: $0, counts: TokenCounts(requests: 1, input: 1))
                }
            }
            try await world.load([
                usageRows(list), usageRows(list, region: "eu-west"), usageRows(list, layer: .iaas),
                usageRows(list, modality: .image),
            ])
            func inputs(_ by: [UsageDimension], _ filters: UsageFilters = UsageFilters()) async throws -> [String:
                Int128]
            {
                let answer = try await world.store.snapshot {
                    try $0.usage(query(day, day + 1_440, by: by, filters: filters))
                }
                return Dictionary(
                    uniqueKeysWithValues: answer.rows.map { ($0.keys.joined(separator: "/"), $0.counts.input) })
            }
            #expect(try await inputs([.layer]) == ["maas": 12, "iaas": 4])
            #expect(
                try await inputs([.region, .modality]) == [
                    "cn-beijing/text": 8, "cn-beijing/image": 4, "eu-west/text": 4,
                ])
            #expect(try await inputs([.tenant], UsageFilters(models: ["m1"])) == ["t1": 4, "t2": 4])
            #expect(try await inputs([], UsageFilters(tenants: ["t1"], regions: ["eu-west"])) == ["": 2])
            #expect(try await inputs([.model], UsageFilters(tenants: ["nobody"])) == [:])
            #expect(try await inputs([.workload], UsageFilters(layers: [.iaas], workloads: [.online])) == ["online": 4])
            #expect(try await inputs([.provider, .kind]) == ["acme/unclassified": 16])
        }
    }

    @Test func `rows come by bucket and then by the bytes of their names`() async throws {
        try await World.with { world in
            let day = minute("2025-06-15")
            let names = ["a", "B", "é", "z", "Z", "火", "-", "aa"]
            let list = names.map { (minute: day, tenant: $0, model: "m", counts: TokenCounts(requests: 1, input: 1)) }
            let later = names.map {
                (minute: day + 1_440, tenant: $0, model: "m", counts: TokenCounts(requests: 1, input: 1))
            }
            try await world.load([
                usageRows(list), usageRows(later), usageRows(list, layer: .iaas), usageRows(list, layer: .onPremises),
                usageRows(list, modality: .audio), usageRows(list, modality: .embedding),
            ])
            for dimensions in [[UsageDimension.tenant, .layer, .modality], [.kind, .workload, .layer, .tenant]] {
                let answer = try await world.store.snapshot {
                    try $0.usage(self.query(day, day + 2_880, bucket: .day, by: dimensions))
                }
                #expect(answer.rows.count > 2 * names.count)
                let sorted = answer.rows.sorted { one, other in
                    guard one.start == other.start else { return (one.start ?? 0) < (other.start ?? 0) }
                    return one.keys.map { NameBytes($0) }.lexicographicallyPrecedes(other.keys.map { NameBytes($0) })
                }
                #expect(answer.rows == sorted)
            }
        }
    }

    @Test func `two compositions of one name are one tenant, whatever a collector sealed`() async throws {
        try await World.with { world in
            let day = minute("2025-06-15")
            let sealed = ["caf\u{E9}", "cafe\u{301}", "cafe\u{301}\u{3000}"]
            try await world.load(sealed.map { oneRow(day, $0, input: 1) })
            let answer = try await world.store.snapshot { try $0.usage(query(day, day + 1_440, by: [.tenant])) }
            #expect(answer.rows.map { Array($0.keys[0].utf8) } == [Array("caf\u{E9}".utf8)])
            #expect(answer.rows.map(\.counts.input) == [3])
            let days = date("2025-06-01")..<date("2025-07-01")
            #expect(try await world.store.rebuild(days, decode: world.payloads.decode).isEqual)
        }
    }

    @Test func `bad questions are refused with the reason`() async throws {
        try await World.with { world in
            let empty = await #expect(throws: QuestionError.self) {
                _ = try await world.store.snapshot { try $0.usage(self.query(5, 5)) }
            }
            #expect(empty?.code == .badQuery)
            try await world.load([oneRow(0, "a"), oneRow(0, "b")])
            var wide = query(0, 60, by: [.tenant])
            wide.maxRows = 1
            let many = wide
            let error = await #expect(throws: QuestionError.self) {
                _ = try await world.store.snapshot { try $0.usage(many) }
            }
            #expect(error?.code == .badQuery)
        }
    }
}

@Suite struct VisibilityTests {
    private func load(_ world: World) async throws {
        for provider in ["acme", "other"] {
            try await world.load(
                [oneRow(minute("2025-06-15"), "tenant-of-\(provider)")],
                key: CollectorKey(provider: provider, collector: "c"))
        }
    }

    @Test func `a bound caller sees one provider`() async throws {
        try await World.with { world in
            try await load(world)
            let query = UsageQuery(
                from: date("2025-06-14").days * 86_400, to: date("2025-06-17").days * 86_400, zone: .utc,
                groupBy: [.provider, .tenant], visibility: .provider("acme"))
            #expect(
                try await world.store.snapshot { try $0.usage(query) }.rows.map(\.keys) == [["acme", "tenant-of-acme"]])
            let sums = try await world.scopeSums(
                date("2025-06-01")..<date("2025-07-01"), visibility: .provider("other"))
            #expect(sums.rows.map(\.provider) == ["other"])
            #expect(
                try await world.store.snapshot { try $0.collectors(visibility: .provider("acme")) }.map(\.provider) == [
                    "acme"
                ])
        }
    }
}
