internal import Foundation
internal import TestHarness
internal import TestSupport
internal import Testing

extension EndToEndTests {
    /// What LiteLLM tells by its callbacks `otel` and `openmeter`, and events of the SDK `cloudevents`; skipped,
    /// loudly, where PyPI isn't reached.
    @Suite struct LiteLLMCallbacksTests {
        /// How often each kind of call is made.
        private static let calls = 2

        /// One of LiteLLM's two exporters for OpenTelemetry.
        struct Exporter: Sendable, CustomTestStringConvertible {
            var testDescription: String
            /// How it sends: the name of the block of the page, and of the collector's listener.
            var transport: String
            var variables: [String: String] = [:]
            /// The models of those calls whose usage the model server said and LiteLLM doesn't report.
            var leftOut: [String]
            /// Of those whose usage it makes up, since the server said none; nothing says that it is an estimate.
            var madeUp: [String]

            static let all = [
                Exporter(
                    testDescription: "first", transport: "grpc", leftOut: [],
                    madeUp: ["stub-chat-streamed-without-usage"]),
                Exporter(
                    testDescription: "second", transport: "http", variables: ["LITELLM_OTEL_V2": "true"], leftOut: [],
                    madeUp: ["stub-chat-streamed-without-usage"]),
            ]
        }

        @Test(arguments: Exporter.all)
        func `every call that LiteLLM exports with usage is counted to the token, once`(_ exporter: Exporter)
            async throws
        {
            guard let python = try RealSenders.python("litellm-otel") else { return }
            try await Installation.with("litellm-otel") { installation in
                let directory = installation.files.directory
                let model = try await StubModel(python: python, directory: directory)
                let page = try SourcePage("opentelemetry")
                let aggregator = try await installation.startAggregator()
                let tenants = "[litellm.team.id, metadata.user_api_key_team_id]"
                var setup = CollectorSetup(
                    provider: "openai", sources: try page.sources().replacing("[tenant.id]", with: tenants))
                setup.extra = "grpc:\n  listen: \"127.0.0.1:0\""
                let collector = try await installation.startCollector(setup, to: aggregator)
                var variables = try page.environment("environment: \(exporter.transport)")
                variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://\(collector.address(of: exporter.transport))"
                try await RealSenders.run(
                    "litellm_callback", python: python, arguments: ["otel", model.url, "\(Self.calls)"],
                    environment: variables.merging(exporter.variables) { $1 }, logDirectory: directory)
                try await expectCounted(
                    model, by: collector, in: installation, leftOut: exporter.leftOut, madeUp: exporter.madeUp,
                    tenants: ["team-a"])
            }
        }

        /// Responses have no usage there, and a stream without usage is LiteLLM's own guess.
        @Test func `every call that LiteLLM meters with usage is counted to the token, once`() async throws {
            guard let python = try RealSenders.python("litellm") else { return }
            try await Installation.with("litellm-openmeter") { installation in
                let directory = installation.files.directory
                let model = try await StubModel(python: python, directory: directory)
                let page = try SourcePage("cloudevents")
                let aggregator = try await installation.startAggregator()
                let collector = try await installation.startCollector(
                    CollectorSetup(provider: "openai", sources: try page.sources()), to: aggregator)
                var variables = try page.environment()
                variables["OPENMETER_API_ENDPOINT"] = collector.url
                try await RealSenders.run(
                    "litellm_callback", python: python, arguments: ["openmeter", model.url, "\(Self.calls)"],
                    environment: variables, logDirectory: directory)
                try await expectCounted(
                    model, by: collector, in: installation, leftOut: ["stub-responses"],
                    madeUp: ["stub-chat-streamed-without-usage"], tenants: ["user-a"])
            }
        }

        private func expectCounted(
            _ model: StubModel, by collector: CollectorProcess, in installation: Installation, leftOut: [String],
            madeUp: [String], tenants: [String]
        ) async throws {
            // It ships what it has when it stops.
            try await collector.stop()
            try await installation.waitUntilCounted(events: 0)
            var expected: [String: Counts] = [:]
            for answer in try model.answers() where answer.said && !leftOut.contains(answer.model) {
                expected[answer.model, default: Counts()] += Counts(1, answer.input, answer.output)
            }
            var counted = try await installation.database.byModel(provider: "openai")
            for name in madeUp {
                #expect(counted.removeValue(forKey: name)?.requests == UInt64(Self.calls), "\(name)")
            }
            #expect(!expected.isEmpty)
            #expect(differences(counted, expected) == "")
            #expect(try await installation.database.byTenant(provider: "openai").keys.sorted() == tenants)
            try await model.end()
        }

        @Test func `events of the SDK count once in each mode`() async throws {
            guard let python = try RealSenders.python("cloudevents") else { return }
            try await Installation.with("cloudevents") { installation in
                let page = try SourcePage("cloudevents")
                let aggregator = try await installation.startAggregator()
                let collector = try await installation.startCollector(
                    CollectorSetup(provider: "openai", sources: try page.sources()), to: aggregator)
                try await RealSenders.run(
                    "cloud_events", python: python, arguments: [collector.url, "openmeter", "20"],
                    logDirectory: installation.files.directory)
                try await collector.stop()
                try await installation.waitUntilCounted(events: 60)
                let each = Counts(20, 20 * 21 / 2 + 200, 20 * 21 / 2)
                let modes = ["stub-binary", "stub-structured", "stub-batched"]
                #expect(
                    differences(
                        try await installation.database.byModel(provider: "openai"),
                        Dictionary(uniqueKeysWithValues: modes.map { ($0, each) })) == "")
                #expect(try await installation.database.byTenant(provider: "openai").keys.sorted() == ["团队 \"a\" 50%"])
            }
        }
    }
}
