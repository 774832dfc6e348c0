/// OpenTelemetry's protocol: calls of models as spans, metrics or log records. Pushed as protobuf or JSON; followed
/// files hold a request as JSON in each line, as OpenTelemetry's collector writes them.
package struct OTLPFormat: SourceFormat {
    /// By what a repeated span or log record is told.
    package enum Identity: String, Sendable, Hashable, CaseIterable {
        /// Its trace's and its own id.
        case span
        /// The id that the provider gave its answer.
        case response
    }

    package static let name = "otlp"
    package static let summary = "OpenTelemetry (OTLP): calls of models as spans, metrics or log records."

    enum Name {
        static let signal = "signal"
        static let tenant = "otlp.tenant"
        static let model = "otlp.model"
        static let region = "otlp.region"
        static let identity = "otlp.id"
    }

    package static let settings: [SourceSetting] = [
        SourceSetting(
            Name.signal, .word(OTLPSignal.allCases.map(\.rawValue)),
            presence: .byDefault([OTLPSignal.traces.rawValue]),
            summary: "what is counted; the same calls arrive as all three, so that the others are ignored"),
        SourceSetting(
            Name.tenant, .texts, presence: .byDefault(["tenant.id"]),
            summary:
                "attributes that hold the tenant, the preferred one first; a record's own come before those of its "
                + "resource"),
        SourceSetting(
            Name.model, .texts, presence: .byDefault(OTLPNames.models),
            summary: "attributes that hold the model, the preferred one first"),
        SourceSetting(
            Name.region, .texts, presence: .optional,
            summary: "attributes that hold the region, the preferred one first"),
        SourceSetting(
            Name.identity, .word(Identity.allCases.map(\.rawValue)), presence: .byDefault([Identity.span.rawValue]),
            summary: "by what a repeated span or log record is told: `span` for its trace's and its own id, `response` "
                + "for `gen_ai.response.id`"),
    ]

    static let protobufTypes = ["application/x-protobuf", "application/protobuf"]

    package var signal = OTLPSignal.traces
    package var tenantNames = ["tenant.id"]
    package var modelNames = OTLPNames.models
    package var regionNames: [String] = []
    package var identity = Identity.span

    package init() {}

    package init(_ options: SourceOptions) throws(SourceFormatError) {
        signal = OTLPSignal(rawValue: options.requiredText(Name.signal)) ?? .traces
        tenantNames = options.texts(Name.tenant) ?? []
        modelNames = options.texts(Name.model) ?? []
        regionNames = options.texts(Name.region) ?? []
        identity = Identity(rawValue: options.requiredText(Name.identity)) ?? .span
    }

    package var mediaTypes: [String] { Self.protobufTypes + ["application/json"] }

    package func makeParser(
        defaults: EventDefaults, framing: SourceFraming
    ) throws(SourceFormatError) -> any SourceParser {
        let body = OTLPParser(try OTLPReader(OTLPPlan(self), defaults: defaults))
        return switch framing {
        case .document: body
        case .stream: WrappedLinesParser([], inner: body, endsRecordsAtLineEnds: true)
        }
    }

    package static let readsWholeDocuments = true

    package static let examples = [
        SourceExample(
            ["otlp.tenant": "tenant.id"],
            records: """
                {"resourceSpans":[{"resource":{"attributes":[{"key":"tenant.id","value":{"stringValue":"t"}}]},\
                "scopeSpans":[{"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331",\
                "endTimeUnixNano":"1748736000000000000","attributes":[{"key":"gen_ai.operation.name","value":\
                {"stringValue":"chat"}},{"key":"gen_ai.request.model","value":{"stringValue":"m"}},{"key":\
                "gen_ai.usage.input_tokens","value":{"intValue":"12"}},{"key":"gen_ai.usage.output_tokens","value":\
                {"intValue":3}}]},{"name":"execute_tool","attributes":[]}]}]}]}
                """),
        SourceExample(
            ["signal": "logs"],
            records: """
                {"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1748736000000000000","eventName":\
                "gen_ai.client.inference.operation.details","attributes":[{"key":"tenant.id","value":{"stringValue":\
                "t"}},{"key":"gen_ai.operation.name","value":{"stringValue":"embeddings"}},{"key":\
                "gen_ai.response.model","value":{"stringValue":"m"}},{"key":"gen_ai.usage.input_tokens","value":\
                {"intValue":"8"}}]}]}],"resource":{}}]}
                """),
        SourceExample(
            ["signal": "metrics"],
            records: """
                {"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"gen_ai.client.token.usage","histogram":\
                {"aggregationTemporality":1,"dataPoints":[{"startTimeUnixNano":"1748735940000000000","timeUnixNano":\
                "1748736000000000000","count":"2","sum":24,"attributes":[{"key":"tenant.id","value":{"stringValue":\
                "t"}},{"key":"gen_ai.request.model","value":{"stringValue":"m"}},{"key":"gen_ai.token.type","value":\
                {"stringValue":"input"}}]}]}}]}]}]}
                """),
    ]
}
