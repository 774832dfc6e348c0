internal import Foundation
internal import TestHarness
internal import TestSupport
internal import Testing

extension EndToEndTests {
    /// Real clients from PyPI against a model server whose journal says what each call used; skipped, loudly, where
    /// PyPI isn't reached.
    @Suite struct RealSendersTests {
        /// How often each kind of call is made.
        private static let calls = 2

        /// What LiteLLM leaves out or makes up, by the model that the call goes to.
        private enum LiteLLM {
            /// The model server said no usage, so LiteLLM counted words itself: counted as estimates.
            static let estimated = ["stub-chat-streamed-without-usage"]
        }

        @Test(arguments: ["json_array", "ndjson", "single"])
        func `every call that LiteLLM reports with usage is counted to the token, once`(logFormat: String) async throws
        {
            guard let python = try RealSenders.python("litellm") else { return }
            try await Installation.with("litellm-\(logFormat)") { installation in
                let directory = installation.files.directory
                let model = try await StubModel(python: python, directory: directory)
                let aggregator = try await installation.startAggregator()
                let page = try SourcePage("litellm")
                let collector = try await installation.startCollector(
                    CollectorSetup(provider: "openai", sources: try page.sources()), to: aggregator)
                let sender = try page.senderConfiguration(
                    endpoint: "\(collector.url)/v1/events/litellm", logFormat: logFormat)
                let configuration = "\(directory)/litellm.yaml"
                try sender.write(toFile: configuration, atomically: true, encoding: .utf8)
                try await RealSenders.run(
                    "litellm_generic_api", python: python, arguments: [configuration, model.url, "\(Self.calls)"],
                    logDirectory: directory)

                let answers = try model.answers()
                try await installation.waitUntilCounted(events: UInt64(answers.count))
                try await collector.stop()
                try await installation.waitUntilCounted(events: UInt64(answers.count))
                var expected = Self.said(answers)
                var counted = try await installation.database.byModel(provider: "openai")
                for model in LiteLLM.estimated {
                    let estimate = counted.removeValue(forKey: model)
                    #expect(estimate?.requests == UInt64(Self.calls), "\(model) is counted as often as it was called")
                    expected[model] = nil
                }
                #expect(differences(counted, expected) == "")
                #expect(try await installation.database.byTenant(provider: "openai").keys.sorted() == ["team-a"])
                try await model.end()
            }
        }

        /// Answers of `openai` and `anthropic`, logged as lines by their client, in every shape that their APIs have.
        @Test func `every answer that a client logs is counted to the token, once`() async throws {
            guard let python = try RealSenders.python("clients") else { return }
            try await Installation.with("clients") { installation in
                let directory = installation.files.directory
                let model = try await StubModel(python: python, directory: directory)
                let log = "\(directory)/answers.jsonl"
                try await RealSenders.run(
                    "clients", python: python, arguments: [log, model.url, "\(Self.calls)"], logDirectory: directory)
                let aggregator = try await installation.startAggregator()
                let collector = try await installation.startCollector(
                    CollectorSetup(
                        provider: "openai",
                        sources: """
                              answers:
                                type: file
                                paths: ["\(log)"]
                                format: openai
                            """), to: aggregator)
                let answers = try model.answers()
                #expect(Set(answers.map(\.call)).count >= 7, "\(answers.map(\.call))")
                let said = answers.filter(\.said)
                try await installation.waitUntilCounted(events: UInt64(said.count))
                try await collector.stop()
                try await installation.waitUntilCounted(events: UInt64(said.count))
                #expect(differences(try await installation.database.byModel(provider: "openai"), Self.said(said)) == "")
                try await model.end()
            }
        }

        /// By model: requests, input and output.
        private static func said(_ answers: [StubModel.Answer]) -> [String: Counts] {
            var sums: [String: Counts] = [:]
            for answer in answers { sums[answer.model, default: Counts()] += Counts(1, answer.input, answer.output) }
            return sums
        }
    }
}
