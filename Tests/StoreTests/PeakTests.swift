import Postgres
import Reporting
import TestSupport
import Testing
import UsageModel

@testable import Store

/// The highest minutes in SQL against a plain scan of what was put in.
@Suite struct PeakTests {
    private static let providers = ["acme", "other"]
    private static let tenants = ["t1", "t2", "t3"]
    private static let models = ["m1", "m2"]
    private static let first = minute("2025-06-15", hour: 3)

    private struct Event {
        var provider: String
        var minute: Int64
        var tenant: String
        var model: String
        var counts: TokenCounts
    }

    /// A few events in a few minutes, so that minutes are equally high now and then.
    private static func events(_ generator: inout SeededGenerator) -> [Event] {
        (0..<80).map { _ in
            Event(
                provider: providers.randomElement(using: &generator) ?? "acme",
                minute: first + Int64.random(in: 0..<6, using: &generator) * 40,
                tenant: tenants.randomElement(using: &generator) ?? "t1",
                model: models.randomElement(using: &generator) ?? "m1",
                counts: TokenCounts(
                    requests: 1, input: UInt64.random(in: 0...3, using: &generator),
                    output: UInt64.random(in: 0...2, using: &generator)))
        }
    }

    private static func load(_ events: [Event], into world: World, collector: String = "c") async throws {
        for provider in providers {
            let rows = events.filter { $0.provider == provider }.map {
                (minute: $0.minute, tenant: $0.tenant, model: $0.model, counts: $0.counts)
            }
            // One batch for each event: the sums are made by the product, not here.
            try await world.load(
                rows.map { usageRows([$0]) }, key: CollectorKey(provider: provider, collector: collector))
        }
    }

    /// What the answer must be, by adding up.
    private static func expected(_ events: [Event], _ query: PeakQuery) -> [PeakAnswer.Row] {
        var minutes: [String: [Int64: SignedTokenCounts]] = [:]
        for event in events where (query.from / 60..<query.to / 60).contains(event.minute) {
            let name =
                switch query.subject {
                case .provider: ""
                case .tenant: event.tenant
                case .model: event.model
                }
            if let providers = query.providers, !providers.contains(event.provider) { continue }
            if let names = query.names, !names.contains(name) { continue }
            minutes["\(event.provider)/\(name)", default: [:]][event.minute, default: SignedTokenCounts()] +=
                SignedTokenCounts(event.counts)
        }
        let best = minutes.compactMap { key, minutes -> PeakAnswer.Row? in
            let parts = key.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            return minutes.max { ($0.value.total, -$0.key) < ($1.value.total, -$1.key) }.map {
                PeakAnswer.Row(
                    provider: parts[0], name: query.subject == .provider ? nil : parts[1], start: $0.key * 60,
                    counts: $0.value)
            }
        }
        return Array(
            best.sorted {
                ($1.counts.total, $0.start, $0.provider, $0.name ?? "")
                    < ($0.counts.total, $1.start, $1.provider, $1.name ?? "")
            }.prefix(query.count))
    }

    /// Where the minutes stand that are asked for.
    enum Place: CaseIterable {
        case waiting, both, segments
    }

    @Test(arguments: Place.allCases)
    func `the highest minutes are those of a plain scan`(place: Place) async throws {
        try await World.with { world in
            var generator = SeededGenerator(seed: 20_250_615)
            let events = Self.events(&generator)
            try await Self.load(Array(events[..<40]), into: world)
            if place != .waiting { try await world.mergeAll() }
            try await Self.load(Array(events[40...]), into: world, collector: "d")
            if place == .segments { try await world.mergeAll() }
            let (from, to) = (Self.first * 60, (Self.first + 240) * 60)
            var compared = 0
            for subject in PeakSubject.allCases {
                for count in [1, 3, 100] {
                    for (providers, names) in [(nil, nil), (["acme"], nil), (nil, ["t1", "m2"]), (["nobody"], nil)]
                        as [([String]?, [String]?)]
                    {
                        let query = PeakQuery(
                            from: from, to: to, subject: subject, providers: providers,
                            names: subject == .provider ? nil : names, count: count, visibility: .everything)
                        let answer = try await world.store.snapshot { try $0.peaks(query) }
                        #expect(answer.rows == Self.expected(events, query), "\(query)")
                        #expect(answer.position == 80)
                        compared += answer.rows.count
                    }
                }
            }
            #expect(compared > 50)
            // Half of the time has other peaks, and the end doesn't count.
            let half = PeakQuery(
                from: from, to: (Self.first + 120) * 60, subject: .tenant, count: 9, visibility: .everything)
            #expect(try await world.store.snapshot { try $0.peaks(half) }.rows == Self.expected(events, half))
            let bound = PeakQuery(from: from, to: to, subject: .tenant, count: 9, visibility: .provider("other"))
            let seen = try await world.store.snapshot { try $0.peaks(bound) }.rows
            #expect(seen.count == 3 && Set(seen.map(\.provider)) == ["other"])
            let empty = await #expect(throws: QuestionError.self) {
                _ = try await world.store.snapshot {
                    try $0.peaks(
                        PeakQuery(from: to, to: from, subject: .tenant, count: 1, visibility: .everything))
                }
            }
            #expect(empty?.code == .badQuery)
        }
    }

    @Test func `minutes that are not kept are not answered with less`() async throws {
        try await World.with { world in
            try await world.load([oneRow(Self.first)])
            try await world.store.session { session in
                _ = try session.connection.query(
                    "INSERT INTO sums_floor (table_name, kept_from) VALUES ('segment_minute', $1)",
                    [.timestamp(Timestamp(seconds: (Self.first + 1) * 60))])
            }
            let error = await #expect(throws: QuestionError.self) {
                _ = try await world.store.snapshot {
                    try $0.peaks(
                        PeakQuery(
                            from: Self.first * 60, to: Self.first * 60 + 3_600, subject: .provider, count: 1,
                            visibility: .everything))
                }
            }
            #expect(error?.code == .notKept)
        }
    }
}
