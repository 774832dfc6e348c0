internal import Foundation

/// Finds passwords in libpq's connection strings.
enum ConnectionSecret {
    /// Whether the string holds a password, in either of libpq's two forms.
    static func isIn(_ text: String) -> Bool {
        guard let scheme = ["postgresql://", "postgres://"].first(where: { text.hasPrefix($0) }) else {
            return names(in: text).contains { $0.hasSuffix("password") }
        }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        if let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":"),
            authority.index(after: colon) < at
        {
            return true
        }
        let query = rest.firstIndex(of: "?").map { rest[rest.index(after: $0)...] } ?? ""
        return query.split(separator: "&").contains { pair in
            let name = pair.prefix { $0 != "=" }
            return (name.removingPercentEncoding ?? String(name)).lowercased().hasSuffix("password")
        }
    }

    /// What stands before equals signs, blanks around them or not. A quoted value with one in it counts too: it is
    /// refused once too often and never once too few.
    private static func names(in text: String) -> [String] {
        text.split(separator: "=", omittingEmptySubsequences: false).dropLast().compactMap { part in
            part.split(whereSeparator: \.isWhitespace).last.map { $0.lowercased() }
        }
    }

    /// Whether the file's mode lets every user of the machine read it.
    static func isReadableByOthers(_ path: String) -> Bool {
        let mode = try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
        return (mode?.intValue ?? 0) & 0o004 != 0
    }
}
