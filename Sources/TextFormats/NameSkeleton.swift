internal import Foundation

/// A person's name folded to what it looks like, so that two spellings that no reader can tell apart are one name.
///
/// Width and composition (NFKC), case, blanks, apostrophes, commas, and letters of Cyrillic and Greek that look like
/// those of Latin make no difference. Two names are alike where either of the two foldings agrees: by their look as
/// they are written, and by their look in small letters.
package struct NameSkeleton: Sendable, Hashable {
    private let asWritten: String
    private let inSmallLetters: String

    package init(_ name: String) {
        let plain = Self.withSingleBlanks(name.precomposedStringWithCompatibilityMapping)
        asWritten = Self.mapped(plain).lowercased()
        inSmallLetters = Self.mapped(plain.lowercased()).lowercased()
    }

    package func isAlike(_ other: NameSkeleton) -> Bool {
        asWritten == other.asWritten || inSmallLetters == other.inSmallLetters
    }

    private static func withSingleBlanks(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { punctuation.contains($0) ? " " : $0 }))
            .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// Apostrophes in all their shapes, and commas (NFKC has made the full-width one plain): `O'Brien` and `O’Brien`,
    /// `Li, Ann` and `Li Ann` are one.
    private static let punctuation = Set("'’‘ʼʻ′`´,、".unicodeScalars)

    private static func mapped(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { lookAlikes[$0] ?? $0 }))
    }

    /// Unicode Technical Standard #39 (confusables.txt), the rows whose prototype is one letter of ASCII and whose
    /// source is a letter of Cyrillic, Greek or Latin, or a digit, that names may hold.
    static let lookAlikes: [Unicode.Scalar: Unicode.Scalar] = {
        let rows: [(letters: String, prototype: Unicode.Scalar)] = [
            ("АΑаαɑ", "a"), ("ВΒЬь", "b"), ("СϹсϲ", "c"), ("ԁ", "d"), ("ЕΕе", "e"), ("Ԍɡ", "g"), ("НΗһҺ", "h"),
            ("іιıɩ", "i"), ("ЈͿјϳ", "j"), ("КΚκк", "k"), ("IІΙӀӏ1|", "l"), ("МΜ", "m"), ("Ν", "n"), ("ОΟоοσ0", "o"),
            ("РΡрρ", "p"), ("Ԛԛ", "q"), ("г", "r"), ("Ѕѕ", "s"), ("ТΤ", "t"), ("υ", "u"), ("Ѵѵν", "v"), ("Ԝԝ", "w"),
            ("ХΧхχ", "x"), ("УΥҮуγү", "y"), ("Ζ", "z"),
        ]
        return rows.reduce(into: [:]) { map, row in
            for letter in row.letters.unicodeScalars { map[letter] = row.prototype }
        }
    }()
}
