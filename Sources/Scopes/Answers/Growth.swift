internal import TextFormats

/// How a figure changed from one period to the next, kept as the two integers.
package struct Growth: Sendable, Hashable {
    /// The earlier figure, or `nil` where there was none.
    package var previous: Int128?
    package var current: Int128

    package init(previous: Int128?, current: Int128) {
        self.previous = previous
        self.current = current
    }

    /// The change in percent, signed, rounded half away from zero: `+12.3`, `-4.0`, `0.0`. `nil` where there was no
    /// earlier figure, or it was zero or less.
    package func percent(decimals: Int) -> String? {
        guard let previous, previous > 0 else { return nil }
        let change = AmountChange(from: previous, to: current)
        guard let text = Ratio(change.magnitude, over: previous.magnitude).percent(decimals: decimals) else {
            return nil
        }
        let isZero = !text.utf8.contains { $0 >= 0x31 && $0 <= 0x39 }
        return isZero ? text : (change.isFall ? "-" : "+") + text
    }

    /// How many times the earlier figure the later one is: `4.70`. `nil` where there was no earlier figure or it was
    /// zero, or one of the two is less.
    package func multiple(decimals: Int) -> String? {
        guard let previous, previous > 0, current >= 0 else { return nil }
        return Ratio(current.magnitude, over: previous.magnitude).decimal(decimals)
    }
}
