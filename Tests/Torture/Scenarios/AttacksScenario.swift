internal import BatchFormat
internal import Foundation
internal import Glibc
internal import Synchronization
internal import TestHarness
internal import TestSupport
internal import UsageModel

/// Attackers of each kind against one installation, and beside each of them another provider, whose batch must be
/// counted soon. Prints a table: the attack, what it was refused with, what the other provider felt.
struct AttacksScenario: Scenario {
    let name = "attacks"
    let abstract =
        "floods, claims and guesses of each kind of attacker beside a provider that means well (1,000 by hand)"
    let defaultRounds = 40

    /// How soon the other provider's batch must be counted and rolled up, after each attack.
    private static let patience = Duration.seconds(10)
    /// What the aggregator may need at its peak, in bytes, whatever comes.
    private static let maxResident = 512 << 20
    static let attackers = "mallory-cloud"
    /// Regions that the attackers may make in a day.
    static let regionBudget: UInt64 = 50
    /// Slow readers of the largest answer: each token has as many of them as may be under way.
    static let readers = 28
    static let readersPerToken = 4
    private static let settings = """
        names:
          tenants-per-day: 1000
          regions-per-day: \(regionBudget)
          collector-percent: 100
        """

    func run(_ run: ScenarioRun) async throws -> String {
        try await World.with(run) { world in
            let aggregator = try await world.installation.startAggregator(extra: Self.settings)
            let attacker = try Self.client(world, aggregator, provider: Self.attackers)
            let victim = try Victim(client: Self.client(world, aggregator, provider: World.provider), world: world)
            try await victim.begin()
            let tokens = try await Self.boundTokens(
                count: Self.readers / Self.readersPerToken, of: world.database, at: aggregator)
            let place = AttackedPlace(
                rounds: run.rounds, aggregator: aggregator, installation: world.installation, attacker: attacker,
                boundTokens: tokens, slowReaders: SlowReaders())
            defer { place.slowReaders.end() }
            say(Self.line("who", "attack", "answered", "the other's batch"))
            for attack in Attack.all {
                let answers = try await attack.carryOut(place)
                guard answers.isDisjoint(with: (500...599).map(String.init)), !answers.isEmpty else {
                    throw BrokenInvariant("\(attack.name): no 5xx", "\(answers)")
                }
                guard answers.isSubset(of: attack.expected) else {
                    throw BrokenInvariant("\(attack.name): answered \(attack.expected.sorted())", "\(answers.sorted())")
                }
                let delay = try await victim.isCounted(within: Self.patience, after: attack.name)
                say(Self.line(attack.who, attack.name, answers.sorted().joined(separator: " "), delay.inSeconds))
            }
            place.slowReaders.end()
            let flood = try await Flood(place: place, victim: victim).carryOut()
            say(Self.line("collector's key", "a flood beside \(flood.batches) batches", "200", "\(flood)"))
            let resident = try aggregator.peakResidentBytes()
            guard resident <= Self.maxResident else {
                throw BrokenInvariant("memory stays within \(Self.maxResident >> 20) MiB", "\(resident >> 20) MiB")
            }
            try await world.waitUntilRolledUp()
            let counts = try await world.database.total(provider: World.provider)
            guard counts == victim.expected else {
                throw BrokenInvariant("the other provider's figures are exact", "\(counts), not \(victim.expected)")
            }
            for client in [attacker, victim.client] { try await client.shutdown() }
            return
                "\(Attack.all.count + 1) attacks; the other provider's figures exact, its slowest batch counted after "
                + "\(victim.slowest.inSeconds); beside a flood \(flood); the aggregator's peak \(resident >> 20) MiB; "
                + "no 5xx"
        }
    }

    private static func client(
        _ world: World, _ aggregator: AggregatorProcess, provider: String
    ) throws -> IngestClient {
        try IngestClient(
            aggregator, authorityFile: world.installation.files.authorityFile,
            certificate: try world.installation.authority.collector(provider: provider, name: "edge-1"),
            provider: provider)
    }

    /// Made before the attacks: an address that guessed tokens isn't listened to for a while.
    private static func boundTokens(
        count: Int, of database: Database, at aggregator: AggregatorProcess
    ) async throws -> [String] {
        struct Created: Decodable { var token: String }
        let admin = try await database.makeAdminToken()
        var tokens: [String] = []
        for _ in 0..<count {
            let created = try await HTTPCaller().post(
                "\(aggregator.queryURL)/v1/tokens",
                headers: [("Authorization", "Bearer \(admin)"), ("Content-Type", "application/json")],
                body: Array(#"{"role":"auditor","provider":"\#(attackers)"}"#.utf8)
            ).decoded(Created.self)
            tokens.append(created.token)
        }
        return tokens
    }

    private static func line(_ cells: String...) -> String {
        zip(cells, [16, 46, 40, 0]).map { $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0) }
            .joined(separator: "  ")
    }
}

/// The provider that means well: after each attack one batch of it.
private final class Victim {
    let client: IngestClient
    fileprivate let world: World
    private var epoch: Int64 = 0
    private var sequence: Int64 = 0
    private(set) var slowest = Duration.zero

    init(client: IngestClient, world: World) throws {
        self.client = client
        self.world = world
    }

    func begin() async throws {
        epoch = try await client.openEpoch()
    }

    /// Everything that it has sent: a request of 1,000 and 7 tokens each.
    var expected: Counts { Counts(UInt64(sequence), 1_000 * UInt64(sequence), 7 * UInt64(sequence)) }

    /// Sends one batch, which must be acknowledged.
    fileprivate func send() async throws {
        let batch = try client.seal(spoolSequence: UInt64(sequence + 1), tenants: ["customer"], input: 1_000)
        let answer = try await client.post(batch, epoch: epoch, sequence: sequence)
        guard answer.status == 200 else {
            throw BrokenInvariant("another provider's batch is taken", "\(answer.status) \(answer.text)")
        }
        sequence += 1
    }

    func isCounted(within limit: Duration, after attack: String) async throws -> Duration {
        let clock = ContinuousClock()
        let began = clock.now
        do {
            try await send()
        } catch let broken as BrokenInvariant {
            throw BrokenInvariant("after \(attack) \(broken.invariant)", broken.found)
        }
        var last = Counts(0, 0, 0)
        do {
            try await eventually("the other provider's batch is rolled up", within: limit, last: { "\(last)" }) {
                last = try await self.world.database.total(provider: World.provider)
                return last == self.expected
            }
        } catch {
            throw BrokenInvariant("after \(attack) another provider's batch is counted within \(limit)", "\(last)")
        }
        let delay = clock.now - began
        slowest = max(slowest, delay)
        return delay
    }
}

extension Victim {
    /// How long each of so many batches waits from its acknowledgement until it is counted, in milliseconds.
    func delays(count: Int) async throws -> [Int64] {
        let clock = ContinuousClock()
        let waiting =
            "SELECT count(*) FROM rollup_queue JOIN provider USING (provider_id) "
            + "WHERE provider.name = '\(World.provider)'"
        var delays: [Int64] = []
        for _ in 0..<count {
            try await send()
            let committed = clock.now
            try await eventually("the batch is counted", every: .milliseconds(5)) {
                try await self.world.database.number(waiting) == 0
            }
            delays.append((clock.now - committed).wholeMilliseconds)
        }
        return delays
    }
}

/// One provider sends as much as it can, and another's batches are counted in the meantime.
private struct Flood {
    /// How much later the other's may be counted in the worst hundredth.
    private static let maxRatio = 2.0
    /// What a rollup under way and the machine's other work may cost, in milliseconds: less is no difference.
    private static let noise: Int64 = 500
    /// Rows of each of the flood's batches: more than a rollup of several providers takes in its light lane.
    private static let rows = 30_000

    struct Result: CustomStringConvertible {
        var batches: Int
        var quiet: Int64
        var flooded: Int64
        var floodBatches: Int
        var ratio: Double

        var description: String {
            "p99 \(flooded) ms (\(floodBatches) batches of \(Flood.rows) rows), quiet \(quiet) ms: ratio "
                + "\(String(format: "%.2f", ratio)) (of at least \(Flood.noise) ms)"
        }
    }

    var place: AttackedPlace
    var victim: Victim

    func carryOut() async throws -> Result {
        let count = max(100, place.rounds)
        let quiet = Self.p99(try await victim.delays(count: count))
        let isOver = StopFlag()
        let place = place
        async let sent = Self.flood(place, until: isOver)
        let delays: [Int64]
        do {
            delays = try await victim.delays(count: count)
        } catch {
            isOver.raise()
            throw error
        }
        isOver.raise()
        let result = Result(
            batches: count, quiet: quiet, flooded: Self.p99(delays), floodBatches: try await sent,
            ratio: Double(Self.p99(delays)) / Double(max(quiet, Self.noise)))
        guard result.ratio <= Self.maxRatio else {
            throw BrokenInvariant("a flood at most doubles the delay of others", "\(result)")
        }
        return result
    }

    private static func p99(_ delays: [Int64]) -> Int64 { delays.sorted()[delays.count * 99 / 100] }

    /// - Returns: how many batches were sent.
    private static func flood(_ place: AttackedPlace, until isOver: StopFlag) async throws -> Int {
        let epoch = try await place.attacker.openEpoch()
        var sequence: Int64 = 0
        let now = Int64(Date().timeIntervalSince1970 / 60)
        while !isOver.value {
            let rows = (0..<Int64(rows)).map { Attack.usageRow(minute: now - 70_000 + $0) }
            let batch = try place.seal(Attack.oneTenant(rows), spoolSequence: UInt64(40_000 + sequence))
            let answer = try await place.attacker.post(batch, epoch: epoch, sequence: sequence)
            guard answer.status == 200 else { throw BrokenInvariant("the flood is taken", "\(answer.status)") }
            sequence += 1
        }
        return Int(sequence)
    }
}

/// Connections that ask a question over plain HTTP and then hardly read the answer. A thread of their own keeps them.
private final class SlowReaders: Sendable {
    /// What each takes at a time, in bytes, and how long they rest between, in microseconds: more than the least pace.
    private static let portion = 4_096
    private static let rest: UInt32 = 250_000

    private let open = Mutex<[Int32]>([])
    private let isOver = StopFlag()

    /// Asks, and reads the answer's head.
    ///
    /// - Returns: the status.
    func ask(_ address: String, _ path: String, token: String) async throws -> String {
        let port = UInt16(address.split(separator: ":").last ?? "") ?? 0
        let request = "GET \(path) HTTP/1.1\r\nHost: \(address)\r\nAuthorization: Bearer \(token)\r\n\r\n"
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                guard let socket = Sockets.connect(to: port), Sockets.sendAll(Array(request.utf8)[...], to: socket)
                else {
                    return continuation.resume(throwing: Sockets.Failed(call: "connect"))
                }
                let head = Self.read(socket)
                let words = String(decoding: head.prefix { $0 != 0x0D }, as: UTF8.self).split(separator: " ")
                self.open.withLock { $0.append(socket) }
                continuation.resume(returning: words.count > 1 ? String(words[1]) : "no answer")
                while !self.isOver.value, !Self.read(socket).isEmpty { usleep(Self.rest) }
            }
        }
    }

    private static func read(_ socket: Int32) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: portion)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(socket, $0.baseAddress, portion, 0) }
        return Array(buffer.prefix(max(0, count)))
    }

    /// Those that are still being answered.
    var count: Int { open.withLock { $0.count { !Sockets.isClosed($0) } } }

    func end() {
        isOver.raise()
        open.withLock { sockets in
            for socket in sockets { close(socket) }
            sockets = []
        }
    }
}

/// What an attack has at hand.
private struct AttackedPlace {
    var rounds: Int
    var aggregator: AggregatorProcess
    var installation: Installation
    /// With the key of a collector of its own provider.
    var attacker: IngestClient
    /// Bound to the attackers' provider.
    var boundTokens: [String]
    var boundToken: String { boundTokens.first ?? "" }
    /// They go on reading until the attacks are over.
    var slowReaders: SlowReaders

    func seal(_ rows: UsageRows, events: UInt64? = nil, spoolSequence: UInt64) throws -> SealedBatch {
        let header = BatchHeader(
            provider: attacker.provider, collector: attacker.collector, spoolID: attacker.spoolID,
            spoolSequence: spoolSequence, sealedAtMilliseconds: Int64(Date().timeIntervalSince1970 * 1000),
            softwareVersion: "0.0.0-attack", eventCount: events ?? UInt64(rows.rows.count))
        return try BatchEncoder().seal(header, rows)
    }

    /// Sends batches as the next ones of a new epoch.
    func send(_ batches: [SealedBatch]) async throws -> Set<String> {
        let epoch = try await attacker.openEpoch()
        var answers: Set<String> = []
        var sequence: Int64 = 0
        for batch in batches {
            let answer = try await attacker.post(batch, epoch: epoch, sequence: sequence)
            answers.insert(answer.word)
            if answer.status == 200 { sequence += 1 }
        }
        return answers
    }

    func askForEpoch(last: String) async throws -> HTTPAnswer {
        let body =
            "{\"spool_id\":\"\(attacker.spoolID)\",\"software_version\":\"0.0.0-attack\",\"last_epoch\":\(last),"
            + "\"last_next_sequence\":0}"
        return try await attacker.caller.post(
            "\(attacker.url)/v1/epochs", headers: [("Content-Type", "application/json")], body: Array(body.utf8))
    }
}

extension HTTPAnswer {
    /// The problem's code, or the status where there is none.
    fileprivate var word: String { problemCode.isEmpty || status >= 500 ? "\(status)" : problemCode }
}

/// Limits of the aggregator that an attack goes up to.
private enum APILimit {
    /// Rows of one answer of `GET /v1/usage`.
    static let usageRows = 200_000
}

private struct Attack: Sendable {
    /// What the attacker has.
    var who: String
    var name: String
    /// What it may be answered.
    var expected: Set<String>
    var carryOut: @Sendable (AttackedPlace) async throws -> Set<String>

    private static let key = "collector's key"
    private static let now = Int64(Date().timeIntervalSince1970 / 60)

    static let all: [Attack] = [
        Attack(who: "no credential", name: "no client certificate", expected: ["handshake"]) { place in
            let caller = try HTTPCaller(authorityFile: place.installation.files.authorityFile, certificate: nil)
            let answer = try? await caller.get("\(place.attacker.url)/v1/epochs").word
            try await caller.shutdown()
            return [answer ?? "handshake"]
        },
        Attack(who: "no credential", name: "guessed tokens", expected: ["unauthorized", "too-many-requests"]) { place in
            var answers: Set<String> = []
            for _ in 0..<place.rounds * 5 {
                let digits = String(UInt64.random(in: UInt64.max / 2...UInt64.max), radix: 16)
                let guess = "sy_\(digits)_\(String(repeating: digits, count: 4))"
                answers.insert(
                    try await HTTPCaller().get("\(place.aggregator.queryURL)/v1/usage?period=2026", token: guess).word)
            }
            return answers
        },
        Attack(who: key, name: "a batch of many months of long ago", expected: ["outside-time-window"]) { place in
            let rows = (0..<3_600).map { month in usageRow(minute: Int64(month) * 43_200) }
            return try await place.send([try place.seal(oneTenant(rows), spoolSequence: 1)])
        },
        Attack(who: key, name: "a batch of tomorrow's tomorrow", expected: ["outside-time-window"]) { place in
            try await place.send([try place.seal(oneTenant([usageRow(minute: now + 4_000)]), spoolSequence: 2)])
        },
        Attack(who: key, name: "200,000 rows in some kilobytes", expected: ["too-many-rows"]) { place in
            let rows = (0..<200_000).map { usageRow(minute: now - 200_000 + Int64($0)) }
            return try await place.send([try place.seal(oneTenant(rows), spoolSequence: 3)])
        },
        Attack(who: key, name: "more tokens than its events can have", expected: ["invalid-batch"]) { place in
            let row = usageRow(minute: now, input: UInt64.max)
            return try await place.send([try place.seal(oneTenant([row]), spoolSequence: 4)])
        },
        Attack(who: key, name: "bytes that are no batch", expected: ["invalid-batch"]) { place in
            var batches: [SealedBatch] = []
            for length in 1...max(8, place.rounds) {
                let bytes = (0..<length * 7).map { _ in UInt8.random(in: 0...255) }
                batches.append(SealedBatch(bytes: bytes, digest: BatchDigest(of: bytes)))
            }
            return try await place.send(batches)
        },
        Attack(who: key, name: "an epoch at the end of the numbers", expected: ["epoch-out-of-reach", "bad-request"]) {
            place in
            var answers: Set<String> = []
            for last in ["9223372036854775806", "9223372036854775807", "18446744073709551615", "1000001000"] {
                answers.insert(try await place.askForEpoch(last: last).word)
            }
            // The identity is as good as before.
            _ = try await place.attacker.openEpoch()
            return answers
        },
        Attack(who: key, name: "a request id in the region field", expected: ["200"]) { place in
            let answers = try await place.send(
                (0..<place.rounds * 2).map { index in
                    let rows = UsageRows(
                        tenants: ["t"], models: ["m"], regions: ["request-\(index)"], rows: [usageRow(minute: now)])
                    return try place.seal(rows, spoolSequence: UInt64(1_000 + index))
                })
            let made = try await place.installation.database.number(
                "SELECT count(*) FROM region WHERE name LIKE 'request-%'")
            return made <= AttacksScenario.regionBudget ? answers : ["\(made) regions were made"]
        },
        Attack(who: key, name: "tenants without end", expected: ["200"]) { place in
            try await place.send(
                (0..<4).map { index in
                    let tenants = (0..<place.rounds * 100).map { String(format: "tenant-%02d-%07d", index, $0) }
                    let rows = tenants.indices.map { usageRow(minute: now, tenant: UInt32($0)) }
                    return try place.seal(
                        UsageRows(tenants: tenants, models: ["m"], regions: ["r"], rows: rows),
                        spoolSequence: UInt64(20_000 + index))
                })
        },
        Attack(who: key, name: "a flood of large batches", expected: ["200"]) { place in
            try await place.send(
                (0..<max(2, place.rounds / 20)).map { index in
                    let rows = (0..<30_000).map { usageRow(minute: now - 70_000 + Int64($0), input: UInt64(index + 1)) }
                    return try place.seal(oneTenant(rows), spoolSequence: UInt64(30_000 + index))
                })
        },
        Attack(who: "pushed source", name: "bodies that are no events", expected: ["200", "400", "413", "422"]) {
            place in
            let collector = try place.installation.makeCollector(CollectorSetup(provider: AttacksScenario.attackers))
            try await collector.start(aggregatorURL: place.aggregator.ingestURL)
            let bodies: [[UInt8]] = [
                Array(repeating: UInt8(ascii: "["), count: 500_000),
                Array(repeating: UInt8(ascii: "x"), count: 3 << 20),
                [0xFF, 0xFE, 0x0A, 0x00], Array(#"{"time":1e400,"input_tokens":-1}"#.utf8),
                Array(#"{"input_tokens":18446744073709551616}"#.utf8), [],
            ]
            var answers: Set<String> = []
            for body in bodies {
                let answer = try await HTTPCaller().post(
                    "\(collector.url)/v1/events", headers: [("Content-Type", "application/x-ndjson")], body: body)
                answers.insert("\(answer.status)")
            }
            try await collector.stop()
            return answers
        },
        Attack(who: "bound token", name: "slow readers of the largest answer", expected: ["200"]) { place in
            // As many minutes as make the largest answer by hand, and a good part of it in CI.
            let minutes = Int64(min(APILimit.usageRows, place.rounds * 1_500))
            let batches = try stride(from: 0, to: minutes, by: 30_000).enumerated().map { index, start in
                let rows = (start..<min(start + 30_000, minutes)).map { usageRow(minute: now - 300_000 + $0) }
                return try place.seal(oneTenant(rows), spoolSequence: UInt64(35_000 + index))
            }
            guard try await place.send(batches) == ["200"] else { return ["the usage isn't taken"] }
            try await eventually("it is counted") {
                try await place.installation.database.number("SELECT count(*) FROM rollup_queue") == 0
            }
            let from = (now - 300_000) / 1_440
            let day = { (days: Int64) in
                "\(Date(timeIntervalSince1970: TimeInterval(days * 86_400)).ISO8601Format(.iso8601.year().month().day()))"
            }
            let path =
                "/v1/usage?from=\(day(from))&to=\(day(from + minutes / 1_440 + 2))&zone=UTC&bucket=minute"
                + "&group-by=provider,tenant&limit=\(APILimit.usageRows)"
            var answers: Set<String> = []
            for reader in 0..<AttacksScenario.readers {
                let token = place.boundTokens[reader / AttacksScenario.readersPerToken]
                answers.insert(
                    try await place.slowReaders.ask(place.aggregator.addresses.query, path, token: token))
            }
            guard place.slowReaders.count == AttacksScenario.readers else {
                return ["only \(place.slowReaders.count) are read"]
            }
            // Their tokens and everybody else's are answered all the same.
            answers.insert(
                try await HTTPCaller().get(
                    "\(place.aggregator.queryURL)/v1/usage?period=2025", token: place.boundToken
                ).word)
            return answers
        },
        Attack(who: "bound token", name: "another provider's figures", expected: ["bound-token"]) { place in
            [
                try await HTTPCaller().get(
                    "\(place.aggregator.queryURL)/v1/usage?period=2025&provider=\(World.provider)",
                    token: place.boundToken
                ).word
            ]
        },
    ]

    fileprivate static func oneTenant(_ rows: [UsageRow]) -> UsageRows {
        UsageRows(tenants: ["t"], models: ["m"], regions: ["r"], rows: rows)
    }

    fileprivate static func usageRow(minute: Int64, tenant: UInt32 = 0, input: UInt64 = 1) -> UsageRow {
        UsageRow(
            minute: minute, tenant: tenant, model: 0, region: 0, layer: .maas, workload: .online, modality: .text,
            counts: TokenCounts(requests: 1, input: input, output: 1))
    }
}
