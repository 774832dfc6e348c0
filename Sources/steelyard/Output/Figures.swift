internal import Scopes
internal import TextFormats

/// How counts and headings are written for people.
enum Figures: Sendable {
    /// Thousands separators: `264,056,400,000,000`.
    case separated
    /// Chinese units: `264.06万亿`.
    case chinese

    private static let chineseDecimals = 2

    /// A count or an amount of money that the server sent as decimal digits. What isn't digits is shown as it came:
    /// nothing is guessed.
    func count(_ digits: String?) -> String {
        guard let digits else { return "–" }
        if let value = UInt128(digits) { return count(value) }
        if digits.hasPrefix("-"), !digits.hasPrefix("--") { return "-" + count(String(digits.dropFirst())) }
        let isDecimal = digits.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || $0 == UInt8(ascii: ".") }
        return isDecimal ? DecimalText.grouped(digits) : digits
    }

    func count(_ value: UInt128) -> String {
        switch self {
        case .separated: DecimalText.grouped(value)
        case .chinese: TokenText.text(value, decimals: Self.chineseDecimals, language: .chinese)
        }
    }

    /// A percentage that the server computed, with its sign.
    func percent(_ text: String?) -> String { text.map { "\($0) %" } ?? "–" }

    /// One of two headings.
    func words(_ english: String, _ chinese: String) -> String {
        switch self {
        case .separated: english
        case .chinese: chinese
        }
    }
}
