internal import Foundation

extension NameRule {
    /// Stands for every name of its dimension beyond the day's budget of new ones: usage of them is counted under it.
    /// It names no tenant, model or region of its own, so that nothing is registered or catalogued under it.
    package static let overLimitName = "(over-limit)"

    /// The one spelling that a name is kept and compared in: Normalization Form C, without the blanks at its ends that
    /// earlier collectors let through.
    ///
    /// Names in ASCII are what they are. Composition may take more bytes than were sent: it is never cut.
    /// - Complexity: O(*n*); allocates for names beyond ASCII only.
    package static func kept(_ name: String) -> String {
        if name.utf8.allSatisfy({ $0 < 0x80 }) { return name }
        let composed = name.precomposedStringWithCanonicalMapping
        let scalars = composed.unicodeScalars
        guard let first = scalars.first, let last = scalars.last,
            isBlankBeyondASCII(first.value) || isBlankBeyondASCII(last.value)
        else { return composed }
        let trimmed = String(
            scalars.drop { isBlankBeyondASCII($0.value) }.reversed().drop { isBlankBeyondASCII($0.value) }.reversed()
                .reduce(into: String.UnicodeScalarView()) { $0.append($1) })
        // Without its blanks it may be no name at all, such as one of blanks alone.
        return problem(in: trimmed, maxBytes: trimmed.utf8.count) == nil ? trimmed : composed
    }

    /// Whether a name is in the spelling that names are kept in.
    package static func isKept(_ name: String) -> Bool { kept(name).utf8.elementsEqual(name.utf8) }
}
