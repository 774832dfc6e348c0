/// What the name of a person may be who holds a token: what names of tenants may be, and within it apostrophes and
/// commas, as in `O'Brien` and `Li, Ann`.
package enum HolderRule {
    /// What is wrong with a name; `nil` where nothing is.
    ///
    /// - Parameter maxBytes: of UTF-8.
    package static func problem(in name: String, maxBytes: Int) -> NameRule.Problem? {
        var bytes = Array(name.utf8)
        for index in bytes.indices.dropFirst().dropLast() where allowed.contains(bytes[index]) {
            // Any letter: the place of what is wrong beside it stays the same.
            bytes[index] = UInt8(ascii: "x")
        }
        return unsafe NameRule.problem(in: bytes.span.bytes, maxBytes: maxBytes)
    }

    private static let allowed = [UInt8(ascii: "'"), UInt8(ascii: ",")]
}
