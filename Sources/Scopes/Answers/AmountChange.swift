/// The difference of two amounts, exactly and with its sign: amounts use all of 128 bits, so that it needs one beside
/// them.
package struct AmountChange: Sendable, Hashable, CustomStringConvertible {
    package let from: Int128
    package let to: Int128

    package init(from: Int128, to: Int128) {
        self.from = from
        self.to = to
    }

    package var isZero: Bool { to == from }
    package var isFall: Bool { to < from }
    /// How much it is, without the sign.
    package var magnitude: UInt128 { UInt128(truncatingIfNeeded: isFall ? from &- to : to &- from) }

    /// `amount` with the difference applied; `nil` where that leaves the range of amounts.
    package func applied(to amount: Int128) -> Int128? {
        // The bits of the sum are right where the sum is in range, whatever overflows on the way.
        let result = amount &+ (to &- from)
        let isRight = isFall ? result < amount : result >= amount
        return isRight && AmountChange(from: amount, to: result).magnitude == magnitude ? result : nil
    }

    /// The difference as text with its sign (`+7`, `-7`, `0`), the amount written by `text`.
    package func text(_ text: (UInt128) -> String) -> String { (to > from ? "+" : "") + number(text) }

    /// The difference as numbers are written (`7`, `-7`, `0`), the amount written by `text`.
    package func number(_ text: (UInt128) -> String) -> String { (isFall ? "-" : "") + text(magnitude) }

    /// Digits, with a minus sign where the amount fell.
    package var description: String { number { String($0) } }
}
