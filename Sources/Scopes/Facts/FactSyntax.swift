internal import TextFormats
internal import UsageModel

/// What may stand in a cell of a facts file, and the one spelling that it is kept in: two files that mean the same give
/// the same records.
package enum FactSyntax: Sendable, Hashable {
    /// Lower-case letters, digits and inner hyphens.
    case identifier(maxBytes: Int)
    /// A name as usage has it, kept as ``NameRule/kept(_:)`` says.
    case name(maxBytes: Int)
    case word([String])
    /// A decimal in plain digits.
    case decimal(wholeDigits: Int, decimals: Int, isPositive: Bool = false)
    /// A whole number. `zeroIsEmpty` where 0 and nothing mean the same.
    case count(maxDigits: Int, zeroIsEmpty: Bool = false)
    case currency
    /// What a published total counts.
    case unit
    case date
    /// Free text for people.
    case text(maxBytes: Int)

    /// The longest name of a group, family, developer or total, in bytes.
    static let maxIdentifierBytes = 64
    /// The longest reason or source, in bytes of UTF-8.
    static let maxNoteBytes = 2_000
    /// The longest legal entity of a tenant, in bytes of UTF-8.
    package static let maxLegalEntityBytes = 512
    /// The most digits of a count of tokens.
    static let maxCountDigits = 24
    /// Decimals that amounts of money are kept with.
    static let amountDecimals = 6
    /// The most digits of an amount of money before the point.
    static let maxAmountDigits = 15
    /// Decimals that prices are kept with.
    static let priceDecimals = 6
    /// The most digits of a price before the point.
    static let maxPriceDigits = 9
    /// Decimals that rates are kept with.
    static let rateDecimals = 8
    /// The most digits of a rate before the point.
    static let maxRateDigits = 9

    static let note = FactSyntax.text(maxBytes: maxNoteBytes)
    static let named = FactSyntax.identifier(maxBytes: maxIdentifierBytes)
    static let amount = FactSyntax.decimal(wholeDigits: maxAmountDigits, decimals: amountDecimals)
    static let total = FactSyntax.decimal(wholeDigits: maxCountDigits, decimals: amountDecimals)
    static let price = FactSyntax.decimal(wholeDigits: maxPriceDigits, decimals: priceDecimals)
    static let rate = FactSyntax.decimal(wholeDigits: maxRateDigits, decimals: rateDecimals, isPositive: true)

    /// The cell in the spelling that is kept.
    func canonical(_ text: String) throws(CellProblem) -> String {
        switch self {
        case .identifier(let maxBytes): return try Self.identifier(text, maxBytes: maxBytes)
        case .name(let maxBytes):
            guard NameRule.kept(text) != NameRule.overLimitName else {
                throw CellProblem(
                    "'\(text)' stands for all names beyond a day's budget and can't be recorded as one: give its usage "
                        + "its names first (steelyard-aggregator rebuild --admit-names)")
            }
            if let problem = NameRule.problem(in: text, maxBytes: maxBytes) {
                throw CellProblem("the name '\(text.excerpt)' \(problem.explanation)")
            }
            return NameRule.kept(text)
        case .word(let words):
            guard !words.contains(text) else { return text }
            throw CellProblem("'\(text.excerpt)' is unknown: use one of \(words.joined(separator: ", "))")
        case .decimal(let wholeDigits, let decimals, let isPositive):
            return try Self.decimal(text, wholeDigits: wholeDigits, decimals: decimals, isPositive: isPositive)
        case .count(let maxDigits, let zeroIsEmpty):
            guard let count = DecimalText.parse(text, decimals: 0, wholeDigits: maxDigits) else {
                throw CellProblem("'\(text.excerpt)' is no whole number of at most \(maxDigits) plain digits")
            }
            return count == 0 && zeroIsEmpty ? "" : String(count)
        case .currency:
            guard !Self.isCurrency(text) else { return text }
            throw CellProblem("'\(text.excerpt)' is no ISO 4217 code: three capital letters, such as CNY")
        case .unit: return try Self.unit(text)
        case .date: return "\(try Self.date(text))"
        case .text(let maxBytes):
            if text.utf8.count > maxBytes { throw CellProblem("is longer than \(maxBytes) bytes") }
            guard text.isOneLine else { throw CellProblem("holds a control or text-direction character") }
            return text
        }
    }

    static func date(_ text: String) throws(CellProblem) -> CalendarDate {
        if let date = CalendarDate(text) { return date }
        throw CellProblem(
            text.isEmpty
                ? "the date is missing: write YYYY-MM-DD" : "'\(text.excerpt)' is no date: write YYYY-MM-DD")
    }

    /// Whether the text is three capital letters, as ISO 4217 codes are.
    static func isCurrency(_ text: String) -> Bool {
        text.utf8.count == 3 && text.utf8.allSatisfy { $0 >= 0x41 && $0 <= 0x5A }
    }

    private static func identifier(_ text: String, maxBytes: Int) throws(CellProblem) -> String {
        guard NameRule.isIdentifier(text, maxBytes: maxBytes) else {
            throw CellProblem(
                "'\(text.excerpt)' is no name: lower-case letters, digits and inner hyphens, at most \(maxBytes) bytes")
        }
        return text
    }

    private static func decimal(
        _ text: String, wholeDigits: Int, decimals: Int, isPositive: Bool
    ) throws(CellProblem) -> String {
        guard let units = DecimalText.parse(text, decimals: decimals, wholeDigits: wholeDigits) else {
            throw CellProblem(
                "'\(text.excerpt)' is no decimal in plain digits: at most \(wholeDigits) before the point and "
                    + "\(decimals) after it, no sign, no exponent")
        }
        if isPositive, units == 0 { throw CellProblem("must be above 0") }
        return DecimalText.trimmed(units, decimals: decimals)
    }

    private static func unit(_ text: String) throws(CellProblem) -> String {
        guard !ReferenceTotal.Unit.words.contains(text), !isCurrency(text) else { return text }
        throw CellProblem(
            "'\(text.excerpt)' is no unit: use one of \(ReferenceTotal.Unit.words.joined(separator: ", ")) or a "
                + "currency such as CNY")
    }
}

/// What is wrong with a cell.
struct CellProblem: Error, Equatable {
    var message: String

    init(_ message: String) {
        self.message = message
    }
}
