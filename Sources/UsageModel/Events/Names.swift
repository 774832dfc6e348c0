/// The rule for names that come from outside: providers, collectors, tenants, models, regions.
///
/// A name is 1 to n bytes of valid UTF-8 and holds anything that prints: letters, digits, accents, punctuation and
/// blanks of every script, but no control, format, bidirectional, private-use or non-character code points, so that it
/// can't hide in a log or reorder a line. Names that stand whole in parentheses, such as ``overLimitName``, are
/// Steelyard's own. A name may begin as a formula does: what writes a file for spreadsheets guards its cells
/// (`FormulaGuard`).
///
/// Names are kept in Unicode's Normalization Form C (UAX #15) without the blanks at their ends, and are compared byte
/// for byte in that spelling: case, width and inner blanks make another name, composition and outer blanks don't.
/// ``kept(_:)`` is that spelling. Usage, registry, facts and questions are all held to it.
package enum NameRule {
    /// What is wrong with a name.
    package enum Problem: Error, Sendable, Equatable {
        case empty
        case tooLong(limitBytes: Int)
        case invalidUTF8(atByte: Int)
        case forbiddenCharacter(atByte: Int)
        /// It stands in parentheses, as only Steelyard's own names do.
        case reserved

        /// A sentence fragment that completes "the name …".
        package var explanation: String {
            switch self {
            case .empty: "is empty"
            case .tooLong(let limit): "is longer than \(limit) bytes"
            case .invalidUTF8(let byte): "is not valid UTF-8 at byte \(byte)"
            case .forbiddenCharacter(let byte): "holds a character at byte \(byte) that names may not hold there"
            case .reserved: "stands in parentheses, which only Steelyard's own names do"
            }
        }

        /// The same, naming the character at fault.
        package func explanation(in name: String) -> String {
            guard case .forbiddenCharacter(let byte) = self,
                let scalar = name.utf8.index(name.startIndex, offsetBy: byte, limitedBy: name.endIndex)
                    .flatMap({ $0 < name.endIndex ? name.unicodeScalars[$0] : nil })
            else { return explanation }
            let digits = String(scalar.value, radix: 16, uppercase: true)
            let code = "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            let place = name.unicodeScalars.prefix { $0 != scalar }.count + 1
            let isHidden = [.control, .format].contains(scalar.properties.generalCategory)
            return
                "holds \(isHidden ? code : "“\(scalar)” (\(code))") as its character \(place), which names may not hold there"
        }
    }

    /// Checks `name` against the rule; `nil` means that it is fine.
    ///
    /// - Parameter isSealed: whether a batch holds it: collectors up to the release of 2026-11 sealed characters that
    ///   are not seen, and names of blanks beyond ASCII.
    /// - Complexity: O(*n*), without allocation.
    package static func problem(in name: RawSpan, maxBytes: Int, isSealed: Bool = false) -> Problem? {
        let count = name.byteCount
        if count == 0 { return .empty }
        if count > maxBytes { return .tooLong(limitBytes: maxBytes) }
        // The first and the last byte of what is no blank.
        var (first, last) = (-1, -1)
        var index = 0
        while index < count {
            let byte = name.byte(at: index)
            var length = 1
            if byte < 0x80 {
                guard byte >= 0x20, byte != 0x7F else { return .forbiddenCharacter(atByte: index) }
                if byte != UInt8(ascii: " ") { (first, last) = (first < 0 ? index : first, index) }
            } else {
                guard let scalar = decodeScalar(in: name, at: index) else { return .invalidUTF8(atByte: index) }
                if !isAllowedBeyondASCII(scalar.value) || !isSealed && isUnseen(scalar.value) {
                    return .forbiddenCharacter(atByte: index)
                }
                length = scalar.length
                if isSealed || !isBlankBeyondASCII(scalar.value) { (first, last) = (first < 0 ? index : first, index) }
            }
            index += length
        }
        if first < 0 { return .empty }
        return name.byte(at: first) == UInt8(ascii: "(") && name.byte(at: last) == UInt8(ascii: ")") ? .reserved : nil
    }

    /// Checks a string; see ``problem(in:maxBytes:)-(RawSpan,_)``.
    package static func problem(in name: String, maxBytes: Int) -> Problem? {
        let bytes = Array(name.utf8)
        return unsafe problem(in: bytes.span.bytes, maxBytes: maxBytes)
    }

    /// Whether the text is 1 to `maxBytes` bytes of printable ASCII without blanks, such as a software's version.
    package static func isPrintableWord(_ text: String, maxBytes: Int) -> Bool {
        (1...maxBytes).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    /// Checks a provider or collector name: lower-case letters, digits and inner hyphens, so that it can stand in a
    /// URI, a file name and a metric label without escaping.
    package static func isIdentifier(_ name: String, maxBytes: Int) -> Bool {
        let bytes = Array(name.utf8)
        guard let first = bytes.first, let last = bytes.last, bytes.count <= maxBytes else { return false }
        if first == UInt8(ascii: "-") || last == UInt8(ascii: "-") { return false }
        return bytes.allSatisfy {
            ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == UInt8(ascii: "-")
        }
    }

    private static func isAllowedBeyondASCII(_ value: UInt32) -> Bool {
        switch value {
        case 0x80...0x9F, 0xAD, 0x034F, 0x061C, 0x115F...0x1160, 0x17B4...0x17B5, 0x180B...0x180F,
            0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0x3164, 0xFE00...0xFE0F, 0xFEFF, 0xFFA0,
            0xFFF0...0xFFFF, 0xE000...0xF8FF, 0xFDD0...0xFDEF, 0xE0000...0xE0FFF, 0xF0000...0x10FFFF:
            false
        default: value & 0xFFFE != 0xFFFE
        }
    }

    /// Format characters and blanks that older collectors let pass: of Arabic, Syriac, Kaithi, hieroglyphs, shorthand
    /// and music, the pattern of Braille without dots, and a note head that is not drawn.
    private static func isUnseen(_ value: UInt32) -> Bool {
        switch value {
        case 0x0600...0x0605, 0x06DD, 0x070F, 0x0890...0x0891, 0x08E2, 0x2800, 0x110BD, 0x110CD, 0x13430...0x1343F,
            0x1BCA0...0x1BCA3, 0x1D159, 0x1D173...0x1D17A:
            true
        default: false
        }
    }

    /// What Unicode calls White_Space and names may hold.
    static func isBlankBeyondASCII(_ value: UInt32) -> Bool {
        switch value {
        case 0xA0, 0x1680, 0x2000...0x200A, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    /// Decodes one scalar of two to four bytes, refusing overlong forms, surrogates and values past U+10FFFF.
    private static func decodeScalar(in bytes: RawSpan, at index: Int) -> (value: UInt32, length: Int)? {
        let lead = UInt32(bytes.byte(at: index))
        let length: Int
        var value: UInt32
        let smallest: UInt32
        switch lead {
        case 0xC2...0xDF: (length, value, smallest) = (2, lead & 0x1F, 0x80)
        case 0xE0...0xEF: (length, value, smallest) = (3, lead & 0x0F, 0x800)
        case 0xF0...0xF4: (length, value, smallest) = (4, lead & 0x07, 0x10000)
        default: return nil
        }
        guard index + length <= bytes.byteCount else { return nil }
        for offset in 1..<length {
            let next = UInt32(bytes.byte(at: index + offset))
            guard next & 0xC0 == 0x80 else { return nil }
            value = value << 6 | (next & 0x3F)
        }
        guard value >= smallest, value <= 0x10FFFF, !(0xD800...0xDFFF).contains(value) else { return nil }
        return (value, length)
    }
}

extension RawSpan {
    /// The byte at `index`; traps when the index is out of bounds.
    @inlinable @inline(__always)
    package func byte(at index: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: index, as: UInt8.self)
    }
}
