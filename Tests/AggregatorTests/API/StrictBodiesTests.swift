import APIModel
import Foundation
import HTTPSupport
import Store
import TestSupport
import Testing
import TextFormats
import UsageModel

@testable import Aggregator

/// Every request with a JSON body × every way to say something that another reader would take differently.
@Suite struct StrictBodiesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var type: any JSONRequest.Type
        /// A body with every member.
        var body: [JSONMember]

        var testDescription: String { "\(type)" }

        func problem(_ text: String) -> Problem? {
            do throws(Problem) {
                _ = try type.init(request: Array(text.utf8))
                return nil
            } catch {
                return error
            }
        }
    }

    static let cases: [Case] = [
        Case(
            type: EpochRequest.self,
            body: [
                JSONMember("spool_id", .string(TestClient.spool)), JSONMember("software_version", "1.0"),
                JSONMember("last_epoch", 3), JSONMember("last_next_sequence", 0),
            ]),
        Case(
            type: ControlMessages.LookupRequest.self,
            body: [JSONMember("epoch", 1), JSONMember("digests", [.string(String(repeating: "a", count: 64))])]),
        Case(
            type: StatementRequest.self,
            body: [
                JSONMember("scope", "idc"), JSONMember("month", "2025-06"), JSONMember("override_reason", "because"),
            ]),
        Case(type: StatementWithdrawal.self, body: [JSONMember("reason", "because")]),
        Case(
            type: TokenRequest.self,
            body: [
                JSONMember("role", "auditor"), JSONMember("provider", "aliyun"), JSONMember("note", "n"),
                JSONMember("holder", "Ann"), JSONMember("expires", "30d"),
            ]),
        Case(type: TokenRotationRequest.self, body: [JSONMember("overlap", "1h"), JSONMember("expires", "30d")]),
    ]

    private static func text(_ members: [(name: String, value: String)]) -> String {
        "{" + members.map { "\"\($0.name)\":\($0.value)" }.joined(separator: ",") + "}"
    }

    private static func members(_ body: [JSONMember]) -> [(name: String, value: String)] {
        body.map { ($0.name, String(decoding: $0.value.encoded, as: UTF8.self)) }
    }

    @Test(arguments: cases)
    func `a body with every member is taken, and the case has every member`(of request: Case) {
        #expect(request.problem(Self.text(Self.members(request.body))) == nil)
        guard case .object(let members) = request.type.shape else {
            Issue.record("no object")
            return
        }
        #expect(members.map(\.name) == request.body.map(\.name))
    }

    @Test(arguments: cases)
    func `members that are renamed, unknown or repeated are refused by name`(of request: Case) {
        let members = Self.members(request.body)
        for index in members.indices {
            for name in [members[index].name.uppercased(), members[index].name.capitalized] {
                var changed = members
                changed[index].name = name
                let problem = request.problem(Self.text(changed))
                #expect(
                    problem?.status == 400 && problem?.detail.contains("did you mean \(members[index].name)?") == true)
                #expect(problem?.extensions == [JSONMember("member", .string(name))])
            }
            let twice = request.problem(Self.text(members + [members[index]]))
            #expect(twice?.detail == "\(members[index].name) stands there twice.")
        }
        let unknown = request.problem(Self.text(members + [("surplus", "1")]))
        #expect(unknown?.status == 400 && unknown?.detail.hasPrefix("surplus is not known here") == true)
    }

    @Test(arguments: cases)
    func `members of another type are refused by name`(of request: Case) {
        let members = Self.members(request.body)
        for index in members.indices {
            var values = [
                "null", "[]", "{}", "true", "9223372036854775808", "18446744073709551616", "1e400", "-0", "1.0", "-1",
            ]
            switch request.body[index].value {
            case .string: values.append("7")
            case .array: values = values.filter { $0 != "[]" } + ["\"x\"", "7", "[7]", "[null]", "[[]]"]
            default: values += ["\"7\"", "\"\""]
            }
            for value in values {
                var changed = members
                changed[index].value = value
                let problem = request.problem(Self.text(changed))
                #expect(problem?.status == 400, "\(members[index].name): \(value)")
                #expect(problem?.detail.hasPrefix(members[index].name) == true, "\(problem?.detail ?? "")")
            }
        }
    }

    @Test func `a misspelt provider makes no token that sees the whole market`() async throws {
        try await World.with { world in
            let admin = try await world.token(.admin)
            try await world.asCaller { client in
                for body in [
                    #"{"role":"auditor","Provider":"aliyun"}"#, #"{"role":"auditor","provider":null}"#,
                    #"{"role":"auditor","provider":"aliyun","provider":"volcengine"}"#,
                ] {
                    let reply = try await client.postJSON("/v1/tokens", body, token: admin)
                    #expect((reply.status, reply.code) == (400, "bad-request"), "\(body): \(reply.text)")
                }
                let tokens = try await client.get("/v1/tokens", token: admin).json()["tokens"] as? [Any]
                #expect(tokens?.count == 1)
                let body = try await client.send(
                    "DELETE", "/v1/tokens/x", headers: [("Authorization", "Bearer \(admin)")], body: Array("{}".utf8))
                #expect(body.status == 400)
            }
            try await world.asCollector { client in
                let spool = TestClient.spool
                let reply = try await client.postJSON(
                    "/v1/epochs", #"{"spool_id":"\#(spool)","software_version":"1.0","Last_epoch":7}"#)
                #expect((reply.status, reply.code) == (400, "bad-request"))
                let lookup = try await client.postJSON("/v1/batches/lookup", #"{"epoch":1,"digests":[],"x":1}"#)
                #expect((lookup.status, lookup.code) == (400, "bad-request"))
            }
        }
    }
}
