import SourceFormats
import Testing
import UsageModel

@Suite struct OTLPMetricTests {
    /// One point of a metric.
    private struct Point {
        var value: UInt64
        var calls: UInt64?
        var type: String?
        var start: UInt64 = 1_748_730_000_000_000_000
        var time: UInt64 = 1_748_736_000_000_000_000
        var more: [(String, TestAttribute)] = []

        var attributes: [(String, TestAttribute)] {
            [("gen_ai.request.model", .text("m")), ("tenant.id", .text("t"))]
                + (type.map { [("gen_ai.token.type", TestAttribute.text($0))] } ?? []) + more
        }

        /// `HistogramDataPoint` where it has calls, else `NumberDataPoint`.
        var protobuf: [UInt8] {
            ProtobufText.message { message in
                message.fixed(2, start)
                message.fixed(3, time)
                if let calls {
                    message.fixed(4, calls)
                    message.fixed(5, Double(value).bitPattern)
                } else {
                    message.fixed(6, value)
                }
                for (key, value) in attributes { value.write(key, field: calls == nil ? 7 : 9, to: &message) }
            }
        }
    }

    private static let delta: UInt64 = 1
    private static let cumulative: UInt64 = 2

    private func request(
        _ metrics: [(name: String, points: [Point])], temporality: UInt64, isMonotonic: Bool = true
    ) -> [UInt8] {
        ProtobufText.message { request in
            request.message(1) { resource in
                resource.message(1) { TestAttribute.text("gateway").write("service.name", field: 1, to: &$0) }
                resource.message(2) { scope in
                    scope.message(1) { $0.text(1, "a scope") }
                    for metric in metrics {
                        let isHistogram = metric.points.contains { $0.calls != nil }
                        scope.message(2) { message in
                            message.text(1, metric.name)
                            message.message(isHistogram ? 9 : 7) { data in
                                for point in metric.points { data.content(1, point.protobuf) }
                                data.integer(2, temporality)
                                if !isHistogram { data.integer(3, isMonotonic ? 1 : 0) }
                            }
                        }
                    }
                }
            }
        }
    }

    private func read(_ bodies: [[UInt8]], into sink: inout Remembering) throws {
        var format = OTLPFormat()
        format.signal = .metrics
        for body in bodies {
            var parser = try format.makeParser(defaults: testDefaults, framing: .document)
            _ = unsafe parser.consume(body.span.bytes, endOfInput: true, into: &sink)
        }
    }

    private func usage(_ input: UInt64, _ output: UInt64, calls: UInt64, time: UInt64 = 0) -> [(String, [Point])] {
        let time = 1_748_736_000_000_000_000 + time * 60_000_000_000
        return [
            (
                "gen_ai.client.token.usage",
                [
                    Point(value: input, calls: calls, type: "input", time: time),
                    Point(value: output, calls: calls, type: "output", time: time),
                ]
            )
        ]
    }

    @Test func `input and output of one moment are one event`() throws {
        var sink = Remembering()
        try read([request(usage(1_200, 350, calls: 2), temporality: Self.delta)], into: &sink)
        #expect(sink.collected.events.map(\.counts) == [TokenCounts(requests: 2, input: 1_200, output: 350)])
        #expect(sink.collected.rejections.isEmpty)
    }

    @Test func `a delta that comes again is counted once`() throws {
        var sink = Remembering()
        let body = request(usage(10, 1, calls: 1), temporality: Self.delta)
        let next = request(usage(20, 2, calls: 1, time: 1), temporality: Self.delta)
        try read([body, body, next, next], into: &sink)
        #expect(sink.collected.totals == TokenCounts(requests: 2, input: 30, output: 3))
    }

    @Test func `of a cumulative total what it gained is counted`() throws {
        var sink = Remembering()
        let bodies = [(10, 1, 1), (10, 1, 1), (25, 4, 3), (25, 4, 3)].enumerated().map { index, total in
            request(
                usage(UInt64(total.0), UInt64(total.1), calls: UInt64(total.2), time: UInt64(index)),
                temporality: Self.cumulative)
        }
        try read(bodies, into: &sink)
        #expect(sink.collected.totals == TokenCounts(requests: 3, input: 25, output: 4))
        #expect(sink.collected.events.map(\.minute) == [june2025, june2025 + 2])
    }

    @Test func `a process that starts again counts from zero, and a total that falls is refused`() throws {
        var sink = Remembering()
        func body(_ value: UInt64, start: UInt64) -> [UInt8] {
            var point = Point(value: value, calls: 1, type: "input")
            point.start += start
            return request([("gen_ai.client.token.usage", [point])], temporality: Self.cumulative)
        }
        try read([body(100, start: 0), body(30, start: 1)], into: &sink)
        #expect(sink.collected.totals.input == 130)
        try read([body(20, start: 1)], into: &sink)
        #expect(sink.collected.totals.input == 130)
        #expect(sink.collected.reasons == [.inconsistentCounts])
    }

    @Test func `a total from before what is remembered counts from there on`() throws {
        var sink = Remembering()
        sink.since = 1_748_731_000_000
        let bodies = [usage(100, 50, calls: 9), usage(110, 55, calls: 10, time: 1)]
        try read(bodies.map { request($0, temporality: Self.cumulative) }, into: &sink)
        #expect(sink.collected.totals == TokenCounts(requests: 1, input: 10, output: 5))
        #expect(sink.collected.reasons == [.unknownTotal, .unknownTotal])
    }

    @Test func `the counters of today's names make one event, and calls are those of the histogram`() throws {
        let metrics: [(String, [Point])] = [
            ("gen_ai.client.inference.usage.input_tokens", [Point(value: 1_200)]),
            ("gen_ai.client.inference.usage.cache_read.input_tokens", [Point(value: 1_024)]),
            ("gen_ai.client.inference.usage.cache_write.input_tokens", [Point(value: 7)]),
            ("gen_ai.client.inference.usage.output_tokens", [Point(value: 350)]),
            ("gen_ai.client.inference.usage.reasoning.output_tokens", [Point(value: 128)]),
            ("gen_ai.client.inference.operation.input_tokens", [Point(value: 1_200, calls: 4)]),
        ]
        var sink = Remembering()
        try read([request(metrics, temporality: Self.delta)], into: &sink)
        #expect(
            sink.collected.events.map(\.counts) == [
                TokenCounts(requests: 4, input: 1_200, cachedInput: 1_024, output: 350, reasoningOutput: 128)
            ])
    }

    @Test func `modalities are added up, and totals beside their parts are left out`() throws {
        var points = [Point(value: 10, calls: 1, type: "input"), Point(value: 15, calls: 1, type: "total")]
        var image = Point(value: 5, calls: 1, type: "input")
        image.more = [("gen_ai.token.modality", .text("image"))]
        points.append(image)
        var sink = Remembering()
        try read([request([("gen_ai.client.token.usage", points)], temporality: Self.delta)], into: &sink)
        #expect(sink.collected.totals.input == 15)
        #expect(sink.collected.ignoredCounts == [.filtered: 1])
    }

    /// The order of attributes is nobody's promise.
    @Test func `a series is the same whatever order its attributes come in`() throws {
        func body(_ value: UInt64, _ more: [(String, TestAttribute)]) -> [UInt8] {
            request(
                [("gen_ai.client.token.usage", [Point(value: value, calls: 1, type: "input", more: more)])],
                temporality: Self.cumulative)
        }
        let attributes: [(String, TestAttribute)] = [
            ("server.port", .integer(443)), ("stream", .flag(true)), ("server.address", .text("a")),
        ]
        var sink = Remembering()
        try read([body(10, attributes), body(15, attributes.reversed())], into: &sink)
        #expect(sink.collected.totals.input == 15)
        try read([body(7, Array(attributes.dropLast()))], into: &sink)
        #expect(sink.collected.totals.input == 22)
    }

    @Test func `sums that may fall, and those of no temporality, are refused`() throws {
        let metric: [(String, [Point])] = [("gen_ai.client.inference.usage.input_tokens", [Point(value: 5)])]
        var sink = Remembering()
        try read(
            [request(metric, temporality: Self.delta, isMonotonic: false), request(metric, temporality: 0)], into: &sink
        )
        #expect(sink.collected.reasons == [.wrongType, .wrongType])
        #expect(sink.collected.events.isEmpty)
    }

    /// Where nothing is remembered, such as in a followed file.
    @Test func `without memory deltas are counted and cumulative totals refused`() throws {
        var format = OTLPFormat()
        format.signal = .metrics
        let delta = try collect(
            request(usage(10, 1, calls: 1), temporality: Self.delta), format, framing: .document)
        #expect(delta.totals == TokenCounts(requests: 1, input: 10, output: 1))
        let cumulative = try collect(
            request(usage(10, 1, calls: 1), temporality: Self.cumulative), format, framing: .document)
        #expect(cumulative.events.isEmpty)
        #expect(cumulative.reasons == [.unknownTotal, .unknownTotal])
    }

    @Test func `every truncation and damage of a byte is survived`() throws {
        let body = request(usage(10, 1, calls: 1), temporality: Self.delta)
        for index in body.indices {
            var sink = Remembering()
            var damaged = body
            damaged[index] ^= 0x81
            try read([Array(body[..<index]), damaged], into: &sink)
            #expect(sink.collected.events.count <= 4)
        }
    }

    /// Cumulative exports of real senders, after the calls that `CaptureTests` tells of.
    @Test(
        .enabled(if: Captures.directory != nil),
        arguments: [
            // Streams are left out, and so is Responses.
            (["otlp-openai-v2-2.4b0-default-metrics.pb"], TokenCounts(requests: 3, input: 2_408, output: 700)),
            (["otlp-openai-v2-2.4b0-latest-metrics.pb"], TokenCounts(requests: 4, input: 3_608, output: 1_050)),
            // Two exports of one process.
            (
                ["otlp-traceloop-openai-0.62.4-metrics-1.pb", "otlp-traceloop-openai-0.62.4-metrics-2.pb"],
                TokenCounts(requests: 4, input: 3_608, output: 1_050)
            ),
            (["otlp-litellm-1.110.2-v2-metrics.pb"], TokenCounts(requests: 4, input: 2_416, output: 701)),
        ])
    func `exports of real senders are counted to the token, once`(files: [String], counts: TokenCounts) throws {
        var format = OTLPFormat()
        format.signal = .metrics
        var sink = Remembering()
        for file in files + files {
            let body = try Captures.bytes(file)
            var parser = try format.makeParser(
                defaults: EventDefaults(provider: "volcengine", tenant: "t"), framing: .document)
            _ = unsafe parser.consume(body.span.bytes, endOfInput: true, into: &sink)
            // The first of two exports that come once more is less than the second: nothing of it is counted.
            if files.count > 1, sink.counted.values.contains(where: { $0 == 2_400 }) { break }
        }
        #expect(sink.collected.totals == counts)
        #expect(sink.collected.rejections.isEmpty)
    }
}
