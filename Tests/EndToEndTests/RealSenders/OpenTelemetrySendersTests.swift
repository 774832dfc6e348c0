internal import Foundation
internal import TestHarness
internal import TestSupport
internal import Testing

/// A client that is instrumented for OpenTelemetry, how it exports, and what it leaves out.
struct InstrumentedSender: Sendable, CustomTestStringConvertible {
    enum Signal: String, Sendable { case traces, metrics, logs }

    enum Transport: String, Sendable { case grpc, http }

    /// The name of the environment that it lives in.
    var environment: String
    var instrumentation: String
    var transport: Transport
    var signal: Signal
    var variables: [String: String] = [:]
    /// The models of those calls whose usage the model server said and the sender doesn't report.
    var leftOut: [String]

    var testDescription: String { "\(instrumentation) \(signal) \(transport) \(variables.keys.sorted())" }

    /// openai-v2 in its second generation of names, with log records of its calls.
    private static let latest = [
        "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
        "OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT": "true",
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "NO_CONTENT",
    ]

    private static func openaiV2(
        _ transport: Transport, _ signal: Signal, _ variables: [String: String] = [:], leftOut: [String]
    ) -> Self {
        Self(
            environment: "otel-openai-v2", instrumentation: "openai-v2", transport: transport, signal: signal,
            variables: variables, leftOut: leftOut)
    }

    static let all = [
        openaiV2(.grpc, .traces, leftOut: ["stub-responses"]),
        openaiV2(.http, .traces, latest, leftOut: ["stub-responses"]),
        openaiV2(
            .http, .metrics, ["OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"],
            leftOut: ["stub-responses", "stub-chat-streamed"]),
        openaiV2(.grpc, .metrics, latest, leftOut: ["stub-responses"]),
        openaiV2(.grpc, .logs, latest, leftOut: ["stub-responses", "stub-embeddings"]),
        Self(
            environment: "otel-others", instrumentation: "traceloop", transport: .grpc, signal: .traces,
            variables: ["OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"], leftOut: []),
        Self(
            environment: "otel-others", instrumentation: "traceloop", transport: .http, signal: .metrics,
            leftOut: ["stub-responses"]),
        Self(
            environment: "otel-others", instrumentation: "openinference", transport: .grpc, signal: .traces,
            leftOut: []),
    ]
}

extension EndToEndTests {
    /// OpenTelemetry's SDK for Python, its exporters of both protocols, and instrumentations of others; skipped,
    /// loudly, where PyPI isn't reached.
    @Suite struct OpenTelemetrySendersTests {
        /// How often each kind of call is made.
        private static let calls = 2

        @Test(arguments: InstrumentedSender.all)
        func `every call that an instrumentation reports with usage is counted to the token, once`(
            _ sender: InstrumentedSender
        ) async throws {
            guard let python = try RealSenders.python(sender.environment) else { return }
            try await Installation.with("otel") { installation in
                let directory = installation.files.directory
                let model = try await StubModel(python: python, directory: directory)
                let page = try SourcePage("opentelemetry")
                let aggregator = try await installation.startAggregator()
                var setup = CollectorSetup(
                    provider: "openai",
                    sources: try page.sources().replacing("signal: traces", with: "signal: \(sender.signal)"))
                setup.extra = "grpc:\n  listen: \"127.0.0.1:0\""
                let collector = try await installation.startCollector(setup, to: aggregator)
                var variables = try page.environment("environment: \(sender.transport)")
                variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://\(collector.address(of: sender.transport.rawValue))"
                try await RealSenders.run(
                    "otel_openai", python: python, arguments: [sender.instrumentation, model.url, "\(Self.calls)"],
                    environment: variables.merging(sender.variables) { $1 }, logDirectory: directory)
                // It ships what it has when it stops.
                try await collector.stop()
                try await installation.waitUntilCounted(events: 0)

                let reported = try model.answers().filter { $0.said && !sender.leftOut.contains($0.model) }
                #expect(!reported.isEmpty)
                var expected: [String: Counts] = [:]
                for answer in reported {
                    expected[answer.model, default: Counts()] += Counts(1, answer.input, answer.output)
                }
                #expect(differences(try await installation.database.byModel(provider: "openai"), expected) == "")
                #expect(try await installation.database.byTenant(provider: "openai").keys.sorted() == ["acme"])
                try await model.end()
            }
        }

        private struct VLLMJournal: Decodable {
            var model: String
            var calls: UInt64
            var input: UInt64
            var output: UInt64
        }

        @Test func `spans as vLLM exports them over gRPC are counted to the token`() async throws {
            guard let python = try RealSenders.python("otel-openai-v2") else { return }
            try await Installation.with("vllm") { installation in
                let directory = installation.files.directory
                let page = try SourcePage("vllm")
                let aggregator = try await installation.startAggregator()
                var setup = CollectorSetup(provider: "vllm", sources: try page.sources())
                setup.extra = "grpc:\n  listen: \"127.0.0.1:0\""
                let collector = try await installation.startCollector(setup, to: aggregator)
                let journal = "\(directory)/journal.json"
                try await RealSenders.run(
                    "otel_vllm", python: python,
                    arguments: ["grpc://\(collector.address(of: "grpc"))", "600", journal],
                    environment: try page.environment(), logDirectory: directory)
                try await collector.stop()
                try await installation.waitUntilCounted(events: 600)
                let used = try JSONDecoder().decode(
                    VLLMJournal.self, from: Data(contentsOf: URL(fileURLWithPath: journal)))
                #expect(
                    differences(
                        try await installation.database.byModel(provider: "vllm"),
                        [used.model: Counts(used.calls, used.input, used.output)]) == "")
            }
        }
    }
}
