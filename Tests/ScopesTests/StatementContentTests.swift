import TestSupport
import Testing
internal import TextFormats
import UsageModel

@testable import Scopes

@Suite struct StatementContentTests {
    /// Awkward on purpose: separators, escapes, line ends and a comma with a combining position in names and texts.
    static func content(rows: Int = 3, overrideReason: String? = "a, b\\c\nd\r\ne") throws -> StatementContent {
        let scope = Scope(
            id: "house", version: 3, title: LocalizedText(en: "A, \"B\" = C", zh: "口径：甲，乙"), citation: "said\nso",
            measure: .tokens,
            filters: ScopeFilters(
                providers: ["b", "a"], kinds: [.externalCustomer],
                regions: [NamePattern("us-1"), NamePattern("cn,\u{301}*")], models: [NamePattern("x\\y")]),
            entity: .model, top: 2, aggregate: .dailyAverage, zone: "Asia/Shanghai", denominator: .everythingCounted,
            precision: 2)
        let names = ["m,1", "m:2=\\", "m\u{301}", "z"]
        let sums = (0..<rows).map { index in
            FilteredSumRow(
                provider: "a", tenantKind: TenantKind.allCases[index % 3], model: names[index % names.count],
                passesFilters: index % 4 != 3,
                counts: SignedTokenCounts(requests: 1, input: Int128(1) << Int128(index * 9), output: 5))
        }
        let table = try ShareTable(scope: scope, period: Period("2025-06"), filtered: sums).frozen()
        return StatementContent(
            table: table, calendar: "Asia/Shanghai", knownAt: "2025-07-03T00:00:00.000001Z", position: 12,
            coverage: [
                StatementCoverage(
                    provider: "a", collector: "edge-1", batches: 3, events: 9, refused: 1, firstMinute: nil,
                    lastMinute: "2025-06-30T15:59:00Z", lastSeen: "2025-07-03T00:00:00.000000Z", pending: 1,
                    quarantined: 0)
            ],
            highWater: [
                StatementHighWater(
                    provider: "a", collector: "edge-1", epoch: 2, nextSequence: 7,
                    chain: String(repeating: "0f", count: 32))
            ],
            shortcomings: [
                StatementShortcoming(.pendingBatches, subject: "a/edge-1", text: "one, two"),
                StatementShortcoming(.unclassifiedUsage, isBlocking: false, text: "3 %"),
            ], overrideReason: overrideReason, proposedAt: "2025-07-03T00:00:00.000000Z", proposedBy: "Ann, A.",
            proposedToken: "t1")
    }

    @Test(arguments: [0, 1, 3, 12]) func `a statement reads back from its canonical form`(_ rows: Int) throws {
        let content = try Self.content(rows: rows)
        #expect(try StatementContent(text: content.text) == content)
        #expect(content.contradictions == [])
    }

    /// What money and published totals add to a table is frozen too.
    @Test func `revenue against a published total reads back`() throws {
        let scope = Facts.scope(
            .revenue, ScopeFilters(kinds: [.externalCustomer], layers: [.maas]), currency: "CNY",
            denominator: .referenceTotal("maas-market"))
        let period = try Period("2025-06")
        let book = try FactBook(
            Facts.records(.revenue, "a,2025-06,maas,12.5,CNY,report", "b,2025-05,maas,1,CNY,report")
                + Facts.records(
                    .referenceTotals, "maas-market,2025-06,,100,CNY,0.1,\"a, b\",2025-07-01"))
        let table = try ShareTable(scope: scope, period: period, filtered: [], facts: book).frozen()
        #expect(table.reference?.source == "a, b" && table.referencePrecision > 0)
        #expect(table["a"]?.revenueFrom == [.imported])
        var content = try Self.content(rows: 1)
        content.table = table
        #expect(try StatementContent(text: content.text) == content)
        #expect(content.contradictions == [])
    }

    @Test func `the form is what the documentation says`() throws {
        let content = try Self.content(rows: 2, overrideReason: nil)
        let chain = String(repeating: "0f", count: 32)
        #expect(
            content.text
                == #"{"calendar":"Asia/Shanghai","citation":"said\nso","collectors":[{"batches":"3","events":"9","#
                + #""last_minute":"2025-06-30T15:59:00Z","last_seen":"2025-07-03T00:00:00.000000Z","name":"edge-1","#
                + #""pending":"1","provider":"a","quarantined":"0","refused":"1"}],"denominator":"517","#
                + #""epochs":[{"chain":"\#(chain)","collector":"edge-1","epoch":"2","next_sequence":"7","provider":"a"}],"#
                + #""format":"steelyard-statement/2","gaps":[],"known_at":"2025-07-03T00:00:00.000001Z","#
                + #""month":"2025-06","position":"12","proposed_at":"2025-07-03T00:00:00.000000Z","#
                + #""proposed_by":"Ann, A.","proposed_token":"t1","#
                + #""rows":[{"by_kind":{"external-customer":"517"},"entity":"m:2=\\","numerator":"517","rank":1},"#
                + #"{"by_kind":{"unclassified":"6"},"entity":"m,1","numerator":"0","rank":0}],"#
                + #""scope":{"aggregate":"daily-average","denominator":"everything-counted","entity":"model","#
                + #""filters":{"kinds":["external-customer"],"models":["x\\y"],"providers":["a","b"],"#
                + #""regions":["cn,\#u{301}*","us-1"]},"format":"steelyard-scope/2","id":"house","measure":"tokens","#
                + #""precision":2,"top":2,"version":3,"zone":"Asia/Shanghai"},"#
                + #""scope_sha256":"\#(content.table.scope.digest)","#
                + #""shortcomings":[{"blocking":true,"code":"pending-batches","subject":"a/edge-1","text":"one, two"},"#
                + #"{"blocking":false,"code":"unclassified-usage","text":"3 %"}],"#
                + #""title":{"en":"A, \"B\" = C","zh":"口径：甲，乙"},"#
                + #""total":{"by_kind":{"external-customer":"517","unclassified":"6"},"entity":"","numerator":"517","#
                + #""rank":0}}"#)
    }

    /// Every member left out, said twice or moved, and every byte changed, is refused or another statement.
    @Test func `nothing else reads as the same statement`() throws {
        let content = try Self.content()
        func isOther(_ text: String) -> Bool { (try? StatementContent(text: text)) != content }
        guard case .object(let members) = try JSONValue(canonical: content.text) else {
            Issue.record("a statement is no object")
            return
        }
        func text(_ members: [JSONMember]) -> String {
            String(decoding: JSONValue.object(members).encoded, as: UTF8.self)
        }
        #expect(!isOther(text(members)))
        for index in members.indices {
            var fewer = members
            fewer.remove(at: index)
            #expect(isOther(text(fewer)), "without \(members[index].name)")
            var twice = members
            twice.insert(members[index], at: index)
            #expect(isOther(text(twice)), "twice \(members[index].name)")
            if index + 1 < members.count {
                var swapped = members
                swapped.swapAt(index, index + 1)
                #expect(isOther(text(swapped)), "swapped \(members[index].name)")
            }
            var more = members
            more.insert(JSONMember(members[index].name + "a", "x"), at: index + 1)
            #expect(isOther(text(more)), "one more after \(members[index].name)")
        }
        let bytes = Array(content.text.utf8)
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            #expect(isOther(String(decoding: changed, as: UTF8.self)), "byte \(index)")
        }
        #expect(throws: CanonicalFormError.self) { try StatementContent(text: String(content.text.dropLast())) }
        #expect(throws: CanonicalFormError.self) { try StatementContent(text: content.text + "\n") }
    }

    /// A statement of a release before canonical JSON.
    @Test func `the former text form is refused by name`() throws {
        let error = #expect(throws: CanonicalFormError.self) {
            try StatementContent(text: "steelyard-statement=1\nscope=idc\n")
        }
        #expect(error?.description.contains("steelyard-statement=1") == true)
        #expect(error?.description.contains("steelyard-statement/2") == true)
    }

    @Test func `figures that do not add up are found`() throws {
        var content = try Self.content()
        let table = content.table
        content.table = ShareTable(
            scope: table.scope, period: table.period, frozen: Array(table.rows.dropLast()),
            denominator: table.denominator + 1, reference: table.reference,
            referencePrecision: table.referencePrecision, gaps: table.gaps, total: table.total)
        #expect(content.contradictions.count >= 2, "\(content.contradictions)")
        content = try Self.content(overrideReason: nil)
        #expect(content.contradictions.count == 1, "short without a reason")
    }
}

@Suite struct CanonicalReadingTests {
    @Test func `every built-in scope reads back from its canonical form`() throws {
        for scope in try ScopeCatalogue.builtIn().scopes {
            let read = try Scope(canonicalForm: scope.canonicalForm, title: scope.title, citation: scope.citation)
            #expect(read.canonicalForm == scope.canonicalForm)
            #expect(read.digest == scope.digest && read.filters.names.map(\.names) == scope.filters.names.map(\.names))
            #expect(read.denominator == scope.denominator && read.currency == scope.currency && read.top == scope.top)
        }
    }

    /// What is replaced in a canonical form, and by what.
    @Test(arguments: [
        ("{", ""), ("}", "}\n"), (",\"id\"", ", \"id\""), ("\"id\":", "\"ID\":"), ("\"version\":1", "\"version\":1.0"),
        ("\"version\":1", "\"version\":\"1\""), ("\"zone\":", "\"zone\":\"UTC\",\"zone\":"),
        ("\"zone\":", "\"words\":[],\"zone\":"), ("[\"external-customer\"]", "[\"friend\"]"),
        ("steelyard-scope/2", "steelyard-scope/1"), ("everything-counted", "everything"),
    ])
    func `what is no canonical form is refused`(_ good: String, _ bad: String) throws {
        let scope = try ScopeCatalogue.builtIn().scope("idc")
        try #require(scope.canonicalForm.contains(good))
        let form = scope.canonicalForm.replacing(good, with: bad, maxReplacements: 1)
        #expect(throws: CanonicalFormError.self) {
            try Scope(canonicalForm: form, title: scope.title, citation: scope.citation)
        }
    }

    @Test func `a filter of a name that is a keyword reads back as itself`() throws {
        let scope = Scope(
            id: "house", version: 1, title: LocalizedText(en: "x", zh: "x"), citation: "", measure: .tokens,
            filters: ScopeFilters(regions: [NamePattern("all")]), entity: .provider, aggregate: .sum, zone: "UTC",
            denominator: .everythingCounted, precision: 1)
        let table = try ShareTable(scope: scope, period: Period("2025-06"), filtered: [FilteredSumRow]())
        #expect(try table.frozen().scope == scope)
    }

    /// Bytes decide the order, not what Unicode takes for one character.
    @Test func `patterns in another order are the same definition`() throws {
        var one = try ScopeCatalogue.builtIn().scope("idc")
        var two = one
        one.filters.regions = [NamePattern("caf\u{E9}"), NamePattern("cafe\u{301}")]
        two.filters.regions = [NamePattern("cafe\u{301}"), NamePattern("caf\u{E9}")]
        #expect(one.canonicalForm.utf8.elementsEqual(two.canonicalForm.utf8))
    }
}

@Suite struct RestatementTests {
    private func table(_ amounts: [(String, TenantKind, Int128)], top: Int? = nil) throws -> ShareTable {
        let scope = Scope(
            id: "house", version: 1, title: LocalizedText(en: "x", zh: "x"), citation: "", measure: .tokens,
            filters: ScopeFilters(kinds: [.externalCustomer]), entity: .provider, top: top, aggregate: .sum,
            zone: "UTC", denominator: .everythingCounted, precision: 1)
        return try ShareTable(
            scope: scope, period: Period("2025-06"),
            filtered: amounts.map {
                FilteredSumRow(
                    provider: $0.0, tenantKind: $0.1, model: nil, passesFilters: true,
                    counts: SignedTokenCounts(requests: 1, input: $0.2, output: 0))
            })
    }

    @Test func `late usage and reclassification are told apart`() throws {
        let closed = try table([("a", .externalCustomer, 100), ("b", .externalCustomer, 50)])
        let later = try table([
            ("a", .externalCustomer, 110), ("b", .externalCustomer, 50), ("c", .unclassified, 7),
        ])
        let now = try table([("a", .externalCustomer, 110), ("b", .ownBusiness, 50), ("c", .externalCustomer, 7)])
        let restated = Restatement(closed: closed, later: later, now: now)
        #expect(restated.rows.map(\.entity) == ["a", "c", "b"])
        let numerators = restated.rows.map { "\($0.numerator.lateUsage) \($0.numerator.reclassification)" }
        #expect(numerators == ["10 0", "0 7", "0 -50"])
        #expect(restated.rows[1].unclassified.lateUsage.description == "7")
        #expect(restated.rows[1].unclassified.reclassification.description == "-7")
        #expect(restated.denominator.closed == 150 && restated.denominator.now == 117)
        #expect(restated.rows[0].closedPercent == "66.7" && restated.rows[0].percentNow == "94.0")
        #expect(!restated.isUnchanged && Restatement(closed: closed, later: closed, now: closed).isUnchanged)
    }

    /// Whatever changes, also where entities come, go, and move into and out of the row of the others.
    @Test func `every figure adds up exactly`() throws {
        var generator = SeededGenerator(seed: 20_250_630)
        for _ in 0..<200 {
            func random() throws -> ShareTable {
                try table(
                    (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                        (
                            "p\(Int.random(in: 0..<6, using: &generator))",
                            TenantKind.allCases.randomElement(using: &generator) ?? .test,
                            Int128.random(in: 0...(Int128.max >> 4), using: &generator)
                        )
                    }, top: 3)
            }
            let tables = [try random(), try random(), try random()]
            let restated = Restatement(closed: tables[0], later: tables[1], now: tables[2])
            var sum: Int128 = 0
            for row in restated.rows + [restated.total] {
                for figure in [
                    row.numerator, row.external, row.ownBusiness, row.unclassified, row.otherKinds, row.outsideFilters,
                ] {
                    let later = figure.lateUsage.applied(to: figure.closed)
                    #expect(later.flatMap { figure.reclassification.applied(to: $0) } == figure.now)
                }
                sum += row.entity.isEmpty && !row.isGathered ? 0 : row.numerator.now
            }
            #expect(sum == tables[2].denominator)
            #expect(restated.denominator.closed == tables[0].denominator)
        }
    }
}
