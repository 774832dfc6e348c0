import Foundation
import ScopesTestSupport
import Testing
internal import TextFormats
import UsageModel

@testable import Scopes

@Suite struct BuiltInScopeTests {
    static let catalogue = Result { try ScopeCatalogue.builtIn() }

    static func scope(_ id: String) throws -> Scope { try catalogue.get().scope(id) }

    /// Every file of the directory is a scope of the catalogue, and the other way round.
    @Test func `the directory and the list name the same scopes`() throws {
        let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources/Scopes/BuiltIn")
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0 != "Events" }
        #expect(files.sorted() == ScopeCatalogue.builtInNames.map { "\($0).yaml" }.sorted())
    }

    /// Figures under these scopes have been given to people: the definition behind id and version must stay what it
    /// was. The digests are those of the canonical form `steelyard-scope/2`, computed outside of this program.
    @Test(arguments: [
        ("idc", "7b178b6312f82fe235abb72e4774c677e9bc2c8da739d58cb9d82decfef84c27"),
        ("all-traffic", "81aded068a30a86a05451eea2b620349cdf855c75b1be8e2b676fc14a08e2c14"),
    ])
    func `published definitions do not change`(id: String, digest: String) throws {
        #expect(try Self.scope(id).digest == digest)
    }

    @Test(
        arguments: [
            ("idc", []), ("all-traffic", []), ("openrouter", []), ("idc-2024", [.regionCatalogue]),
            ("omdia-ai-cloud", [.revenueRecords]),
            ("frost-sullivan-self-developed", [.modelCatalogue, .providerCatalogue]),
            ("openrouter-revenue", [.modelCatalogue, .revenueRecords]), ("ai-public-cloud-services", [.revenueRecords]),
            ("tenders", [.tenderRecords]), ("tenders-amount", [.tenderRecords]),
            ("iceberg", [.privateDeploymentReports]),
        ] as [(String, [ScopeFact])])
    func `a scope says which facts it needs`(id: String, facts: [ScopeFact]) throws {
        #expect(try Self.scope(id).requiredFacts == facts)
    }

    @Test func `every built-in scope cites a source and publishes to one decimal`() throws {
        for scope in try Self.catalogue.get().scopes {
            #expect(scope.citation.utf8.count > 60, "\(scope.id)")
            #expect(scope.precision == 1, "\(scope.id)")
            #expect(scope.title.en != scope.title.zh, "\(scope.id)")
        }
    }

    @Test func `a scope that needs other facts gives no figure without them`() throws {
        for scope in try Self.catalogue.get().scopes {
            let rows = [
                ScopeSumRow(
                    provider: "openrouter", tenantKind: .externalCustomer, model: "m",
                    counts: SignedTokenCounts(requests: 1, input: 3, output: 4))
            ]
            do {
                let table = try ShareTable(scope: scope, period: Period("2025-06"), sums: rows)
                #expect(scope.requiredFacts.isEmpty, "\(scope.id)")
                #expect(table.denominator == 7, "\(scope.id)")
            } catch let error as MissingFacts {
                #expect(error.scope == scope.id && error.facts == scope.requiredFacts && !error.facts.isEmpty)
                #expect(error.description.contains(error.facts[0].rawValue), "\(error)")
                #expect(error.kinds.allSatisfy(scope.readFacts.contains), "\(error)")
            }
        }
    }

    @Test func `the scopes of revenue state their currency`() throws {
        for scope in try Self.catalogue.get().scopes {
            #expect((scope.currency != nil) == (scope.measure.unit == .money), "\(scope.id)")
        }
        #expect(try Self.scope("openrouter-revenue").currency == "USD")
    }
}

@Suite struct ScopeExplanationTests {
    @Test func `IDC is explained in both languages`() throws {
        let idc = try BuiltInScopeTests.scope("idc").explanation
        #expect(
            idc.en == """
                Counts input and output tokens of external customers, on the layer MaaS. Not counted: tenants that nobody \
                has classified, the provider's own business, affiliates, trials, tests, usage on the layer PaaS, usage on \
                the layer IaaS and usage on the layer on-premises. The whole is divided among providers. The figure is the \
                sum over the period, in days of Asia/Shanghai; a share is a part of everything counted, in percent with 1 \
                decimal.
                """)
        #expect(
            idc.zh == """
                统计输入与输出 Tokens：租户类型为外部客户，服务层为 MaaS。不计入：未分类租户、自有业务、关联方、试用、测试、PaaS服务层用量、\
                IaaS服务层用量和本地部署服务层用量。按云厂商划分。数值为期内合计，按 Asia/Shanghai 的自然日计；份额为占全部计入量的百分比，保留 1 位小数。
                """)
    }

    @Test(arguments: [
        ("all-traffic", "Nothing that the ledger holds is left out.", "账本中的用量全部计入。"),
        ("idc-2024", "Not counted: tenants that nobody has classified", "海外用量"),
        ("omdia-ai-cloud", "needs revenue records of the providers", "还需要各厂商收入记录"),
        ("frost-sullivan-self-developed", "divided by the calendar days", "不计入：未分类租户、自有业务、关联方、试用、测试和第三方模型"),
        ("openrouter", "the 50 largest by name and the others together", "列出前 50 名"),
        ("ai-public-cloud-services", "Added to it: revenue of product and project customisation", "产品与项目定制收入"),
        ("tenders", "Counts the number of tenders won.", "统计中标项目数。"),
        ("tenders-amount", "Counts the amount of tenders won in CNY.", "中标金额（CNY）"),
        ("iceberg", "Added to it: what private deployments of open models report.", "私有化部署上报量"),
        ("openrouter-revenue", "Counts revenue in USD", "收入（USD）"),
    ])
    func `the others say what sets them apart`(id: String, english: String, chinese: String) throws {
        let text = try BuiltInScopeTests.scope(id).explanation
        #expect(text.en.contains(english), "\(text.en)")
        #expect(text.zh.contains(chinese), "\(text.zh)")
    }

    /// The explanation is made from the definition: whatever changes a figure changes the words, and nothing else does.
    @Test func `every change of meaning changes the words`() throws {
        let idc = try BuiltInScopeTests.scope("idc")
        let changes: [(inout Scope) -> Void] = [
            { $0.measure = .requests }, { $0.filters.kinds = nil }, { $0.filters.kinds = [.externalCustomer, .trial] },
            { $0.filters.layers = nil }, { $0.filters.workloads = [.batch] }, { $0.filters.modalities = [.image] },
            { $0.filters.regions = [NamePattern("cn-*")] }, { $0.filters.markets = [.overseas] },
            { $0.filters.models = [NamePattern("qwen-*")] }, { $0.filters.origins = [.resold] },
            { $0.filters.providers = ["aliyun"] }, { $0.additions = [.privateDeployments] }, { $0.entity = .model },
            { $0.top = 3 }, { $0.aggregate = .dailyAverage }, { $0.zone = "UTC" },
            { $0.denominator = .referenceTotal("idc-2025-h1") }, { $0.precision = 2 },
        ]
        var seen: Set<LocalizedText> = [idc.explanation]
        var forms: Set<String> = [idc.canonicalForm]
        for (index, change) in changes.enumerated() {
            var other = idc
            change(&other)
            #expect(seen.insert(other.explanation).inserted, "change \(index): \(other.explanation.en)")
            #expect(forms.insert(other.canonicalForm).inserted, "change \(index): \(other.canonicalForm)")
        }
        var renamed = idc
        renamed.title = LocalizedText(en: "x", zh: "y")
        renamed.citation = "z"
        #expect(renamed.explanation == idc.explanation && renamed.digest == idc.digest)
    }

    @Test func `names that hold separators do not look like two`() throws {
        var one = try BuiltInScopeTests.scope("idc")
        var two = one
        one.filters.regions = [NamePattern("a,b")]
        two.filters.regions = [NamePattern("a"), NamePattern("b")]
        #expect(one.canonicalForm != two.canonicalForm)
    }
}

@Suite struct NamePatternTests {
    @Test(arguments: [
        ("cn-*", "cn-beijing", true), ("cn-*", "cn-", true), ("cn-*", "ap-1", false), ("cn-1", "cn-1", true),
        ("cn-1", "cn-10", false), ("*", "", true), ("", "", true),
        // By bytes, as PostgreSQL compares: é composed and decomposed are two names, and e is a prefix of the latter.
        ("caf\u{E9}", "cafe\u{301}", false), ("cafe*", "cafe\u{301}", true),
    ])
    func `a pattern is a name or a prefix`(pattern: String, name: String, matches: Bool) {
        #expect(NamePattern(pattern).matches(name) == matches)
    }
}

@Suite struct CustomScopeTests {
    private static func catalogue(_ directory: String) throws -> ScopeCatalogue {
        try ScopeCatalogue.builtIn().adding(TextFile.yamlFiles(in: directory))
    }

    /// A directory of a test's own.
    static func withDirectory(_ files: [String: String], _ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "scopes-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for (name, text) in files {
            try #require(FileManager.default.createFile(atPath: "\(directory)/\(name)", contents: Data(text.utf8)))
        }
        try body(directory)
    }

    @Test func `custom scopes stand beside the built-in ones`() throws {
        try Self.withDirectory(["house.yaml": ScopeParsingTests.good, "notes.txt": "not a scope"]) { directory in
            let catalogue = try Self.catalogue(directory)
            #expect(try catalogue.scope("house").version == 2)
            #expect(catalogue.scopes.count == ScopeCatalogue.builtInNames.count + 1)
        }
    }

    @Test func `a custom scope may not shadow a built-in one or another`() throws {
        let shadow =
            "# ours\n"
            + ScopeParsingTests.good.replacing("id: house", with: "id: idc")
            .replacing("precision: 2", with: "precision: two")
        try Self.withDirectory(["a.yaml": shadow]) { directory in
            let error = try #require(throws: FileProblems.self) { try Self.catalogue(directory) }
            #expect(error.description.contains("a.yaml: line 2, id: there is a built-in scope idc already"))
            #expect(error.problems.map(\.field) == ["id", "precision"])
        }
        try Self.withDirectory(["a.yaml": ScopeParsingTests.good, "b.yml": ScopeParsingTests.good]) { directory in
            let error = try #require(throws: FileProblems.self) { try Self.catalogue(directory) }
            #expect(error.description.contains("b.yml: line 1, id: there is a scope house already"))
        }
    }

    @Test func `what can't be read is named`() throws {
        let missing = try #require(throws: FileProblems.self) { try Self.catalogue("/nowhere/at/all") }
        #expect(missing.description.contains("/nowhere/at/all"))
        try Self.withDirectory([:]) { directory in
            #expect(throws: FileProblems.self) { try TextFile(path: "\(directory)/none.yaml") }
            try #require(
                FileManager.default.createFile(atPath: "\(directory)/bytes.yaml", contents: Data([0x69, 0xFF, 0xFE])))
            let error = try #require(throws: FileProblems.self) { try Self.catalogue(directory) }
            #expect(error.description.contains("not UTF-8"))
        }
    }
}
