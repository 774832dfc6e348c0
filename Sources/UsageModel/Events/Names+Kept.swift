internal import Foundation

extension NameRule {
    /// Stands for every name of its dimension beyond the day's budget of new ones: usage of them is counted under it.
    /// It names no tenant, model or region of its own, so that nothing is registered or catalogued under it.
    package static let overLimitName = "(over-limit)"

    /// How many times as many bytes a name's kept spelling has at most, as Unicode says of NFC in UTF-8.
    package static let maxKeptGrowth = 3

    /// The one spelling that a name is kept and compared in: Normalization Form C, without the blanks at its ends.
    ///
    /// Composition may take more bytes than were sent: it is never cut.
    /// - Complexity: O(*n*); allocates for names beyond ASCII, and those with blanks at their ends, only.
    package static func kept(_ name: String) -> String {
        let isASCII = name.utf8.allSatisfy { $0 < 0x80 }
        let blank = UInt8(ascii: " ")
        if isASCII, name.utf8.first != blank, name.utf8.last != blank { return name }
        let composed = isASCII ? name : name.precomposedStringWithCanonicalMapping
        let scalars = composed.unicodeScalars
        guard let first = scalars.first, let last = scalars.last, isBlank(first) || isBlank(last) else {
            return composed
        }
        let trimmed = String(
            scalars.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
                .reduce(into: String.UnicodeScalarView()) { $0.append($1) })
        // Without its blanks it may be no name at all, such as one of blanks alone.
        return problem(in: trimmed, maxBytes: trimmed.utf8.count) == nil ? trimmed : composed
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || isBlankBeyondASCII(scalar.value)
    }

    /// Whether a name is in the spelling that names are kept in.
    package static func isKept(_ name: String) -> Bool { kept(name).utf8.elementsEqual(name.utf8) }
}
