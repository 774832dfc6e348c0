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

    @Test(arguments: ["", "\n", " \r\n\n", "# revoked certificates, one a line\n", "\0\0\0\0\n"])
    func `an emptied file is no amnesty`(text: String) {
        let error = #expect(throws: IdentityError.self) { try RevocationList(text: text) }
        #expect(error?.code == .badRevocation)
    }

    @Test func `a file that was cut off anywhere is refused, or lacks whole entries`() throws {
        let whole = "# both\n\(identity)\n\(fingerprint)\n"
        for count in 0..<whole.utf8.count {
            let text = String(decoding: whole.utf8.prefix(count), as: UTF8.self)
            guard let list = try? RevocationList(text: text) else { continue }
            #expect(list.revokes(identity, certificateDER: []))
            #expect(try RevocationList(text: whole).count(notIn: list) == 2 - list.count)
        }
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
