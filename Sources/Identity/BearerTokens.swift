internal import Crypto

/// Bearer tokens that callers may show, each from a file of its own, kept as digests.
package struct BearerTokens: Sendable {
    /// The fewest bytes of a token: 16 characters of hexadecimal digits can't be guessed over a network.
    package static let minBytes = 16
    /// The most bytes of a token.
    package static let maxBytes = 4_096

    private let digests: [[UInt8]]

    /// No token at all.
    package init() { digests = [] }

    /// Reads the files: one token each, in visible ASCII, with or without a line end.
    ///
    /// - Throws: ``CertificateFault``, which names the file; for one that others can open as well.
    package init(files: [String]) throws(CertificateFault) {
        var digests: [[UInt8]] = []
        for file in files { digests.append(try Self.digest(of: Self.token(in: file))) }
        self.digests = digests
    }

    /// Tokens that this process made.
    package init(tokens: [String]) { digests = tokens.map(Self.digest(of:)) }

    /// A token that nobody guesses: 32 bytes at random, in hexadecimal digits.
    package static func makeToken() -> String {
        (0..<4).map { _ in
            let digits = String(UInt64.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Whether it is one of them.
    ///
    /// The time that it takes says nothing of them: digests are compared, each in full, and all of them.
    package func contains(_ shown: String) -> Bool {
        let digest = Self.digest(of: shown)
        var isOne: UInt8 = 0
        for known in digests {
            var difference: UInt8 = 0
            for (left, right) in zip(known, digest) { difference |= left ^ right }
            isOne |= difference == 0 ? 1 : 0
        }
        return isOne == 1
    }

    private static func digest(of token: String) -> [UInt8] { Array(SHA256.hash(data: Array(token.utf8))) }

    private static func token(in file: String) throws(CertificateFault) -> String {
        let text = try SecretFile.read(file, kind: "token")
        let token = text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()
        let bytes = String(token).utf8
        guard (minBytes...maxBytes).contains(bytes.count), bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw CertificateFault(
                file: file, message: "holds no token: \(minBytes) to \(maxBytes) visible ASCII characters on one line",
                remedy: "make one with `openssl rand -hex 32`")
        }
        return String(token)
    }
}
