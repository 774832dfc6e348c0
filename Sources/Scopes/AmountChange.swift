/// The difference of two amounts, exactly and with its sign.
package struct AmountChange: Sendable, Hashable {
    package let from: UInt128
    package let to: UInt128

    package init(from: UInt128, to: UInt128) {
        self.from = from
        self.to = to
    }

    package var isFall: Bool { to < from }
    /// How much it is, without the sign.
    package var magnitude: UInt128 { isFall ? from - to : to - from }

    /// The difference as text with its sign (`+7`, `-7`, `0`), the amount written by `text`.
    package func text(_ text: (UInt128) -> String) -> String {
        (isFall ? "-" : to > from ? "+" : "") + text(magnitude)
    }
}
