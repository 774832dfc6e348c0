import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing
import TextFormats

@testable import HTTPSupport

@Suite struct ProblemTests {
    private struct Broken: Error {}

    private func withServer(_ body: @Sendable (any TestClientProtocol) async throws -> Void) async throws {
        let router = Router()
        router.add(
            middleware: ProblemMiddleware(
                routes: RouteTable([("/things", "GET"), ("/things", "POST"), ("/broken", "GET")]),
                problem: { $0 is CancellationError ? .unavailable("The server is stopping.") : nil }))
        router.get("/things") { _, _ -> Response in
            throw Problem(
                status: 429, code: "too-many-things", title: "There are too many things", detail: "Take \"some\" away.",
                extensions: [JSONMember("limit", 3)], retryAfterSeconds: 7)
        }
        router.post("/things") { _, _ -> Response in throw CancellationError() }
        router.get("/broken") { _, _ -> Response in throw Broken() }
        router.get("/gone") { _, _ -> Response in throw HTTPError(.gone) }
        try await Application(router: router).test(.router, body)
    }

    private func code(_ response: TestResponse) throws -> String? {
        let object = try JSONSerialization.jsonObject(with: Data(response.body.readableBytesView))
        return (object as? [String: Any])?["code"] as? String
    }

    @Test func `a thrown problem is the answer`() async throws {
        try await withServer { client in
            try await client.execute(uri: "/things", method: .get) { response in
                #expect(response.status.code == 429)
                #expect(response.headers[.retryAfter] == "7")
                #expect(response.headers[.contentType] == "application/problem+json")
                #expect(response.headers[.cacheControl] == "no-store")
                #expect(
                    String(buffer: response.body) == #"""
                        {"type":"urn:steelyard:problem:too-many-things","title":"There are too many things",\#
                        "status":429,"detail":"Take \"some\" away.","code":"too-many-things","limit":3}
                        """#)
            }
        }
    }

    @Test func `other errors become what the server calls them or 500 without their cause`() async throws {
        try await withServer { client in
            try await client.execute(uri: "/things", method: .post) { response in
                #expect(response.status == .serviceUnavailable)
                let code = try code(response)
                #expect(code == "unavailable")
            }
            try await client.execute(uri: "/broken", method: .get) { response in
                #expect(response.status == .internalServerError)
                let code = try code(response)
                #expect(code == "internal-error")
                #expect(!String(buffer: response.body).contains("Broken"))
            }
            try await client.execute(uri: "/gone", method: .get) { response in
                #expect(response.status == .gone)
                let code = try code(response)
                #expect(code == "http-410")
            }
        }
    }

    @Test func `unknown paths and methods are told apart`() async throws {
        try await withServer { client in
            try await client.execute(uri: "/nothing", method: .get) { response in
                #expect(response.status == .notFound)
                let code = try code(response)
                #expect(code == "not-found")
            }
            try await client.execute(uri: "/things", method: .delete) { response in
                #expect(response.status == .methodNotAllowed)
                #expect(response.headers[.allow] == "GET, POST")
            }
        }
    }
}
