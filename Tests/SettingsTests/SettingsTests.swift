import Settings
import Testing

private struct TestKeys: SettingKeys {
    let provider = Setting("provider", required: .identifier(maxBytes: 16), "the provider")
    let seal = Seal()
    let spoolBytes = Setting("spool.bytes", type: .bytes(1...(1 << 40)), default: 16 << 20, "the size")
    let listen = Setting("listen", type: .address, default: ListenAddress(host: "127.0.0.1", port: 0), "the address")
    let url = Setting("aggregator.url", optional: .url(schemes: ["https"]), "the URL")
    let keyFile = Setting("aggregator.key-file", optional: .path, reload: .fileContents, "the key")
    let level = Setting("log.level", type: .choice(["info", "debug"]), default: "info", reload: .live, "the level")
    let verbose = Setting("verbose", type: .flag, default: false, "whether")
    let sources = NamedSettings("sources", Source())

    struct Seal: SettingKeys {
        let age = Setting(
            "seal.age", type: .duration(.milliseconds(50) ... .hours(1)), default: .seconds(10),
            "the age. At its limit more")
        let rows = Setting("seal.rows", type: .count(1...500, of: "rows"), default: 100, "the rows")
    }

    struct Source: SettingKeys {
        let type = Setting("type", required: .choice(["file", "http"]), reload: .byEntry, "the type")
        let paths = Setting("paths", optional: .globs, reload: .byEntry, "the paths")
    }
}

private struct Wide: SettingKeys {
    static let schema = SettingsSchema(Wide(), environmentPrefix: "X")
    let duration = Setting("d", required: .duration(.zero ... .seconds(1 << 40)), "d")
    let size = Setting("b", required: .bytes(0...Int.max), "b")
}

/// What a variable can't tell apart: `a.time.format` and `a-time.format`.
private struct Hyphens: SettingKeys {
    static let schema = SettingsSchema(Hyphens(), environmentPrefix: "X")
    let sources = NamedSettings("sources", Source())

    struct Source: SettingKeys {
        let format = Setting("format", type: .text, default: "f", "the format")
        let timeFormat = Setting("time.format", type: .text, default: "t", "the format of times")
    }
}

/// A setting whose variable is named like one that Kubernetes makes.
private struct Services: SettingKeys {
    static let schema = SettingsSchema(Services(), environmentPrefix: "X")
    let port = Setting("service.port", type: .count(1...9, of: "ports"), default: 1, "the port")
}

private let schema = SettingsSchema(TestKeys(), environmentPrefix: "STEELYARD_TEST")

private func load(
    _ yaml: String, set: [String] = [], environment: [String: String] = [:]
) throws(SettingsError) -> ResolvedSettings<TestKeys> {
    try schema.load(yaml: yaml, file: "etc/test.yaml", overrides: set, environment: environment)
}

private func problems(
    _ yaml: String, set: [String] = [], environment: [String: String] = [:]
) -> [SettingsProblem] {
    do throws(SettingsError) {
        _ = try load(yaml, set: set, environment: environment)
        return []
    } catch {
        return error.problems
    }
}

@Suite struct SettingsTests {
    @Test func `reads every kind`() throws {
        let settings = try load(
            """
            provider: volcengine
            seal: {age: 250ms, rows: 7}
            spool:
              bytes: 64KiB
            listen: "[::1]:4680"
            aggregator:
              url: https://central.example:4681
              key-file: certs/key.pem
            log: {level: debug}
            verbose: true
            sources:
              b-log: {type: file, paths: [logs/*.log, /var/x.log]}
              a-push: {type: http}
            """)
        #expect(settings[\.provider] == "volcengine")
        #expect(settings[\.seal.age] == .milliseconds(250))
        #expect(settings[\.seal.rows] == 7)
        #expect(settings[\.spoolBytes] == 65_536)
        #expect(settings[\.listen] == ListenAddress(host: "::1", port: 4_680))
        #expect(settings[\.url] == "https://central.example:4681")
        #expect(settings[\.level] == "debug")
        #expect(settings[\.verbose])
        #expect(settings[\.sources].map(\.name) == ["b-log", "a-push"])
        #expect(settings[\.sources].last?[\.paths] == nil)
    }

    @Test func `relative paths start at the file's directory`() throws {
        let settings = try load(
            "provider: p\naggregator: {key-file: certs/key.pem}\nsources: {a: {type: file, paths: [./x, /y]}}")
        #expect(settings[\.keyFile] == "etc/certs/key.pem")
        #expect(settings[\.sources].first?[\.paths] == ["etc/x", "/y"])
    }

    @Test func `defaults hold where nothing is given`() throws {
        let settings = try load("provider: p")
        #expect(settings[\.seal.age] == .seconds(10))
        #expect(settings[\.spoolBytes] == 16 << 20)
        #expect(settings[\.url] == nil)
    }

    @Test func `flag beats environment beats file`() throws {
        let yaml = "provider: p\nseal: {age: 1s, rows: 1}"
        let environment = ["STEELYARD_TEST_SEAL_AGE": "2s", "STEELYARD_TEST_SEAL_ROWS": "2", "HOME": "/root"]
        let settings = try load(yaml, set: ["seal.age=3s"], environment: environment)
        #expect(settings[\.seal.age] == .seconds(3))
        #expect(settings[\.seal.rows] == 2)
    }

    @Test(arguments: [
        ("PORT", "tcp://10.0.0.7:4680"), ("SERVICE_HOST", "10.0.0.7"), ("SERVICE_HOST", "fd00::7"),
        ("SERVICE_PORT", "4680"), ("SERVICE_PORT_HTTP", "4680"), ("SERVICE_PORT_HTTP_METRICS", "4680"),
        ("METRICS_PORT", "udp://10.0.0.7:4680"), ("PORT_4680_TCP", "tcp://10.0.0.7:4680"),
        ("PORT_4680_TCP_PROTO", "tcp"), ("PORT_4680_TCP_PORT", "4680"), ("PORT_4680_TCP_ADDR", "10.0.0.7"),
    ])
    func `a variable that Kubernetes makes for a Service is passed over`(name: String, value: String) throws {
        let variable = "STEELYARD_TEST_" + name
        let settings = try load("provider: p", environment: [variable: value])
        #expect(settings.passedOverVariables == [variable])
    }

    @Test(arguments: [
        ("PORT", "4680"), ("LISTEN_PORT", "4680"), ("SERVICE_HOST", "nobody"), ("SERVICE_PORT", "http"),
        ("PORT_4680_HTTP", "tcp://10.0.0.7:4680"), ("PORT_4680_TCP_NAME", "x"), ("SERVICE_HOSTS", "10.0.0.7"),
    ])
    func `a slip that only looks like a variable of a Service is refused`(name: String, value: String) {
        let found = problems("provider: p", environment: ["STEELYARD_TEST_" + name: value])
        #expect(found.map(\.message) == ["matches no setting"])
    }

    @Test func `a setting keeps its variable though a Service could have the same`() throws {
        let settings = try Services.schema.load(
            file: nil, environment: ["X_SERVICE_PORT": "7", "X_PORT": "tcp://10.0.0.7:1"])
        #expect(settings[\.port] == 7)
        #expect(settings.passedOverVariables == ["X_PORT"])
    }

    @Test(arguments: ["provider: &a p", "seal: &s {age: 1s}\nprovider: p", "provider: p\nsources: {a: *b}"])
    func `anchors and aliases are refused`(yaml: String) throws {
        let found = problems(yaml)
        #expect(found.count == 1)
        let message = try #require(found.first?.message)
        #expect(message.contains("anchor") || message.contains("alias"), "\(message)")
    }

    @Test(arguments: [
        ("provider: p\nsel:\n", "sel", "is not a setting"), ("provider: p\nfoo: {}", "foo", "is not a setting"),
        ("provider: p\nfoo: ~", "foo", "is not a setting"),
        ("provider: p\nseal: {ages: }", "seal.ages", "is not a setting"),
        ("provider: p\nseal: {age: }", "seal.age", "has nothing behind it"),
        ("provider: p\naggregator: {key-file: null}", "aggregator.key-file", "has nothing behind it"),
        ("provider: p\nlog:\n  level: {}", "log.level", "has nothing behind it"),
        ("provider:\n", "provider", "has nothing behind it"),
        ("provider: p\nsources:\n  a:\n", "sources.a", "has nothing behind it"),
    ])
    func `a key with nothing behind it isn't passed over`(yaml: String, key: String, message: String) {
        let found = problems(yaml)
        #expect(found.map(\.key) == [key])
        #expect(found.map(\.message) == [message])
    }

    @Test func `a section may be empty`() throws {
        #expect(try load("provider: p\nseal:\nsources: {}\naggregator:\n  # url: …\n")[\.provider] == "p")
    }

    @Test(arguments: [
        "provider: !!int p", "provider: p\nseal: !x {age: 1s}",
        "provider: !!set {p: }", "!!omap {provider: p}",
    ])
    func `tags are refused`(yaml: String) {
        #expect(problems(yaml).map(\.message).contains { $0.hasPrefix("tags such as") })
    }

    @Test(arguments: [
        "provider: p\nverbose: true\n!!int verbose: false", "provider: p\n!x seal: {rows: 1}\nseal: {rows: 2}",
        "provider: p\n1: a\n\"1\": b", "true: a\n'true': b",
    ])
    func `a key is itself with whatever tag or quotes`(yaml: String) {
        #expect(problems(yaml).map(\.message).contains { $0.contains("twice") || $0.hasPrefix("tags such as") })
    }

    @Test(arguments: ["+5", "05", "0x5", "5.0", " 5", "５"])
    func `a whole number has one spelling`(text: String) {
        #expect(problems("provider: p\nseal: {rows: '\(text)'}").map(\.key) == ["seal.rows"])
    }

    @Test func `environment reaches named entries and splits lists`() throws {
        let settings = try load(
            "provider: p\nsources: {my-log: {type: file}}",
            environment: ["STEELYARD_TEST_SOURCES_MY_LOG_PATHS": "/a,/b", "STEELYARD_TEST_CONFIG": "x"])
        #expect(settings[\.sources].first?[\.paths] == ["/a", "/b"])
    }

    @Test func `a variable that can mean two keys is refused by both`() throws {
        let variable = "X_SOURCES_A_TIME_FORMAT"
        func load(_ yaml: String) throws(SettingsError) -> ResolvedSettings<Hyphens> {
            try Hyphens.schema.load(yaml: yaml, file: "f", environment: [variable: "v"])
        }
        let error = #expect(throws: SettingsError.self) {
            try load("sources: {a: {format: x}, a-time: {format: y}}")
        }
        #expect(error?.problems.map(\.origin) == [.environment(variable: variable)])
        #expect(error?.problems.first?.message == "can mean sources.a-time.format and sources.a.time.format")
        // Where there is one of the two, it is meant.
        #expect(try load("sources: {a: {format: x}}")[\.sources].first?[\.timeFormat] == "v")
        #expect(try load("sources: {a-time: {time: {format: x}}}")[\.sources].first?[\.format] == "v")
    }

    @Test(arguments: [
        ("/a/{x,y}.jsonl", ["/a/{x,y}.jsonl"]), ("/{a,b{c,d}},/e", ["/{a,b{c,d}}", "/e"]), ("/a,,/b,", ["/a", "/b"]),
        ("/a{b,/c", ["/a{b", "/c"]), ("/a},/b", ["/a}", "/b"]),
        ("/{a,b},/c{d,/{e,f}", ["/{a,b}", "/c{d", "/{e,f}"]), (#"/a\,b,/c\"#, [#"/a\,b"#, #"/c\"#]),
        (#"/a\{b,/c}"#, [#"/a\{b"#, "/c}"]),
    ])
    func `commas within braces belong to the glob`(text: String, globs: [String]) throws {
        let yaml = "provider: p\nsources: {a: {type: file}}"
        #expect(try load(yaml, set: ["sources.a.paths=\(text)"])[\.sources].first?[\.paths] == globs)
        let settings = try load(yaml, environment: ["STEELYARD_TEST_SOURCES_A_PATHS": text])
        #expect(settings[\.sources].first?[\.paths] == globs)
    }

    @Test func `flags alone can make an entry`() throws {
        let settings = try load("", set: ["provider=p", "sources.x.type=http"])
        #expect(settings[\.sources].map(\.name) == ["x"])
    }

    @Test func `unknown key names line and nearest`() throws {
        let problem = try #require(problems("provider: p\nseal:\n  agee: 10s\n").first)
        #expect(problem.origin == .file(path: "etc/test.yaml", line: 3))
        #expect(problem.key == "seal.agee")
        #expect(problem.remedy == "did you mean seal.age?")
        #expect(problem.description.hasPrefix("etc/test.yaml:3: seal.agee: is not a setting"))
    }

    @Test func `unknown key within a named entry is found too`() throws {
        let found = problems("provider: p\nsources:\n  a:\n    tpye: file")
        #expect(found.map(\.key) == ["sources.a.type", "sources.a.tpye"])
        #expect(found.last?.remedy == "did you mean sources.a.type?")
    }

    @Test func `every problem is reported in the order of the file`() {
        let found = problems("provider: Bad_Name\nseal:\n  age: 10\n  rows: 501\nspool: {bytes: 1GX}\nlisten: here\n")
        #expect(found.map(\.key) == ["provider", "seal.age", "seal.rows", "spool.bytes", "listen"])
        #expect(found.map(\.origin) == [1, 3, 4, 5, 6].map { .file(path: "etc/test.yaml", line: $0) })
    }

    @Test func `missing key says what it is for`() throws {
        let problem = try #require(problems("verbose: true").first)
        #expect(problem.key == "provider")
        #expect(problem.remedy == "give it: the provider")
        let nested = try #require(problems("provider: p\nsources:\n  a:\n    paths: x").first)
        #expect(nested.key == "sources.a.type")
        #expect(nested.origin == .file(path: "etc/test.yaml", line: 3))
    }

    @Test func `a key with dots says how to nest it`() throws {
        let found = problems("provider: p\nseal.age: 1s\n")
        #expect(found.map(\.key) == ["seal.age"])
        #expect(found.first?.origin == .file(path: "etc/test.yaml", line: 2))
        #expect(found.first?.message == "is written with dots")
        let remedy = "nest it: `seal:`, and indented below it `age:`; names that you give hold no dots"
        #expect(found.first?.remedy == remedy)
        #expect(problems("provider: p\n.age: 1s\n").first?.message == "holds a key that is not a plain word")
    }

    @Test(
        arguments: [
            ("provider: p\nseal:\n  age: 1s\nverbose: true\nseal:\n  rows: 1\n", [(5, 2)]),
            ("provider: p\nseal:\n  age: 1s\n\n# later\n  age: 2s\n", [(6, 3)]),
            ("provider: p\nsources:\n  a:\n    type: http\n  b:\n    type: http\n    \"type\": file\n", [(7, 6)]),
            ("provider: p\nverbose: true\nverbose: true\nprovider: q\n", [(3, 2), (4, 1)]),
        ] as [(String, [(repeated: Int, first: Int)])])
    func `a repeated key names both lines`(yaml: String, lines: [(repeated: Int, first: Int)]) {
        let found = problems(yaml)
        #expect(found.map(\.origin) == lines.map { .file(path: "etc/test.yaml", line: $0.repeated) })
        for (problem, line) in zip(found, lines) {
            #expect(problem.message.hasSuffix("twice, first in line \(line.first)"))
        }
    }

    @Test func `a repeated key within braces names a line`() {
        let found = problems("provider: p\nseal: {age: 1s, age: 2s}\n")
        #expect(found.map(\.description) == ["etc/test.yaml:2: gives \"age\" twice; keep one of them"])
    }

    @Test(arguments: [
        ("provider: [{a: 1}]", ["provider"]), ("provider: {name: p}", ["provider.name"]),
        ("provider: p\nsources: {a: file}", ["sources.a"]), ("provider: p\nsources: [a]", ["sources"]),
        ("sources.a.type: file\nprovider: p\nsources: {a: {paths: /x}}", ["sources.a.type"]),
        ("seal: &s {age: 1s}\n? [a]\n: 1", [""]), ("- provider", [""]), ("provider: 'p", [""]),
        ("seal: {age: 1s}\nseal: {age: 1s}", [""]),
    ])
    func `what could not be read is not called missing`(yaml: String, keys: [String]) {
        #expect(problems(yaml).map(\.key) == keys)
    }

    @Test func `unknown variable and flag are refused`() {
        let found = problems(
            "provider: p", set: ["seal.ages=1s", "nothing"], environment: ["STEELYARD_TEST_SEL_AGE": "1s"])
        #expect(found.contains { $0.origin == .flag("seal.ages=1s") && $0.remedy == "did you mean seal.age?" })
        #expect(found.contains { $0.origin == .flag("nothing") })
        #expect(
            found.contains {
                $0.origin == .environment(variable: "STEELYARD_TEST_SEL_AGE")
                    && $0.remedy == "did you mean STEELYARD_TEST_SEAL_AGE?"
            })
    }

    @Test(arguments: [
        "provider: p\nseal: [1, 2]", "provider: [p]", "provider: p\nseal: {age: {x: 1}}", "- a\n- b", "a: b: c",
        "provider: p\nprovider: q", "provider: p\nverbose: maybe", "provider: p\nlisten: '[::1'",
        "provider: p\naggregator: {url: 'http://x'}", "provider: p\naggregator: {url: 'https://u:p@x'}",
        "provider: p\nseal: {age: 0s}", "provider: p\nseal: {rows: 1.5}", "provider: ''",
        "provider: p\nlog: {level: loud}",
    ])
    func `bad shapes are refused with a place`(yaml: String) {
        let found = problems(yaml)
        #expect(!found.isEmpty)
        #expect(found.allSatisfy { if case .file(_, let line) = $0.origin { line >= 1 } else { false } })
        #expect(found.allSatisfy { !$0.remedy.isEmpty })
    }

    @Test func `missing file says so`() {
        #expect(throws: SettingsError.self) {
            try schema.load(file: "/nonexistent/x.yaml", environment: [:])
        }
    }

    @Test(arguments: [
        ("1ms", 1), ("90s", 90_000), ("5m", 300_000), ("12h", 43_200_000), ("400d", 34_560_000_000),
    ])
    func `durations have units`(text: String, milliseconds: Int64) throws {
        let settings = try Wide.schema.load(yaml: "{d: \(text), b: 1}", file: "f", environment: [:])
        #expect(settings[\.duration] == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        ("4096", 4_096), ("64KiB", 65_536), ("1GB", 1_000_000_000), ("2 MiB", 2 << 20), ("5B", 5), ("1PiB", 1 << 50),
        ("9PB", 9_000_000_000_000_000),
    ])
    func `sizes have units`(text: String, bytes: Int) throws {
        let settings = try Wide.schema.load(yaml: "{d: 1s, b: \(text)}", file: "f", environment: [:])
        #expect(settings[\.size] == bytes)
    }

    @Test func `problems across settings keep their place`() throws {
        let settings = try load("provider: p\nseal:\n  age: 1s\n")
        let problem = settings.problem(at: settings.keys.seal.age, "is odd", remedy: "change it")
        #expect(problem.description == "etc/test.yaml:3: seal.age: is odd; change it")
    }

    @Test(arguments: ["127.0.0.1:4680", "[::1]:0", "localhost:65535"])
    func `addresses survive a round trip`(text: String) throws {
        #expect(try #require(ListenAddress(text)).description == text)
    }

    @Test(arguments: ["", ":80", "a:", "a:65536", "a:-1", "::1:80", "[x]:80", "a:b"])
    func `bad addresses are refused`(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test func `only changes that need a restart are reported`() throws {
        let old = try load("provider: p\nseal: {age: 10s}\naggregator: {key-file: a}\nsources: {a: {type: http}}")
        let same = try load("provider: p\nspool: {bytes: 16MiB}\naggregator: {key-file: a}\nsources: {b: {type: http}}")
        #expect(old.changesThatNeedRestart(same).isEmpty)
        let new = try load(
            "provider: q\nseal: {rows: 7, age: 11s}\nlog: {level: debug}\nverbose: true\nlisten: '127.0.0.1:1'")
        #expect(
            old.changesThatNeedRestart(new) == [
                "provider", "seal.age", "seal.rows", "listen", "aggregator.key-file", "verbose",
            ])
    }

    @Test func `a setting knows what it is called and takes`() {
        let age = schema.keys.seal.age
        #expect(age.valueDescription == "duration, 50ms to 1h" && age.defaultText == "10s")
        #expect(schema.keys.seal.rows.valueDescription == "rows, 1 to 500")
        #expect(schema.keys.spoolBytes.defaultText == "16MiB" && schema.keys.keyFile.defaultText == "none")
        #expect(schema.variable(for: "sources.my-log.paths") == "STEELYARD_TEST_SOURCES_MY_LOG_PATHS")
        #expect(
            schema.settings.map(\.path) == [
                "provider", "seal.age", "seal.rows", "spool.bytes", "listen", "aggregator.url", "aggregator.key-file",
                "log.level", "verbose", "sources.*.type", "sources.*.paths",
            ])
        #expect(Set(schema.settings.map(\.group)) == ["", "seal", "sources"])
    }
}
