import CollectorCore
import Settings
import SourceFormats
import Testing
import UsageModel

@testable import Collector

@Suite struct CollectorSettingsTests {
    private static let base = "provider: azure\ncollector: edge-1\ndata: /var/lib/x\n"

    private func load(_ yaml: String) throws -> CollectorSettings {
        try CollectorSettings(
            CollectorKeys.schema.load(yaml: Self.base + yaml, file: "c.yaml", environment: [:]))
    }

    private func problems(_ yaml: String) -> [SettingsProblem] {
        do {
            _ = try load(yaml)
            return []
        } catch let error as SettingsError {
            return error.problems
        } catch {
            return []
        }
    }

    @Test func `the trace of Azure is described by a mapping`() throws {
        let settings = try load(
            """
            window: {back: 2000d}
            sources:
              azure:
                type: file
                paths: [azure.csv]
                complete-last-line-after: 5s
                format: mapped
                layout: csv
                time: {format: wall-clock, zone: UTC}
                fields:
                  time: TIMESTAMP
                  input-tokens: ContextTokens
                  output-tokens: "#3"
                constants: {tenant: conversation, model: azure-conv}
            """)
        let source = try #require(settings.sources.first)
        let mapping = try #require(source.format as? MappedFormat)
        #expect(mapping[.time] == .column("TIMESTAMP"))
        #expect(mapping[.output] == .columnNumber(3))
        #expect(mapping[.tenant] == .constant("conversation"))
        #expect(mapping.timeFormat == .wallClock(.utc) || mapping.timeFormat != .automatic)
        #expect(source.defaults.provider == "azure")
        guard case .file(let files) = source.kind else { return #expect(Bool(false), "not a file") }
        #expect(files.completeLastLineAfter == .seconds(5))
    }

    @Test func `offsets from a start are described by a mapping`() throws {
        let settings = try load(
            """
            sources:
              mooncake:
                type: file
                paths: [m.jsonl]
                format: mapped
                layout: json-lines
                tenant: kimi
                model: kimi-chat
                time: {format: milliseconds, start: "2025-06-01T00:00:00+08:00"}
                fields: {time: timestamp, input-tokens: input_length, output-tokens: output_length}
            """)
        let mapping = try #require(settings.sources.first?.format as? MappedFormat)
        #expect(mapping.timeFormat == .offset(.milliseconds, start: StartTime(milliseconds: 1_748_707_200_000)))
        #expect(mapping[.input] == .path("input_length"))
    }

    @Test func `OpenAI paths replace the defaults`() throws {
        let settings = try load(
            "sources:\n  gw: {type: http, format: openai, openai: {tenant: [metadata.team, team]}}")
        let format = try #require(settings.sources.first?.format as? OpenAIFormat)
        #expect(format.paths[.tenant] == ["metadata.team", "team"])
        #expect(format.paths[.model] == OpenAIFormat().paths[.model])
        #expect(settings.pushSources.map(\.name) == ["gw"])
    }

    @Test(arguments: ["provider: []", "provider: ''"])
    func `only an empty list of paths means that the record is not asked`(paths: String) throws {
        let yaml = "sources:\n  gw:\n    type: http\n    format: openai\n    openai: {\(paths)}"
        guard paths.hasSuffix("[]") else {
            return #expect(problems(yaml).map(\.key) == ["sources.gw.openai.provider"])
        }
        let format = try #require(try load(yaml).sources.first?.format as? OpenAIFormat)
        #expect(format.paths[.provider] == [])
        #expect(format.paths[.tenant] == OpenAIFormat().paths[.tenant])
    }

    @Test func `a variable that is empty turns nothing off`() throws {
        let yaml = "provider: volcengine\ncollector: edge-1\ndata: d\nsources: {gw: {type: http, format: openai}}"
        let name = "STEELYARD_COLLECTOR_SOURCES_GW_OPENAI_PROVIDER"
        for empty in ["", ","] {
            let error = #expect(throws: SettingsError.self) {
                _ = try CollectorKeys.schema.load(yaml: yaml, file: "test.yaml", environment: [name: empty])
            }
            #expect(error?.problems.map(\.key) == ["sources.gw.openai.provider"])
        }
        let settings = try CollectorKeys.schema.load(yaml: yaml, file: "test.yaml", environment: [name: "[]"])
        let source = try #require(settings[\.sources].first)
        let setting = try #require(source.setting(at: "openai.provider") as? Setting<[String]?>)
        #expect(source[setting] == [])
    }

    @Test(arguments: ["usage", "time"])
    func `what every record has needs a path`(part: String) throws {
        let found = problems("sources:\n  gw: {type: http, format: openai, openai: {\(part): []}}")
        #expect(found.map(\.key) == ["sources.gw.openai.\(part)"])
        #expect(found.first?.message.contains("name at least one path") == true)
    }

    @Test func `defaults flow into sources`() throws {
        let settings = try load(
            "region: cn-beijing\nlayer: paas\nsources:\n  a: {type: http, layer: iaas, tenant: t}")
        let source = try #require(settings.sources.first)
        #expect(source.defaults.region == "cn-beijing")
        #expect(source.defaults.layer == .iaas)
        #expect(source.defaults.tenant == "t")
    }

    @Test(arguments: [
        ("sources:\n  a:\n    type: file", 6, "sources.a.type"),
        ("sources:\n  a:\n    type: http\n    paths: [x]", 7, "sources.a.paths"),
        ("sources:\n  A_b:\n    type: http", 5, "sources.A_b"),
        ("sources:\n  a:\n    type: http\n    layout: csv", 7, "sources.a.layout"),
        ("sources:\n  a:\n    type: http\n    format: mapped", 7, "sources.a.format"),
        (
            "sources:\n  a:\n    type: http\n    format: openai\n    time: {zone: Mars/Olympus, format: wall-clock}", 8,
            "sources.a.time.zone"
        ),
        (
            "sources:\n  a:\n    type: http\n    format: openai\n    time: {format: seconds, start: noon}", 8,
            "sources.a.time.start"
        ),
        (
            "sources:\n  a:\n    type: http\n    format: openai\n    time: {start: '2025-01-01T00:00:00Z'}", 8,
            "sources.a.time.start"
        ),
        ("sources:\n  a:\n    type: http\n    tenant: '(cmd)'", 7, "sources.a.tenant"),
        ("region: '(r)'\nsources:\n  a:\n    type: http", 4, "region"),
        ("seal:\n  rows: 1\nregion: '(r)'", 6, "region"),
        ("region: \(String(repeating: "r", count: Limits.maxRegionNameBytes + 1))", 4, "region"),
        ("aggregator:\n  url: https://x:1", 5, "aggregator.url"),
        ("aggregator:\n  key-file: k.pem", 5, "aggregator.key-file"),
        ("seal:\n  rows: 0", 5, "seal.rows"),
        ("listen: nowhere", 4, "listen"),
    ])
    func `problems name line and key`(yaml: String, line: Int, key: String) throws {
        let problem = try #require(problems(yaml).first { $0.key == key })
        #expect(problem.origin == .file(path: "c.yaml", line: line))
        #expect(!problem.remedy.isEmpty)
    }

    @Test func `what sources have from the collector is told of once`() {
        let sources = "sources:\n  a: {type: http}\n  b: {type: file, paths: x}\n  c: {type: http, region: '(s)'}"
        #expect(problems("region: '(r)'\n" + sources).map(\.key) == ["region", "sources.c.region"])
        #expect(problems("region: '(r)'\n" + sources).map(\.origin).first == .file(path: "c.yaml", line: 4))
    }

    @Test(arguments: [
        ("type: http", "whole: false", "sources.a.whole"),
        ("type: http", "read-from: beginning", "sources.a.read-from"),
        ("type: http", "complete-last-line-after: 1s", "sources.a.complete-last-line-after"),
        ("type: http", "csv: {header: false}", "sources.a.csv.header"),
        ("type: http", "decimal-strings: true", "sources.a.decimal-strings"),
        ("type: http", "time: {zone: UTC}", "sources.a.time.zone"),
        ("type: http", "time: {format: seconds}", "sources.a.time.format"),
        ("type: http\n    format: openai", "csv: {delimiter: ';'}", "sources.a.csv.delimiter"),
        ("type: http\n    format: openai", "cached-input-is-additional: true", "sources.a.cached-input-is-additional"),
        ("type: http\n    format: openai", "time: {zone: UTC}", "sources.a.time.zone"),
        ("type: http\n    format: mapped\n    layout: json-lines", "csv: {skip-lines: 1}", "sources.a.csv.skip-lines"),
        ("type: http\n    format: mapped\n    layout: csv", "decimal-strings: true", "sources.a.decimal-strings"),
        (
            "type: http\n    format: mapped\n    layout: csv", "time: {zone: UTC, format: seconds}",
            "sources.a.time.zone"
        ),
    ])
    func `settings without effect are refused`(source: String, setting: String, key: String) throws {
        let yaml = "sources:\n  a:\n    \(source)\n    \(setting)"
        let found = problems(yaml).filter { $0.key == key }
        #expect(found.count == 1)
        let lines = (Self.base + yaml).split(separator: "\n").count
        #expect(found.first?.origin == .file(path: "c.yaml", line: lines))
        #expect(found.first?.remedy.isEmpty == false)
    }

    private static let mapping = "sources:\n  a:\n    type: http\n    format: mapped\n    layout: "

    /// Each setting of a mapping with a value that can't work: told with its own line and key.
    @Test(
        arguments: EventField.all(for: .constant).map { field -> (String, String) in
            (
                "constants: {\(field.name): '\(field.properties.kind == .count ? "x" : "(no)")'}",
                "constants.\(field.name)"
            )
        }
            + EventField.all(for: .place).flatMap { field in
                [("fields: {\(field.name): a..b}", "json-lines"), ("fields: {\(field.name): '#0'}", "csv")]
                    .map { ("\($0.0)", "\($0.1)/fields.\(field.name)") }
            } + [
                ("time: {format: seconds, start: noon}", "time.start"),
                ("time: {format: wall-clock, zone: Mars/Olympus}", "time.zone"),
            ])
    func `every setting of a mapping is told by its own line and key`(setting: String, place: String) throws {
        let parts = place.split(separator: "/")
        let layout = parts.count == 2 ? String(parts[0]) : "json-lines"
        let key = "sources.a.\(parts.last ?? "")"
        // What the other fields need, so that nothing else is at fault.
        let others = [("time", "t"), ("output-tokens", "o"), ("input-tokens", "i")]
            .filter { !setting.contains("\($0.0):") }.map { "\($0.0): '\(layout == "csv" ? "col-" : "")\($0.1)'" }
        let fields =
            setting.hasPrefix("fields: {")
            ? setting.replacing("}", with: ", \(others.joined(separator: ", "))}")
            : "\(setting)\n    fields: {\(others.joined(separator: ", "))}"
        let found = problems("\(Self.mapping)\(layout)\n    \(fields)")
        #expect(found.map(\.key) == [key])
        #expect(found.first?.origin == .file(path: "c.yaml", line: 9))
        #expect(found.first?.remedy.isEmpty == false)
    }

    /// What is missing is told by the key that is missing, at the source's line.
    @Test(arguments: [
        ("fields: {input-tokens: i}", "sources.a.fields.time"), ("fields: {time: t}", "sources.a.fields.input-tokens"),
    ])
    func `what a mapping lacks is told by its key`(fields: String, key: String) throws {
        let found = problems("\(Self.mapping)json-lines\n    \(fields)")
        #expect(found.map(\.key) == [key])
        #expect(found.first?.origin == .file(path: "c.yaml", line: 5))
    }

    /// The wrong settings of CSV are refused by their kind, and one constant beside a place by its own key.
    @Test(arguments: [
        ("csv: {delimiter: ':'}", "sources.a.csv.delimiter"), ("csv: {header: maybe}", "sources.a.csv.header"),
        ("csv: {skip-lines: -1}", "sources.a.csv.skip-lines"),
        ("csv: {header: false}", "sources.a.fields.time"),
        ("cached-input-is-additional: 7", "sources.a.cached-input-is-additional"),
        ("constants: {input-tokens: '1'}", "sources.a.constants.input-tokens"),
        ("time: {format: sundial}", "sources.a.time.format"),
    ])
    func `the other settings of a mapping are told by their keys`(setting: String, key: String) throws {
        let found = problems("\(Self.mapping)csv\n    \(setting)\n    fields: {time: t, input-tokens: i}")
        #expect(found.map(\.key) == [key])
    }

    @Test func `changes that need a restart are named`() throws {
        let old = try load("")
        let new = try load("listen: 127.0.0.1:1\nwindow: {back: 10d}\nlog: {level: debug}")
        #expect(old.changesThatNeedRestart(new) == ["listen"])
        #expect(old.changesThatNeedRestart(old).isEmpty)
    }

    @Test(
        arguments: [
            ("region: cn-beijing", ["region"]), ("modality: image", ["modality"]),
            ("deduplication: {max-ids: 7}", ["deduplication.max-ids"]),
            ("aggregator: {timeout: 2s}", []),
            (
                "aggregator: {url: 'https://x:1', ca-file: a, certificate-file: b, key-file: c}",
                ["aggregator.url", "aggregator.ca-file", "aggregator.certificate-file", "aggregator.key-file"]
            ),
            ("sources: {a: {type: http}, b: {type: file, paths: x}}", ["sources.a", "sources.b"]),
        ] as [(String, [String])])
    func `only what changed is named`(yaml: String, keys: [String]) throws {
        #expect(try load("").changesThatNeedRestart(load(yaml)) == keys)
    }

    @Test func `sources that are followed may change and pushed ones need a restart`() throws {
        let old = try load("sources: {a: {type: http, tenant: t}, b: {type: file, paths: x}, c: {type: http}}")
        let new = try load(
            "region: r\nsources: {a: {type: http, tenant: u}, b: {type: file, paths: y}, c: {type: http}, d: {type: http}}"
        )
        #expect(old.changesThatNeedRestart(new) == ["region", "sources.a", "sources.d"])
    }

    @Test func `a table of defaults stays within the limits of a batch`() {
        let chunkRows = AccumulatorLimits.maxChunkBytes / 4
        #expect(CollectorLimits.maxSealRows + chunkRows <= Limits.maxRowsPerBatch)
    }
}

/// What must hold between the listener's address, its TLS, and who may push.
@Suite struct PushAccessSettingsTests {
    private static let tls = "certificate-file: c.pem, key-file: k.pem"

    private func keys(_ yaml: String) -> [String] {
        do {
            _ = try Rig.settings("/tmp", yaml)
            return []
        } catch {
            return (error as? SettingsError)?.problems.map(\.key) ?? ["\(error)"]
        }
    }

    @Test(
        arguments: [
            ("listen: 127.0.0.1:0", []),
            ("listen: 0.0.0.0:0", ["listen", "listen"]),
            ("listen: 0.0.0.0:0\nhttp: {\(tls)}", ["listen"]),
            ("listen: 0.0.0.0:0\nhttp: {token-files: t}", ["listen"]),
            ("listen: 0.0.0.0:0\nhttp: {\(tls), token-files: t}", []),
            ("listen: 0.0.0.0:0\nhttp: {accept-plain-text: true, token-files: t}", []),
            ("listen: 0.0.0.0:0\nhttp: {\(tls), client-ca-file: a, client-names: n}", []),
            ("listen: 0.0.0.0:0\nhttp: {\(tls), unnamed-source: false}", []),
            (
                "listen: 0.0.0.0:0\nhttp: {\(tls), unnamed-source: false}\nsources: {a: {type: http}}",
                ["sources.a.type"]
            ),
            (
                "listen: 0.0.0.0:0\nhttp: {\(tls), unnamed-source: false}\n"
                    + "sources: {a: {type: http, token-files: t}, b: {type: http}}", ["sources.b.type"]
            ),
            ("listen: 0.0.0.0:0\nhttp: {\(tls), token-files: t}\nsources: {a: {type: http}}", []),
        ] as [(String, [String])])
    func `outside of loopback nothing that is pushed may be open`(yaml: String, expected: [String]) {
        #expect(keys(yaml) == expected)
    }

    @Test(
        arguments: [
            ("http: {certificate-file: c.pem}", ["http.certificate-file"]),
            ("http: {key-file: k.pem}", ["http.key-file"]),
            ("http: {client-ca-file: a.pem}", ["http.client-ca-file"]),
            ("http: {client-names: n}", ["http.client-names"]),
            ("http: {\(tls), client-names: n}", ["http.client-names"]),
            ("sources: {a: {type: http, client-names: n}}", ["sources.a.client-names"]),
            ("sources: {a: {type: file, paths: x, token-files: t}}", ["sources.a.token-files"]),
            ("sources: {a: {type: file, paths: x, client-names: t}}", ["sources.a.client-names"]),
        ] as [(String, [String])])
    func `what has no effect is refused`(yaml: String, expected: [String]) {
        #expect(keys(yaml) == expected)
    }

    @Test(
        arguments: [
            ("grpc: {listen: 127.0.0.1:0}\nsources: {a: {type: http, format: otlp}}", []),
            ("grpc: {listen: 127.0.0.1:0}\nsources: {a: {type: http}}", ["grpc.listen"]),
            ("grpc: {max-connections: 3}", ["grpc.max-connections"]),
            (
                "grpc: {listen: 0.0.0.0:0}\nsources: {a: {type: http, format: otlp}, b: {type: http}}",
                ["grpc.listen", "sources.a.type"]
            ),
            ("grpc: {listen: 0.0.0.0:0}\nhttp: {\(tls)}\nsources: {a: {type: http, format: otlp}}", ["sources.a.type"]),
            (
                "grpc: {listen: 0.0.0.0:0}\nhttp: {\(tls)}\n"
                    + "sources: {a: {type: http, format: otlp, token-files: t}, b: {type: http}}", []
            ),
            (
                "listen: 0.0.0.0:0\ngrpc: {listen: 0.0.0.0:0}\nhttp: {\(tls), unnamed-source: false}\n"
                    + "sources: {a: {type: http, format: otlp}}", ["sources.a.type"]
            ),
        ] as [(String, [String])])
    func `what others push over gRPC is held to the same`(yaml: String, expected: [String]) {
        #expect(keys(yaml) == expected)
    }

    @Test func `tokens change without a restart`() throws {
        let old = try Rig.settings("/tmp", "http: {token-files: t}\nsources: {a: {type: http, token-files: x}}")
        let new = try Rig.settings("/tmp", "http: {token-files: u}\nsources: {a: {type: http, token-files: [x, y]}}")
        #expect(old.changesThatNeedRestart(new).isEmpty)
    }
}
