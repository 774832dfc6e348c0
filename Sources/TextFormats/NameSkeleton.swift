internal import Foundation

/// A person's name folded to what it looks like, so that two spellings that no reader can tell apart are one name.
///
/// Width and composition (NFKC), case, blanks, apostrophes, commas, what nobody sees, and letters of other scripts that
/// look like those of Latin make no difference. Two names are alike where either of the two foldings agrees: by their
/// look as they are written, and by their look in small letters.
package struct NameSkeleton: Sendable, Hashable {
    private let asWritten: String
    private let inSmallLetters: String

    package init(_ name: String) {
        let plain = Self.withSingleBlanks(Self.visible(name).precomposedStringWithCompatibilityMapping)
        asWritten = Self.joined(Self.mapped(plain).lowercased())
        inSmallLetters = Self.joined(Self.mapped(plain.lowercased()).lowercased())
    }

    /// The two texts that are compared: by the look as the name is written, and by that in small letters.
    package var texts: [String] { [asWritten, inSmallLetters] }

    package func isAlike(_ other: NameSkeleton) -> Bool {
        asWritten == other.asWritten || inSmallLetters == other.inSmallLetters
    }

    /// Without characters that have no look, and with a blank for those that look like one.
    private static func visible(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let properties = scalar.properties
            if blanks.contains(scalar) {
                scalars.append(" ")
            } else if !properties.isDefaultIgnorableCodePoint
                && ![.control, .format].contains(properties.generalCategory)
                || properties.isWhitespace
            {
                scalars.append(scalar)
            }
        }
        return String(scalars)
    }

    /// What looks like a blank and isn't one to Unicode: the pattern of Braille without dots, and a note head that is
    /// not drawn.
    private static let blanks: Set<Unicode.Scalar> = ["\u{2800}", "\u{1D159}"]

    private static func withSingleBlanks(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { punctuation.contains($0) ? " " : $0 }))
            .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// Apostrophes in all their shapes, and commas (NFKC has made the full-width one plain): `O'Brien` and `O’Brien`,
    /// `Li, Ann` and `Li Ann` are one.
    private static let punctuation = Set("'’‘ʼʻ′`´,、".unicodeScalars)

    /// Two letters that look like one: of "rn" and "m", UTS #39 folds the one into the two.
    private static func joined(_ text: String) -> String { text.replacing("m", with: "rn") }

    private static func mapped(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { lookAlikes[$0] ?? $0 }))
    }

    /// Unicode Technical Standard #39 (confusables.txt), of the rows whose prototype is one letter of ASCII those whose
    /// source is a letter of Cyrillic, Greek or Latin, or a digit, that names may hold; and of the scripts whose
    /// letters anybody can write a Latin name with (Armenian, Cherokee, Coptic, Lisu) those that look the same in most
    /// fonts.
    static let lookAlikes: [Unicode.Scalar: Unicode.Scalar] = {
        let rows: [(letters: String, prototype: Unicode.Scalar)] = [
            ("АΑаαɑ", "a"), ("ВΒЬь", "b"), ("СϹсϲ", "c"), ("ԁ", "d"), ("ЕΕе", "e"), ("Ԍɡ", "g"), ("НΗһҺ", "h"),
            ("іιıɩ", "i"), ("ЈͿјϳ", "j"), ("КΚκк", "k"), ("IІΙӀӏ1|", "l"), ("МΜ", "m"), ("Ν", "n"), ("ОΟоοσ0", "o"),
            ("РΡрρ", "p"), ("Ԛԛ", "q"), ("г", "r"), ("Ѕѕ", "s"), ("ТΤ", "t"), ("υ", "u"), ("Ѵѵν", "v"), ("Ԝԝ", "w"),
            ("ХΧхχ", "x"), ("УΥҮуγү", "y"), ("Ζ", "z"),
            ("ᎪꓮⲀ", "a"), ("ᏴꓐⲂ", "b"), ("ᏟꓚⲤⲥ", "c"), ("Ꭰꓓ", "d"), ("ᎬꓰⲈ", "e"), ("ꓝ", "f"), ("ᏀꓖᏳց", "g"),
            ("ᎻꓧⲎհ", "h"), ("Ꭻꓙ", "j"), ("ᏦꓗⲔ", "k"), ("ꓲⲒ", "l"), ("ᏞꓡⳐ", "l"), ("ᎷꓟⲘ", "m"), ("ꓠⲚո", "n"),
            ("ꓳⲞⲟՕօ", "o"), ("ᏢꓑⲢⲣ", "p"), ("ᎡᏒꓣ", "r"), ("ᏕᏚꓢՏ", "s"), ("ᎢꓔⲦ", "t"), ("ꓴՍս", "u"),
            ("Ꮩꓦ", "v"), ("ᎳᏔꓪ", "w"), ("ꓫⲬ", "x"), ("ᎽꓬᎩⲨ", "y"), ("ᏃꓜⲌ", "z"),
        ]
        return rows.reduce(into: [:]) { map, row in
            for letter in row.letters.unicodeScalars { map[letter] = row.prototype }
        }
    }()
}
