import APIModel
import Foundation
import Identity
import Testing

@testable import steelyard

@Suite struct ScopeCommandTests {
    static let house = """
        id: house
        version: 2
        title: {en: "House", zh: "自定义"}
        citation: our own rule
        measure: tokens
        filters:
          kinds: [external-customer]
          layers: [maas]
        entity: provider
        aggregate: sum
        zone: Asia/Shanghai
        denominator: everything-counted
        precision: 1

        """

    @Test func `lint names every mistake of every file`() async throws {
        try await withScratchDirectory("lint") { scratch in
            let good = scratch + "/good.yaml"
            let typo = scratch + "/typo.yaml"
            let shadow = scratch + "/shadow.yaml"
            try PrivateFile.write(Self.house, to: good, for: .everybody, overwriting: false)
            try PrivateFile.write(
                Self.house.replacing("layers", with: "layer").replacing("Asia/Shanghai", with: "Asia/Shanghay"),
                to: typo, for: .everybody, overwriting: false)
            try PrivateFile.write(
                Self.house.replacing("id: house", with: "id: idc"), to: shadow, for: .everybody, overwriting: false)
            let fine = try await Program.run("scope", "lint", good)
            #expect(fine.exitCode == 0 && fine.errors.isEmpty, "\(fine.errors)")
            #expect(fine.output.hasPrefix("\(good): house v2, SHA-256 "))
            let all = try await Program.run("scope", "lint", scratch)
            #expect(all.exitCode == 5)
            #expect(all.output.hasPrefix("\(good): house v2"), "\(all.output)")
            #expect(all.errors.contains("typo.yaml: line 8, filters.layer: unknown key"), "\(all.errors)")
            #expect(all.errors.contains("typo.yaml: line 11, zone: 'Asia/Shanghay' is no time zone"), "\(all.errors)")
            #expect(all.errors.contains("shadow.yaml: line 1, id: there is a built-in scope idc already"))
            let twice = try await Program.run("scope", "lint", good, good)
            #expect(twice.exitCode == 5 && twice.errors.contains("there is a scope house already"))
            #expect(try await Program.run("scope", "lint", scratch + "/none.yaml").exitCode == 5)
        }
    }

    @Test func `explain says a built-in scope and a file in both languages`() async throws {
        let english = try await Program.run("scope", "explain", "omdia-ai-cloud", "--offline")
        #expect(english.exitCode == 0, "\(english.errors)")
        #expect(
            english.output.hasPrefix("Counts revenue in CNY of external customers, on the layers MaaS, PaaS and IaaS."))
        #expect(english.output.hasSuffix("needs revenue records of the providers or a price book.\n"))
        let chinese = try await Program.run("scope", "explain", "omdia-ai-cloud", "--offline", "--zh")
        #expect(chinese.output.hasPrefix("统计收入（CNY）"))
        try await withScratchDirectory("explain") { scratch in
            let file = scratch + "/house.yaml"
            try PrivateFile.write(Self.house, to: file, for: .everybody, overwriting: false)
            let house = try await Program.run("scope", "explain", file)
            #expect(house.output.contains("on the layer MaaS"), "\(house.output)\(house.errors)")
        }
    }

    @Test func `the scopes of this machine come in every format`() async throws {
        try await withScratchDirectory("list") { scratch in
            try PrivateFile.write(Self.house, to: scratch + "/house.yaml", for: .everybody, overwriting: false)
            let json = try await Program.run(
                "scope", "list", "--offline", "--directory", scratch, "--format", "json")
            let answer = try JSONDecoder().decode(ScopesResponse.self, from: Data(json.output.utf8))
            let house = try #require(answer.scopes.first { $0.id == "house" })
            #expect(!house.builtIn && house.version == 2 && house.sha256.text.utf8.count == 64)
            #expect(answer.scopes.filter(\.builtIn).count == answer.scopes.count - 1)
            #expect(json.output.contains("\"currency\":null"))
            let table = try await Program.run("scope", "list", "--offline", "--zh")
            #expect(table.output.contains("口径") && table.output.contains("private-deployments"))
            #expect(!table.output.contains("house"))
            let csv = try await Program.run("scope", "list", "--offline", "--format", "csv")
            #expect(csv.output.hasPrefix("id,version,sha256,"))
            let one = try await Program.run("scope", "show", "openrouter", "--offline", "--format", "json")
            let scope = try JSONDecoder().decode(ScopeDefinition.self, from: Data(one.output.utf8))
            #expect(scope == answer.scopes.first { $0.id == "openrouter" })
            let shown = try await Program.run("scope", "show", "openrouter", "--offline")
            let lines = shown.output.split(separator: "\n").map { $0.split(separator: " ") }
            #expect(lines.contains(["filters.providers", "openrouter"]), "\(shown.output)")
            #expect(lines.contains(["top", "50"]), "\(shown.output)")
        }
    }

    @Test(arguments: [
        ["scope", "show", "idc", "--format", "csv"], ["scope", "list", "--directory", "/tmp"], ["scope", "lint"],
        ["scope", "explain", "nobody", "--offline"], ["scope", "explain"],
    ])
    func `wrong arguments end with 2`(_ arguments: [String]) async throws {
        let outcome = try await Program.run(list: arguments)
        #expect(outcome.exitCode == 2, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.isEmpty)
    }
}
