import NIOCore
import NIOPosix
import Postgres
import Scopes
import ServiceLifecycle
import Store
import Telemetry
import TestSupport
import Testing

@testable import Aggregator

/// Clients that keep a connection without getting to the point lose it. Each test makes one limit short and the others
/// so long that a limit which isn't kept ends the test by its time.
@Suite(.timeLimit(.minutes(5)))
struct SlowClientTests {
    private static let far = Duration.seconds(3_600)

    /// A query listener with one short limit; runs `body` with its port and a token of an administrator.
    private func withListener(
        _ change: (inout ListenerOptions) -> Void, budget: QuestionBudget = QuestionBudget(),
        answers: AnswerFiles = AnswerFiles(), prepare: @Sendable (World) async throws -> Void = { _ in },
        _ body: @Sendable (_ port: Int, _ token: String) async throws -> Void
    ) async throws {
        var options = ListenerOptions()
        options.headerDeadline = Self.far
        options.bodyRateWindow = Self.far
        options.idleTimeout = Self.far
        options.maxConnectionAge = Self.far
        change(&options)
        let settled = options
        try await World.with { world in
            let ports = AsyncStream<Int>.makeStream()
            let readers = ConnectionPool(
                .questions(connectionString: world.database.readerConnectionString),
                pool: PoolOptions(maxConnections: 2), logger: World.logger)
            try await prepare(world)
            var dependencies = QueryDependencies(
                store: Store(
                    pool: world.store.pool, questions: .reader(readers), calendar: world.store.calendar,
                    logger: World.logger), scopes: try ScopeCatalogue.builtIn(), clock: world.clock,
                health: { Health(state: .ready) }, registry: MetricsRegistry(), logger: World.logger)
            (dependencies.budget, dependencies.answers) = (budget, answers)
            let service = buildQueryApplication(
                dependencies,
                listener: Listener(host: "127.0.0.1", port: 0, tls: nil, options: settled) { address in
                    if let port = address.split(separator: ":").last.flatMap({ Int($0) }) {
                        ports.continuation.yield(port)
                    }
                })
            let group = ServiceGroup(configuration: .init(services: [.init(service: service)], logger: World.logger))
            let token = try await world.token(.admin)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    // Where it can't listen nobody waits for its port.
                    defer { ports.continuation.finish() }
                    try await group.run()
                }
                var iterator = ports.stream.makeAsyncIterator()
                let port = try #require(await iterator.next(), "the listener has a port")
                try await body(port, token)
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
            await readers.close()
        }
    }

    /// Sends bytes and waits until the server closes the connection; returns what it said before.
    ///
    /// - Parameter beforeReading: what is waited for before anything of the answer is taken.
    private func talk(
        _ port: Int, _ text: String, beforeReading: @Sendable () async throws -> Void = {}
    ) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: text))
            try await beforeReading()
            var said = ""
            do {
                for try await buffer in inbound { said += String(buffer: buffer) }
            } catch {
                // A reset ends the connection as well as a close does.
            }
            return said
        }
    }

    @Test func `a head that never ends is cut off`() async throws {
        try await withListener {
            $0.headerDeadline = .milliseconds(300)
        } _: { port, _ async throws in
            #expect(try await talk(port, "GET /livez HTTP/1.1\r\nHost: localhost\r\n") == "")
            #expect(try await talk(port, "") == "")
        }
    }

    @Test func `a body that trickles is cut off`() async throws {
        try await withListener {
            $0.bodyRateWindow = .milliseconds(200)
        } _: { port, token async throws in
            // The route knows who calls and waits for the body.
            let said = try await talk(
                port,
                """
                POST /v1/tokens HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n\
                Content-Type: application/json\r\nContent-Length: 1000\r\n\r\nslow
                """)
            #expect(said == "")
        }
    }

    @Test func `an idle connection is closed`() async throws {
        try await withListener {
            $0.idleTimeout = .milliseconds(300)
        } _: { port, _ async throws in
            let said = try await talk(port, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(said.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `an old connection is closed`() async throws {
        try await withListener {
            $0.maxConnectionAge = .milliseconds(500)
        } _: { port, _ async throws in
            let said = try await talk(port, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(said.hasPrefix("HTTP/1.1 200"))
        }
    }

    /// Facts whose export is larger than what sockets hold by themselves.
    private static func makeLargeAnswer(_ world: World) async throws {
        let kind = FactKind.providers
        let (keys, values) = (kind.definition.subjectColumns.count, kind.definition.contentColumns.count)
        try await world.store.pool.withConnection { connection in
            _ = try connection.query(
                """
                INSERT INTO fact (kind, subject, content, effective_from, recorded_at, recorded_by)
                SELECT $1, array_fill('s' || n, ARRAY[\(keys)]), array_fill(repeat('x', 500), ARRAY[\(values)]),
                       '2025-01-01', now(), 'test'
                  FROM generate_series(1, 40000) AS n
                """, [.text(kind.rawValue)])
        }
    }

    private static func question(_ token: String) -> String {
        "GET /v1/facts/providers HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n\r\n"
    }

    /// Whether an answer said that it is complete, by its status, and is not, by its length.
    private static func isBroken(_ answer: String) -> Bool {
        let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1)
        let length = parts.first?.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length: ") }
        guard let count = length.flatMap({ Int($0.dropFirst("content-length: ".count)) }), parts.count == 2 else {
            return answer.isEmpty
        }
        return parts[1].utf8.count < count
    }

    @Test func `a reader who stalls holds no question, and is cut off`() async throws {
        let budget = QuestionBudget()
        try await withListener(
            {
                $0.responseWindow = .milliseconds(500)
            }, budget: budget, prepare: Self.makeLargeAnswer
        ) { port, token async throws in
            let said = try await talk(port, Self.question(token)) {
                try await waitUntil("the answer waits for its reader") { budget.unreadCount == 1 }
                #expect(budget.count == 0)
                try await waitUntil("the reader is given up") { budget.unreadCount == 0 }
            }
            #expect(Self.isBroken(said))
        }
    }

    @Test func `a reader who takes too long for the whole answer is cut off`() async throws {
        let budget = QuestionBudget()
        var answers = AnswerFiles()
        answers.deadline = .milliseconds(300)
        let deadline = answers.deadline
        try await withListener(
            {
                $0.responseWindow = Self.far
            }, budget: budget, answers: answers, prepare: Self.makeLargeAnswer
        ) { port, token async throws in
            let said = try await talk(port, Self.question(token)) {
                try await waitUntil("the answer waits for its reader") { budget.unreadCount == 1 }
                try await Task.sleep(for: deadline * 2)
            }
            #expect(said.hasPrefix("HTTP/1.1 200"))
            #expect(Self.isBroken(said))
            try await waitUntil("the answer is given up") { budget.unreadCount == 0 }
        }
    }

    @Test func `a large answer comes whole to who reads it`() async throws {
        try await withListener({ _ in }, prepare: Self.makeLargeAnswer) { port, token async throws in
            try await TestClient.with("http://127.0.0.1:\(port)") { client in
                let reply = try await client.get("/v1/facts/providers", token: token)
                #expect(reply.status == 200 && reply.body.count > 20 << 20)
                #expect((try reply.json()["records"] as? [Any])?.count == 40_000)
                let csv = try await client.get("/v1/facts/providers", token: token, accept: "text/csv")
                #expect(csv.text.utf8.count { $0 == 0x0A } == 40_001)
            }
        }
    }

    @Test func `a head of too many fields is refused`() async throws {
        try await withListener { _ in
        } _: { port, _ async throws in
            let fields = (0...APILimits.maxHeaderFields).map { "X-\($0): y\r\n" }.joined()
            let said = try await talk(port, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n")
            #expect(said.hasPrefix("HTTP/1.1 400"), "\(said)")
        }
    }
}
