internal import Crypto
internal import UsageModel

/// A caller's token, `sy_ID_SECRET`: the id is public and names the token in lists and logs, the secret is only ever
/// known to its holder.
package struct BearerToken: Sendable, Hashable {
    /// 16 hexadecimal digits.
    package var id: String
    /// 64 hexadecimal digits: 256 random bits.
    package var secret: String

    static let idBytes = 8
    static let secretBytes = 32

    /// Makes a token from a source of random numbers.
    package init(using generator: inout some RandomNumberGenerator) {
        func random(_ count: Int) -> String {
            Hexadecimal.text((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
        }
        id = random(Self.idBytes)
        secret = random(Self.secretBytes)
    }

    /// Parses a token; `nil` for any other text.
    package init?(_ text: String) {
        guard text.utf8.count <= APILimits.maxTokenBytes else { return nil }
        let parts = text.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts[0] == "sy", parts[1].utf8.count == 2 * Self.idBytes,
            parts[2].utf8.count == 2 * Self.secretBytes, Hexadecimal.bytes(parts[1]) != nil,
            Hexadecimal.bytes(parts[2]) != nil
        else { return nil }
        id = parts[1]
        secret = parts[2]
    }

    /// The token in an Authorization header; `nil` where there is none of the scheme Bearer.
    package init?(authorization header: String) {
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        self.init(String(parts[1]))
    }

    /// What the holder is given.
    package var text: String { "sy_\(id)_\(secret)" }

    /// SHA-256 of the secret: all that is stored. A fast hash is enough for 256 random bits.
    package var secretHash: [UInt8] { Array(SHA256.hash(data: Array(secret.utf8))) }
}
