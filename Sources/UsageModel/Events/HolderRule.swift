/// What the name of a person may be who holds a token: a name under ``NameRule`` whose punctuation is that of names of
/// people and accounts, `. _ - : / @ + # ~ ( ) |` and, within it, apostrophes and commas, as in `O'Brien` and `Li,
/// Ann`. It begins with a letter, a digit or `_` and has no blank at an end.
package enum HolderRule {
    /// What is wrong with a name; `nil` where nothing is.
    ///
    /// - Parameter maxBytes: of UTF-8.
    package static func problem(in name: String, maxBytes: Int) -> NameRule.Problem? {
        if let problem = NameRule.problem(in: name, maxBytes: maxBytes) { return problem }
        let bytes = Array(name.utf8)
        for (index, byte) in bytes.enumerated() where byte < 0x80 && !isWord(byte) {
            let allowed = index == 0 ? [] : index == bytes.count - 1 ? Self.last : Self.inner
            if !allowed.contains(byte) { return .forbiddenCharacter(atByte: index) }
        }
        return NameRule.isKept(name) || !hasBlankEnd(name) ? nil : .forbiddenCharacter(atByte: 0)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A || byte >= 0x30 && byte <= 0x39 || byte == UInt8(ascii: "_")
    }

    private static func hasBlankEnd(_ name: String) -> Bool {
        [name.unicodeScalars.first, name.unicodeScalars.last].contains { $0?.properties.isWhitespace ?? false }
    }

    private static let last = Array(".-:/@+#~()|".utf8)
    private static let inner = last + Array(" ',".utf8)
}
