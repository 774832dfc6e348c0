/// A total that its sender goes on adding to, or one that it may send again: what a point of a metric says.
package struct RunningTotal: Sendable, Equatable {
    /// What it is a total of.
    package enum Part: UInt8, Sendable {
        case tokens = 1
        case calls = 2
    }

    /// Stands for the series and for the moment at which the total began, the same after a restart of either side.
    package var key: UInt128
    package var part: Part
    package var value: UInt64
    /// When the total began, in milliseconds since 1970, where it goes on from one message to the next; `nil` where
    /// another message has another total.
    package var beganAtMilliseconds: Int64?

    package init(key: UInt128, part: Part, value: UInt64, beganAtMilliseconds: Int64?) {
        self.key = key
        self.part = part
        self.value = value
        self.beganAtMilliseconds = beganAtMilliseconds
    }
}

/// How a running total stands to what was counted of it.
package enum TotalAdvance: Sendable, Equatable {
    /// This much of it is new.
    case by(UInt64)
    /// It is less than it was, and didn't begin anew.
    case fell
    /// It began before anything is remembered: what was counted of it can't be known. It counts from here on.
    case unknownBeginning
    /// Nothing is remembered here.
    case unremembered
}
