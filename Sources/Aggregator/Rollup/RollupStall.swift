/// Whether rollups stand still while batches wait, reckoned from samples of the position.
package struct RollupStall: Sendable {
    /// How long positions may stand still with work waiting before it is told, in seconds.
    package static let toleratedSeconds: Int64 = 60

    private var position: UInt64 = 0
    /// When the position moved last or nothing waited; `nil` before the first sample.
    private var movedAt: Int64?

    package init() {}

    /// Takes a sample.
    ///
    /// - Parameter waiting: batches that are committed and not rolled up.
    /// - Returns: for how many seconds nothing has moved; 0 up to ``toleratedSeconds``.
    package mutating func sample(second: Int64, position: UInt64, waiting: UInt64) -> Int64 {
        let moved = movedAt ?? second
        if position != self.position || waiting == 0 || movedAt == nil {
            self.position = position
            movedAt = second
            return 0
        }
        return second - moved >= Self.toleratedSeconds ? second - moved : 0
    }
}
