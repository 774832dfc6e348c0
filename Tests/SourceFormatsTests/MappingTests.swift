import SourceFormats
import Testing
import UsageModel

@Suite struct MappingTests {
    static let csv = MappedFormat(
        layout: .csv(CSVLayout()),
        [
            .tenant: .column("tenant"), .model: .column("model"), .time: .column("time"), .input: .column("in"),
            .output: .column("out"),
        ])

    func reasons(_ text: String, _ mapping: MappedFormat, tenant: String? = nil) throws -> [RejectionReason] {
        let defaults = EventDefaults(provider: "volcengine", tenant: tenant)
        return try collect(text, mapping, defaults: defaults).reasons
    }

    @Test func `every field can be mapped from columns`() throws {
        var mapping = MappedFormat(
            layout: .csv(CSVLayout(delimiter: UInt8(ascii: ";"))),
            [
                .provider: .column("p"), .tenant: .column("t"), .model: .column("m"), .region: .column("r"),
                .layer: .column("l"), .workload: .column("w"), .modality: .column("mod"), .time: .column("at"),
                .requests: .column("n"), .input: .column("in"), .cachedInput: .column("cached"),
                .additionalInput: .column("written"), .output: .column("out"), .reasoningOutput: .column("think"),
            ], timeFormat: .epoch(.milliseconds))
        let text = #"""
            t;m;r;l;w;mod;p;at;n;in;cached;written;out;think;unused
            "a ""b""";m1;cn-beijing;on-premises;batch;audio;volcengine;1748736059999;12;100;40;5;9;8;"x
            y"
            租户;m2;;;;;;1748736060000;;1;;;2;;
            """#
        #expect(try reasons(text, mapping) == [])
        let sound = text.replacing(#""a ""b""""#, with: #""a b""#)
        let first = CollectedEvent(
            minute: june2025, tenant: "a b", model: "m1", region: "cn-beijing", layer: .onPremises, workload: .batch,
            modality: .audio,
            counts: TokenCounts(requests: 12, input: 105, cachedInput: 40, output: 9, reasoningOutput: 8))
        var second = CollectedEvent(
            minute: june2025 + 1, tenant: "租户", model: "m2", region: "",
            counts: TokenCounts(requests: 1, input: 1, output: 2))
        #expect(try collect(sound, mapping).events == [first, second])

        mapping.cachedInputIsAdditional = true
        mapping[.region] = .constant("home")
        mapping[.requests] = .constant("3")
        second.region = "home"
        second.counts.requests = 3
        let additive = try collect(sound, mapping).events
        #expect(additive.last == second)
        #expect(
            additive.first?.counts
                == TokenCounts(requests: 3, input: 145, cachedInput: 40, output: 9, reasoningOutput: 8))
    }

    @Test func `columns can be numbered and rows skipped`() throws {
        let layout = CSVLayout(delimiter: UInt8(ascii: "\t"), hasHeader: false, skippedLines: 2)
        let mapping = MappedFormat(
            layout: .csv(layout),
            [.tenant: .constant("t"), .model: .columnNumber(1), .time: .columnNumber(3), .output: .columnNumber(2)],
            timeFormat: .epoch(.seconds))
        let text = "\"a note\n\"\nm1\t5\t1748736000\tmore\nm2\t6\t1748736001.5\nm3\t7\n"
        let sink = try collect(text, mapping)
        #expect(sink.events.map(\.model) == ["m1", "m2"])
        #expect(sink.totals == TokenCounts(requests: 2, output: 11))
        #expect(sink.reasons == [.wrongColumnCount])
        #expect(sink.rejections.first?.position.line == 5)
    }

    @Test(arguments: [
        ("2025-06-01T00:00:00Z,t,m,-1,1", RejectionReason.negativeCount),
        ("2025-06-01T00:00:00Z,t,m,1.5,1", .fractionalCount), ("2025-06-01T00:00:00Z,t,m,1e3,1", .fractionalCount),
        ("2025-06-01T00:00:00Z,t,m,x,1", .wrongType), ("2025-06-01T00:00:00Z,t,m,-,1", .wrongType),
        ("2025-06-01T00:00:00Z,t,m,1 1,1", .wrongType), ("2025-06-01T00:00:00Z,t,m,1000000000001,1", .countTooLarge),
        ("2025-06-01T00:00:00Z,t,m,99999999999999999999999,1", .countTooLarge),
        ("2025-06-01T00:00:00Z,t,m,,1", .missingField), ("2025-06-01T00:00:00Z,,m,1,1", .missingField),
        (",t,m,1,1", .missingField), ("now,t,m,1,1", .badTime), ("2025-06-01T00:00:00Z,(t),m,1,1", .badName),
        ("2025-06-01T00:00:00Z,t,m,1", .wrongColumnCount), ("2025-06-01T00:00:00Z,t,m,1,1,1", .wrongColumnCount),
        ("2025-06-01T00:00:00Z,t\"x\",m,1,1", .syntax), ("2025-06-01T00:00:00Z,\"t\"x,m,1,1", .syntax),
        ("2025-06-01T00:00:00Z,\"t,m,1,1", .syntax), ("\"2025-06-01T00:00:0\"\"0Z\",t,m,1,1", .badTime),
    ])
    func `bad rows are rejected and the rows around them count`(_ row: String, _ reason: RejectionReason) throws {
        let good = "2025-06-01T00:00:00Z,t,m,\"10\",005"
        let text = "time,tenant,model,in,out\r\n\(good)\r\n\(row)\r\n\(good)\r\n\(good)"
        let sink = try collect(text, MappingTests.csv)
        #expect(sink.reasons == [reason])
        #expect(sink.rejections.first?.record == Array(row.utf8))
        #expect(sink.totals == TokenCounts(requests: 3, input: 30, output: 15))
    }

    @Test func `a header without a column fails each record by name`() throws {
        let sink = try collect("time,tenant,in,out\n2025-06-01T00:00:00Z,t,1,2\nx\n", MappingTests.csv)
        #expect(sink.reasons == [.missingField, .missingField, .missingField])
        #expect(sink.rejections.allSatisfy { $0.rejection.field == "model" })
        #expect(try reasons("time,tenant,model,in,in,out\n", MappingTests.csv) == [.duplicateField])
        #expect(try reasons("\"time,tenant\nx\n", MappingTests.csv) == [.syntax, .syntax])
    }

    @Test func `JSON lines are mapped by paths`() throws {
        var mapping = MappedFormat(
            layout: .jsonLines,
            [
                .tenant: .path("key.owner"), .model: .constant("m"), .time: .path("at"), .input: .path("tokens.in"),
                .output: .path("tokens.out"),
            ], timeFormat: .epoch(.nanoseconds))
        let line = #"{"at":1748736060999999999,"tokens":{"in":3,"out":"4","x":[[{}]]},"key":{"owner":77}}"#
        #expect(try reasons(line, mapping) == [.wrongType])
        mapping.acceptsDecimalStrings = true
        let sink = try collect(line, mapping)
        #expect(sink.events.first?.tenant == "77")
        #expect(sink.events.first?.minute == june2025 + 1)
        #expect(sink.totals == TokenCounts(requests: 1, input: 3, output: 4))
        #expect(try reasons(line.replacing(#""4""#, with: #""-4""#), mapping) == [.negativeCount])
        #expect(try reasons(line.replacing(#""4""#, with: #""4.5""#), mapping) == [.fractionalCount])
        #expect(try reasons(line.replacing(#""4""#, with: #""""#), mapping) == [.missingField])
    }

    /// Mappings that can't work, and the setting that must be named.
    @Test func `impossible mappings are refused by their setting`() {
        func setting(_ change: (inout MappedFormat) -> Void, defaults: EventDefaults = testDefaults) -> String? {
            var mapping = MappingTests.csv
            change(&mapping)
            do throws(SourceFormatError) {
                _ = try mapping.makeParser(defaults: defaults, framing: .stream)
                return nil
            } catch {
                #expect(!error.message.isEmpty)
                return error.setting
            }
        }
        #expect(setting { _ in } == nil)
        #expect(setting { $0[.time] = nil } == "fields.time")
        #expect(setting { ($0[.input], $0[.output]) = (nil, nil) } == "fields.input-tokens")
        #expect(setting { $0[.tenant] = .path("a.b") } == "fields.tenant")
        #expect(setting { $0[.tenant] = .columnNumber(0) } == "fields.tenant")
        #expect(setting { $0.layout = .csv(CSVLayout(hasHeader: false)) } == "fields.tenant")
        #expect(setting { $0.layout = .csv(CSVLayout(delimiter: UInt8(ascii: "\""))) } == "csv.delimiter")
        #expect(setting { $0.layout = .csv(CSVLayout(skippedLines: -1)) } == "csv.skip-lines")
        #expect(setting { $0.layout = .jsonLines } == "fields.tenant")
        #expect(setting { $0[.layer] = .constant("cloud") } == "constants.layer")
        #expect(setting { $0[.requests] = .constant("0") } == "constants.requests")
        #expect(setting { $0[.requests] = .constant("many") } == "constants.requests")
        #expect(setting { $0[.provider] = .constant("aliyun") } == "constants.provider")
        #expect(setting { $0[.region] = .constant("(r)") } == "constants.region")
        #expect(
            setting { $0[.model] = .column("tenant") } == "fields.model")
        #expect(setting({ _ in }, defaults: EventDefaults(provider: "Not A Name")) == "provider")
        #expect(setting({ _ in }, defaults: EventDefaults(provider: "p", tenant: "")) == "tenant")
    }

    @Test func `impossible paths are refused`() {
        func isRefused(_ change: (inout OpenAIFormat) -> Void) -> Bool {
            var format = OpenAIFormat()
            change(&format)
            return (try? format.makeParser(defaults: testDefaults, framing: .stream)) == nil
        }
        #expect(!isRefused { _ in })
        #expect(isRefused { $0.usagePaths = [] })
        #expect(isRefused { $0.paths[.time] = [] })
        #expect(isRefused { $0.paths[.tenant] = ["a..b"] })
        #expect(isRefused { $0.paths[.tenant] = [""] })
        #expect(isRefused { $0.paths[.tenant] = ["model"] })
        #expect(isRefused { $0.paths[.tenant] = ["usage"] })
        #expect(isRefused { $0.paths[.tenant] = ["model.name"] })
        #expect(isRefused { $0.paths[.tenant] = ["say \"it\""] })
        #expect(isRefused { $0.paths[.tenant] = [String(repeating: "x", count: 200)] })
        #expect(isRefused { $0.paths[.tenant] = (0..<80).map { "t\($0)" } })
    }
}
