/// The difference of two amounts, exactly: amounts use all of 128 bits, so that their difference needs a sign beside them.
package struct SignedAmount: Sendable, Hashable, CustomStringConvertible {
    package let magnitude: UInt128
    package let isNegative: Bool

    /// `to` minus `from`.
    package init(from: UInt128, to: UInt128) {
        isNegative = to < from
        magnitude = isNegative ? from - to : to - from
    }

    package var isZero: Bool { magnitude == 0 }

    /// `amount` with the difference applied; `nil` where that leaves the range of amounts.
    package func applied(to amount: UInt128) -> UInt128? {
        let (result, overflow) =
            isNegative
            ? amount.subtractingReportingOverflow(magnitude) : amount.addingReportingOverflow(magnitude)
        return overflow ? nil : result
    }

    /// Digits, with a minus sign where the amount fell.
    package var description: String { text { String($0) } }

    /// The amount as `text` writes it, with a minus sign where it fell.
    package func text(_ text: (UInt128) -> String) -> String { (isNegative ? "-" : "") + text(magnitude) }
}
