import SourceFormats
import Testing
import UsageModel

/// Spans as they come in OTLP's two encodings. What isn't said to be of one holds for both.
@Suite struct OTLPSpanTests {
    private static let lenient = EventDefaults(provider: "volcengine", tenant: "nobody", model: "none")

    private func both(
        _ spans: [TestSpan], resource: [(String, TestAttribute)] = [], format: OTLPFormat = OTLPFormat(),
        defaults: EventDefaults = testDefaults
    ) throws -> Collected {
        let protobuf = try collect(
            TestSpan.protobuf(spans, resource: resource), format, defaults: defaults, framing: .document)
        let json = try collect(
            TestSpan.json(spans, resource: resource), format, defaults: defaults, framing: .document)
        #expect(protobuf.events == json.events)
        #expect(protobuf.reasons == json.reasons)
        #expect(protobuf.ignored == json.ignored)
        return protobuf
    }

    @Test func `a span of a call is an event`() throws {
        let found = try both([.chat()])
        #expect(
            found.events == [
                CollectedEvent(
                    minute: june2025, tenant: "t", model: "m", region: "",
                    counts: TokenCounts(requests: 1, input: 12, output: 3))
            ])
        #expect(found.rejections.isEmpty)
    }

    /// By generation and by sender: names of input, cached input, output and reasoning, and the model's.
    @Test(arguments: [
        [
            "gen_ai.usage.prompt_tokens", "gen_ai.usage.cache_read_input_tokens", "gen_ai.usage.completion_tokens",
            "gen_ai.usage.reasoning_tokens", "gen_ai.request.model",
        ],
        [
            "gen_ai.usage.input_tokens", "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.output_tokens",
            "gen_ai.usage.reasoning.output_tokens", "gen_ai.response.model",
        ],
        [
            "llm.token_count.prompt", "llm.token_count.prompt_details.cache_read", "llm.token_count.completion",
            "llm.token_count.completion_details.reasoning", "llm.model_name",
        ],
    ])
    func `every generation of names is read`(names: [String]) throws {
        let span = TestSpan(attributes: [
            (names[0], .integer(1_200)), (names[1], .integer(1_024)), (names[2], .integer(350)),
            (names[3], .integer(128)), (names[4], .text("m")), ("tenant.id", .text("t")),
        ])
        let found = try both([span])
        let counts = TokenCounts(requests: 1, input: 1_200, cachedInput: 1_024, output: 350, reasoningOutput: 128)
        #expect(found.events.map(\.counts) == [counts])
        #expect(found.events.map(\.model) == ["m"])
    }

    @Test func `two generations on one span say it once, and refuse it where they differ`() throws {
        let agreeing = try both([.chat([("gen_ai.usage.prompt_tokens", .integer(12))])])
        #expect(agreeing.totals.input == 12)
        let differing = try both([.chat([("gen_ai.usage.prompt_tokens", .integer(13))])])
        #expect(differing.reasons == [.inconsistentCounts])
    }

    @Test func `the tenant is the span's own before its resource's`() throws {
        let resource = [("tenant.id", TestAttribute.text("of the resource"))]
        var bare = TestSpan.chat()
        bare.attributes.removeAll { $0.0 == "tenant.id" }
        let found = try both([.chat(), bare], resource: resource)
        #expect(found.events.map(\.tenant) == ["t", "of the resource"])

        var format = OTLPFormat()
        format.tenantNames = ["team", "tenant.id"]
        let preferred = try both([.chat([("team", .text("blue"))]), .chat()], resource: resource, format: format)
        #expect(preferred.events.map(\.tenant) == ["blue", "t"])
    }

    @Test func `what is around calls, and what is none, is ignored`() throws {
        func span(_ key: String, _ word: String) -> TestSpan {
            var span = TestSpan.chat()
            span.attributes.removeAll { $0.0 == "gen_ai.operation.name" }
            span.attributes.append((key, .text(word)))
            return span
        }
        let others = ["invoke_agent", "invoke_workflow", "execute_tool", "fetch_response"].map {
            span("gen_ai.operation.name", $0)
        }
        let found = try both(
            others + [
                span("openinference.span.kind", "CHAIN"), TestSpan(attributes: [("http.method", .text("GET"))]),
            ])
        #expect(found.events.isEmpty)
        #expect(found.rejections.isEmpty)
        #expect(found.ignoredCounts == [.filtered: 6])
        let counted = [
            "chat", "text_completion", "generate_content", "embeddings", "completion", "messages", "responses",
        ]
        #expect(try both(counted.map { span("gen_ai.operation.name", $0) }).events.count == counted.count)
        // LiteLLM's first exporter names its own functions, twice.
        var call = span("gen_ai.operation.name", "acompletion")
        call.attributes.append(("llm.request.type", .text("acompletion")))
        #expect(try both([call]).events.count == 1)
    }

    @Test func `a call without usage, or with zero and zero, is no-usage`() throws {
        let silent = TestSpan(attributes: [("gen_ai.operation.name", .text("chat"))])
        let found = try both([silent, .chat(input: 0, output: 0), .chat()])
        #expect(found.ignoredCounts == [.noUsage: 2])
        #expect(found.events.count == 1)
    }

    @Test func `sampled spans are refused, and those of a threshold of zero aren't`() throws {
        func span(_ state: String) -> TestSpan {
            var span = TestSpan.chat()
            span.traceState = state
            return span
        }
        let sampled = try both([span("ot=th:c"), span("vendor=x, ot=rv:1;th:08"), span("ot=th:c,x=1")])
        #expect(sampled.reasons == [.sampled, .sampled, .sampled])
        #expect(sampled.events.isEmpty)
        let whole = try both([span("ot=th:0"), span("ot=rv:abc"), span("another=th:c"), span("ott=th:c")])
        #expect(whole.events.count == 4)
    }

    @Test func `counts may be whole doubles and digits, and nothing else`() throws {
        func span(_ value: TestAttribute) -> TestSpan {
            TestSpan(attributes: [
                ("gen_ai.usage.input_tokens", value), ("gen_ai.request.model", .text("m")), ("tenant.id", .text("t")),
            ])
        }
        #expect(try both([span(.double(12)), span(.text("12")), span(.integer(12))]).totals.input == 36)
        #expect(
            try both([span(.double(1.5)), span(.integer(-1)), span(.flag(true)), span(.text("many"))]).reasons == [
                .fractionalCount, .negativeCount, .wrongType, .wrongType,
            ])
    }

    /// What is in a span that can't be read costs no other one.
    @Test func `a broken span loses no neighbour`() throws {
        let good = TestSpan.chat().protobuf
        let broken = Array(good.dropLast(3)) + [0xFF, 0xFF, 0xFF]
        let body = ProtobufText.message { request in
            request.message(1) { $0.message(2) { for span in [good, broken, good] { $0.content(2, span) } } }
        }
        let found = try collect(body, OTLPFormat(), framing: .document)
        #expect(found.events.count == 2)
        #expect(found.reasons == [.syntax])
    }

    @Test func `a resource behind its spans is known to them`() throws {
        var span = TestSpan.chat()
        span.attributes.removeAll { $0.0 == "tenant.id" }
        let body = ProtobufText.message { request in
            request.message(1) { resource in
                resource.message(2) { $0.content(2, span.protobuf) }
                resource.message(1) { TestAttribute.text("late").write("tenant.id", field: 1, to: &$0) }
            }
        }
        #expect(try collect(body, OTLPFormat(), framing: .document).events.map(\.tenant) == ["late"])
    }

    /// Whatever is cut or damaged: what is whole before it is read as it was.
    @Test func `every truncation keeps what is whole before it`() throws {
        let spans = (1...4).map { TestSpan.chat(input: $0) }
        for body in [TestSpan.protobuf(spans), TestSpan.json(spans)] {
            let whole = try collect(body, OTLPFormat(), framing: .document)
            #expect(whole.events.count == 4)
            for length in body.indices {
                let cut = try collect(Array(body[..<length]), OTLPFormat(), framing: .document)
                #expect(whole.events.starts(with: cut.events), "cut at \(length)")
                let dripped = try collect(Array(body[..<length]), OTLPFormat(), framing: .document, chunk: 7)
                #expect(dripped == cut, "cut at \(length), in pieces")
            }
        }
    }

    @Test func `no damage of a byte is more than a refusal`() throws {
        let body = TestSpan.protobuf([.chat(), .chat()], resource: [("tenant.id", .text("r"))])
        for index in body.indices {
            for bit in 0..<8 {
                var damaged = body
                damaged[index] ^= 1 << bit
                let found = try collect(damaged, OTLPFormat(), defaults: Self.lenient, framing: .document)
                #expect(found.events.count <= 2)
            }
        }
    }

    @Test func `lines of a file hold a request each`() throws {
        let line = TestSpan.json([.chat()]) + [0x0A]
        let found = try collect(line + Array("{\"resourceSpans\":[{\n".utf8) + line, OTLPFormat())
        #expect(found.events.count == 2)
        #expect(found.reasons == [.syntax])
        #expect(found.rejections.first?.position.line == 2)
    }

    @Test func `a source of one signal ignores the records of the others`() throws {
        var format = OTLPFormat()
        format.signal = .metrics
        let found = try collect(TestSpan.json([.chat(), .chat()]), format, framing: .document)
        #expect(found.ignoredCounts == [.otherSignal: 2])
        #expect(found.events.isEmpty && found.rejections.isEmpty)
    }
}
