import Testing
import Usage

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

    @Test func reads_a_scope() throws {
        let scope = try Scope.parse(Self.good, file: "house.yaml")
        #expect(scope.id == "house" && scope.version == 2 && scope.precision == 2)
        #expect(scope.title == LocalizedText(en: "House", zh: "自定义"))
        #expect(scope.filters.kinds == [.externalCustomer, .trial])
        #expect(scope.filters.layers == [.maas])
        #expect(scope.filters.workloads == nil && scope.filters.modalities == nil)
        #expect(scope.filters.regions == [RegionPattern("cn-*"), RegionPattern("eu-1")])
        #expect(scope.aggregate == .dailyAverage)
    }

    @Test func the_built_in_scopes_are_valid_and_named_like_their_files() throws {
        let catalogue = try ScopeCatalogue.builtIn()
        #expect(catalogue.scopes.map(\.id) == ScopeCatalogue.builtInNames.sorted())
        let idc = try catalogue.scope("idc")
        #expect(idc.filters.kinds == [.externalCustomer])
        #expect(idc.filters.layers == [.maas])
        #expect(try catalogue.scope("all-traffic").filters.kinds == nil)
    }

    @Test func an_unknown_scope_is_answered_with_the_known_ones() throws {
        let catalogue = try ScopeCatalogue.builtIn()
        let error = try #require(throws: UnknownScope.self) { try catalogue.scope("omdia") }
        #expect(error.description.contains("omdia"))
        #expect(error.description.contains("all-traffic, idc"))
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
        ("measure: tokens", "measure: words", 5, "measure", "use one of tokens, requests"),
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
        ("precision: 2", "precision: 9", 14, "precision", "from 0 to 6"),
        ("precision: 2", "precision: 2\nid: again", 1, nil, "there twice"),
        ("precision: 2", "precision: [2", 15, nil, "not YAML"),
        ("citation: our own rule", "citation: &a our own rule", 4, nil, "anchors"),
    ]

    @Test(arguments: broken.indices)
    func a_mistake_is_named_by_line_and_key(index: Int) throws {
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
    func what_is_no_scope_at_all_is_refused(text: String) {
        #expect(throws: FileProblems.self) { try Scope.parse(text, file: "x.yaml") }
    }

    @Test func all_mistakes_come_at_once() throws {
        let text = Self.good.replacing("version: 2", with: "version: x").replacing("precision: 2", with: "precision: y")
        let error = try #require(throws: FileProblems.self) { try Scope.parse(text, file: "house.yaml") }
        #expect(error.problems.map(\.field) == ["version", "precision"])
    }

    @Test func the_canonical_form_ignores_spelling_and_shows_meaning() throws {
        let scope = try Scope.parse(Self.good, file: "a.yaml")
        let respelled = try Scope.parse(
            "# a comment\n"
                + Self.good.replacing("[external-customer, trial]", with: "\n    - trial\n    - external-customer")
                .replacing("layers: [maas]", with: "workloads: all\n  layers: [ maas ]"), file: "b.yaml")
        #expect(scope.canonicalForm == respelled.canonicalForm)
        #expect(scope.canonicalForm.contains("filters.kinds=external-customer,trial\n"))
        let other = try Scope.parse(Self.good.replacing("layers: [maas]", with: "layers: [paas]"), file: "c.yaml")
        #expect(other.canonicalForm != scope.canonicalForm)
    }
}
