import Crypto
import Identity
import Testing
import UsageModel

@Suite struct RevocationListTests {
    private let identity = CollectorIdentity(trustDomain: "steelyard.local", provider: "volcengine", name: "bj-1")
    private let certificate: [UInt8] = [1, 2, 3]
    private var fingerprint: String { Hexadecimal.text(SHA256.hash(data: certificate)) }

    @Test func `an empty list revokes nobody`() throws {
        #expect(!RevocationList().revokes(identity, certificateDER: certificate))
        #expect(try RevocationList(text: "\n  \n# nobody yet\r\n") == RevocationList())
    }

    @Test func `a fingerprint revokes one certificate and an identity all of its`() throws {
        let one = try RevocationList(text: "\(fingerprint.uppercased())  # stolen on 3 June\r\n")
        #expect(one.revokes(identity, certificateDER: certificate))
        #expect(!one.revokes(identity, certificateDER: [1, 2, 4]))
        let all = try RevocationList(text: "# left us\r\n\t\(identity) #2025-06-03\r\n\r\n")
        #expect(all.revokes(identity, certificateDER: [9]))
        var other = identity
        other.name = "bj-2"
        #expect(!all.revokes(other, certificateDER: certificate))
    }

    @Test(arguments: [
        "bj-1", "0123", "spiffe://steelyard.local/provider/volcengine", "zz" + String(repeating: "0", count: 62),
        "spiffe://steelyard.local/provider/volcengine/collector/bj-1/", "*",
    ])
    func `a line that is neither is refused by its number`(_ line: String) {
        let error = #expect(throws: IdentityError.self) { try RevocationList(text: "# one\n\n\(line)\n") }
        #expect(error?.code == .badRevocation)
        #expect(error?.message.hasPrefix("line 3, ") == true)
    }
}
