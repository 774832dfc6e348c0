import Identity
import Testing
import UsageModel

@Suite struct CollectorIdentityURITests {
    @Test func `reads the three parts of the identity`() throws {
        let identity = try CollectorIdentity(uri: "spiffe://steelyard.local/provider/aliyun/collector/hz-1")
        #expect(identity == CollectorIdentity(trustDomain: "steelyard.local", provider: "aliyun", name: "hz-1"))
        #expect(identity.description == "spiffe://steelyard.local/provider/aliyun/collector/hz-1")
    }

    @Test(arguments: [
        "", "spiffe://", "spiffe://steelyard.local", "spiffe://steelyard.local/provider/aliyun",
        "spiffe://steelyard.local/provider/aliyun/collector",
        "spiffe://steelyard.local/provider/aliyun/collector/a/b",
        "spiffe://steelyard.local/provider/aliyun/collector/a/",
        "spiffe://steelyard.local//provider/aliyun/collector/a",
        "spiffe://steelyard.local/collector/a/provider/aliyun",
        "spiffe://steelyard.local/tenant/aliyun/collector/a",
        "https://steelyard.local/provider/aliyun/collector/a",
        "SPIFFE://steelyard.local/provider/aliyun/collector/a",
        " spiffe://steelyard.local/provider/aliyun/collector/a",
        "spiffe://steelyard.local/provider/" + String(repeating: "a", count: 3_000) + "/collector/a",
    ])
    func `refuses another form`(_ uri: String) {
        #expect { try CollectorIdentity(uri: uri) } throws: { ($0 as? IdentityError)?.code == .wrongForm }
    }

    @Test(arguments: [
        "spiffe:///provider/aliyun/collector/a",
        "spiffe://Steelyard.local/provider/aliyun/collector/a",
        "spiffe://steelyard.local:443/provider/aliyun/collector/a",
        "spiffe://user@steelyard.local/provider/aliyun/collector/a",
        "spiffe://steelyard.local/provider/Aliyun/collector/a",
        "spiffe://steelyard.local/provider/ali%79un/collector/a",
        "spiffe://steelyard.local/provider/-aliyun/collector/a",
        "spiffe://steelyard.local/provider//collector/a",
        "spiffe://steelyard.local/provider/aliyun/collector/",
        "spiffe://steelyard.local/provider/aliyun/collector/a?x=1",
        "spiffe://steelyard.local/provider/aliyun/collector/a#x",
        "spiffe://steelyard.local/provider/阿里云/collector/a",
        "spiffe://steelyard.local/provider/aliyun/collector/" + String(repeating: "a", count: 65),
    ])
    func `refuses bad names`(_ uri: String) {
        #expect { try CollectorIdentity(uri: uri) } throws: { ($0 as? IdentityError)?.code == .badName }
    }
}
