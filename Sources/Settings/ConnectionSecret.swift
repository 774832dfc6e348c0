internal import Foundation

/// Finds passwords and other secrets in libpq's connection strings.
package enum ConnectionSecret {
    /// Whether the string holds a password, in either of libpq's two forms.
    package static func isIn(_ text: String) -> Bool {
        guard let scheme = ["postgresql://", "postgres://"].first(where: { text.hasPrefix($0) }) else {
            return names(in: text).contains(where: isSecret)
        }
        let rest = text.dropFirst(scheme.count)
        // libpq looks for user and password up to the first slash, question marks included.
        let authority = rest.prefix { $0 != "/" }
        if let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":"),
            authority.index(after: colon) < at
        {
            return true
        }
        let query = rest.firstIndex(of: "?").map { rest[rest.index(after: $0)...] } ?? ""
        return query.split(separator: "&").contains { pair in
            let name = pair.prefix { $0 != "=" }
            return isSecret((name.removingPercentEncoding ?? String(name)).lowercased())
        }
    }

    /// `password`, `sslpassword`, and what newer versions of libpq take in their place.
    private static func isSecret(_ name: String) -> Bool {
        name.hasSuffix("password") || name.hasSuffix("secret")
            || ["scram_client_key", "scram_server_key"].contains(name)
    }

    /// What stands before equals signs, blanks around them or not. A quoted value with one in it counts too: it is
    /// refused once too often and never once too few.
    private static func names(in text: String) -> [String] {
        text.split(separator: "=", omittingEmptySubsequences: false).dropLast().compactMap { part in
            part.split(whereSeparator: \.isWhitespace).last.map { $0.lowercased() }
        }
    }
}
