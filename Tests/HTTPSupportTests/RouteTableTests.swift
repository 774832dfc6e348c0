import Testing

@testable import HTTPSupport

@Suite struct RouteTableTests {
    @Test func `finds methods by concrete path`() {
        let table = RouteTable([("/v1/tokens", "POST"), ("/v1/tokens", "GET"), ("/v1/tokens/{id}", "DELETE")])
        #expect(table.methods(at: "/v1/tokens") == ["GET", "POST"])
        #expect(table.methods(at: "/v1/tokens/abc") == ["DELETE"])
        #expect(table.methods(at: "/v1/tokens/abc/d") == [])
        #expect(table.methods(at: "/") == [])
    }

    @Test func `a path without parameters goes before one with them`() {
        let patterns = (0..<20).map { ("/v1/{name}/\($0)", "PUT") } + [("/v1/facts/{kind}", "GET")]
        for _ in 0..<20 {
            let table = RouteTable(patterns.shuffled() + [("/v1/facts/7", "POST")])
            #expect(table.methods(at: "/v1/facts/7") == ["POST"])
        }
    }
}
