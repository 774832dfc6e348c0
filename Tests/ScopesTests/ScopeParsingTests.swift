import Testing
internal import TextFormats
import UsageModel

@testable import Scopes

@Suite struct ScopeParsingTests {
    static let good = """
        id: house
        version: 2
        title: {en: "House", zh: "自定义"}
        citation: our own rule
        measure: tokens
        filters:
          kinds: [external-customer, trial]
          layers: [maas]
          regions: [cn-*, eu-1]
        entity: provider
        aggregate: daily-average
        zone: Asia/Shanghai
        denominator: everything-counted
        precision: 2

        """

    @Test func `reads a scope`() throws {
        let scope = try Scope.parse(Self.good, file: "house.yaml")
        #expect(scope.id == "house" && scope.version == 2 && scope.precision == 2)
        #expect(scope.title == LocalizedText(en: "House", zh: "自定义"))
        #expect(scope.filters.kinds == [.externalCustomer, .trial])
        #expect(scope.filters.layers == [.maas])
        #expect(scope.filters.workloads == nil && scope.filters.modalities == nil)
        #expect(scope.filters.regions == [NamePattern("cn-*"), NamePattern("eu-1")])
        #expect(scope.aggregate == .dailyAverage)
    }

    @Test func `reads what only some scopes say`() throws {
        let text = """
            id: wide
            version: 1
            title: {en: Wide, zh: 宽}
            citation: ours
            measure: revenue
            currency: USD
            filters:
              providers: [openrouter]
              kinds: all
              markets: [cn-mainland, overseas]
              models: [qwen-*, deepseek-r1]
              origins: [resold]
            additions: [customisation]
            entity: provider
            top: 20
            aggregate: sum
            zone: UTC
            denominator:
              reference-total: omdia-2025-h1
            precision: 0
            """
        let scope = try Scope.parse(text, file: "wide.yaml")
        #expect(scope.measure == .revenue && scope.currency == "USD" && scope.additions == [.customisation])
        #expect(scope.filters.providers == ["openrouter"] && scope.filters.kinds == nil)
        #expect(scope.filters.markets == [.cnMainland, .overseas] && scope.filters.origins == [.resold])
        #expect(scope.filters.models == [NamePattern("deepseek-r1"), NamePattern("qwen-*")])
        #expect(scope.entity == .provider && scope.top == 20 && scope.precision == 0)
        #expect(scope.denominator == .referenceTotal("omdia-2025-h1"))
        #expect(
            scope.requiredFacts == [
                .regionCatalogue, .modelCatalogue, .providerCatalogue, .revenueRecords, .referenceTotals,
            ])
        for part in [
            #""additions":["customisation"],"#, #""currency":"USD","denominator":"reference-total:omdia-2025-h1","#,
            #""markets":["cn-mainland","overseas"],"models":["deepseek-r1","qwen-*"],"origins":["resold"],"#
                + #""providers":["openrouter"]"#, #""precision":0,"top":20,"#,
        ] {
            #expect(scope.canonicalForm.contains(part), "\(part) in \(scope.canonicalForm)")
        }
    }

    @Test func `the built-in scopes are valid and named like their files`() throws {
        let catalogue = try ScopeCatalogue.builtIn()
        #expect(catalogue.scopes.map(\.id) == ScopeCatalogue.builtInNames.sorted())
        let idc = try catalogue.scope("idc")
        #expect(idc.filters.kinds == [.externalCustomer])
        #expect(idc.filters.layers == [.maas])
        #expect(try catalogue.scope("all-traffic").filters.kinds == nil)
    }

    @Test func `an unknown scope is answered with the known ones`() throws {
        let catalogue = try ScopeCatalogue.builtIn()
        let error = try #require(throws: UnknownScope.self) { try catalogue.scope("omdia") }
        #expect(error.description.contains("'omdia'"))
        #expect(error.description.contains("iceberg, idc, idc-2024, omdia-ai-cloud"))
    }

    /// What is replaced in the good file, by what, and the line, key and part of the message that must come out.
    static let broken: [(String, String, Int, String?, String)] = [
        ("version: 2\n", "", 1, "version", "is missing"),
        ("version: 2", "version: two", 2, "version", "must be a whole number"),
        ("version: 2", "version: 0", 2, "version", "from 1 to"),
        ("version: 2", "version: 1.5", 2, "version", "not '1.5'"),
        ("id: house", "id: My House", 1, "id", "is no id"),
        ("title: {en: \"House\", zh: \"自定义\"}", "title: House", 3, "title", "must be a map"),
        (", zh: \"自定义\"", "", 3, "title.zh", "is missing"),
        ("citation: our own rule", "citation: ''", 4, "citation", "must be a text"),
        ("measure: tokens", "measure: words", 5, "measure", "use one of tokens, requests, revenue"),
        ("filters:\n", "filtres:\n", 6, "filtres", "unknown key"),
        ("  kinds: [external-customer, trial]\n", "", 7, "filters.kinds", "or write all"),
        ("external-customer, trial", "external-customer, external", 7, "filters.kinds", "'external' is not known"),
        ("external-customer, trial", "trial, trial", 7, "filters.kinds", "twice"),
        ("external-customer, trial", "", 7, "filters.kinds", "at least one"),
        ("layers: [maas]", "layer: [maas]", 8, "filters.layer", "unknown key"),
        ("layers: [maas]", "layers: maas", 8, "filters.layers", "must be a list"),
        ("layers: [maas]", "layers: [[maas]]", 8, "filters.layers", "must be a text"),
        ("cn-*", "c*n", 9, "filters.regions", "only stand at the end"),
        ("entity: provider", "entity: planet", 10, "entity", "use one of provider"),
        ("zone: Asia/Shanghai", "zone: Mars/Base", 12, "zone", "no time zone"),
        ("regions: [cn-*, eu-1]", "regions: [all]", 9, "filters.regions", "stands alone"),
        ("regions: [cn-*, eu-1]", "regions: {cn: 1}", 9, "filters.regions", "must be a list"),
        ("regions: [cn-*, eu-1]", "models: [q*n]", 9, "filters.models", "only stand at the end"),
        ("regions: [cn-*, eu-1]", "model: [qwen-*]", 9, "filters.model", "unknown key"),
        ("regions: [cn-*, eu-1]", "markets: [cn-mainland, asia]", 9, "filters.markets", "'asia' is not known"),
        ("regions: [cn-*, eu-1]", "origins: [own]", 9, "filters.origins", "use one of self-developed, resold"),
        ("regions: [cn-*, eu-1]", "providers: [Open Router]", 9, "filters.providers", "is no provider name"),
        ("regions: [cn-*, eu-1]", "providers: [all]", 9, "filters.providers", "stands alone"),
        ("entity: provider", "entity: provider\ntop: 0", 11, "top", "from 1 to 10000"),
        (
            "entity: provider", "entity: provider\nadditions: [customisation]", 11, "additions",
            "in revenue, not in tokens"
        ),
        ("entity: provider", "entity: model\nadditions: [customisation]", 10, "entity", "kept by provider"),
        ("entity: provider", "entity: provider\nadditions: [icebergs]", 11, "additions", "'icebergs' is not known"),
        ("measure: tokens", "measure: revenue", 1, "currency", "is missing"),
        ("measure: tokens", "measure: revenue\ncurrency: yuan", 6, "currency", "no ISO 4217 code"),
        ("measure: tokens", "measure: tokens\ncurrency: CNY", 6, "currency", "no money"),
        ("measure: tokens", "measure: tender-count", 7, "filters.kinds", "tenders have providers only"),
        ("measure: tokens", "measure: tender-count", 8, "filters.layers", "tenders have providers only"),
        ("denominator: everything-counted", "denominator: everything", 13, "denominator", "reference-total"),
        ("denominator: everything-counted", "denominator: {total: x}", 13, "denominator.reference-total", "is missing"),
        ("denominator: everything-counted", "denominator: {total: x}", 13, "denominator.total", "unknown key"),
        ("precision: 2", "precision: 9", 14, "precision", "from 0 to 6"),
        ("precision: 2", "precision: 2\nid: again", 15, nil, "gives \"id\" twice, first in line 1"),
        ("precision: 2", "precision: [2", 15, nil, "not YAML"),
        ("citation: our own rule", "citation: &a our own rule", 4, nil, "anchors"),
    ]

    @Test(arguments: broken.indices)
    func `a mistake is named by line and key`(index: Int) throws {
        let (good, bad, line, field, part) = Self.broken[index]
        try #require(Self.good.contains(good))
        let text = Self.good.replacing(good, with: bad, maxReplacements: 1)
        let error = try #require(throws: FileProblems.self) { try Scope.parse(text, file: "house.yaml") }
        let match = error.problems.first { $0.field == field && $0.message.contains(part) }
        #expect(match != nil, "\(error)")
        #expect(match?.line == line, "\(error)")
        #expect(error.description.hasPrefix("house.yaml: line "))
    }

    @Test(arguments: ["", "- a\n- b\n", "just words", "a: *b", "\t: x: y"])
    func `what is no scope at all is refused`(text: String) {
        #expect(throws: FileProblems.self) { try Scope.parse(text, file: "x.yaml") }
    }

    @Test func `all mistakes come at once`() throws {
        let text = Self.good.replacing("version: 2", with: "version: x").replacing("precision: 2", with: "precision: y")
        let error = try #require(throws: FileProblems.self) { try Scope.parse(text, file: "house.yaml") }
        #expect(error.problems.map(\.field) == ["version", "precision"])
    }

    @Test func `the canonical form ignores spelling and shows meaning`() throws {
        let scope = try Scope.parse(Self.good, file: "a.yaml")
        let respelled = try Scope.parse(
            "# a comment\n"
                + Self.good.replacing("[external-customer, trial]", with: "\n    - trial\n    - external-customer")
                .replacing("layers: [maas]", with: "workloads: all\n  layers: [ maas ]"), file: "b.yaml")
        #expect(scope.canonicalForm == respelled.canonicalForm)
        #expect(scope.canonicalForm.contains(#""kinds":["external-customer","trial"]"#))
        let other = try Scope.parse(Self.good.replacing("layers: [maas]", with: "layers: [paas]"), file: "c.yaml")
        #expect(other.canonicalForm != scope.canonicalForm)
    }
}
