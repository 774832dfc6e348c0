internal import SwiftProtobuf
internal import UsageModel
internal import WireProtocol

/// Counts of refused events, sorted by the bytes of the reason.
enum RejectionsCodec {
    static func encode(_ rejections: [RejectionReason: UInt64]) throws(BatchError) -> [WireRejectionCount] {
        guard rejections.values.allSatisfy({ $0 > 0 }) else { throw error("a count of 0 must be left out") }
        return rejections.sorted { isLess($0.key.rawValue, than: $1.key.rawValue) }.map { reason, count in
            WireRejectionCount.with { entry in
                entry.reason = reason.rawValue
                entry.count = count
            }
        }
    }

    static func decode(_ wire: [WireRejectionCount]) throws(BatchError) -> [RejectionReason: UInt64] {
        var rejections: [RejectionReason: UInt64] = [:]
        for (index, entry) in wire.enumerated() {
            guard let reason = RejectionReason(rawValue: entry.reason) else {
                throw error("reason \(index) is not one that format version 1 knows")
            }
            guard entry.count > 0 else { throw error("a count of 0 must be left out") }
            guard index == 0 || isLess(wire[index - 1].reason, than: entry.reason) else {
                throw error("reason \(index) is not after the one before it")
            }
            rejections[reason] = entry.count
        }
        return rejections
    }

    private static func isLess(_ left: String, than right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    private static func error(_ message: String) -> BatchError {
        BatchError(.badHeader, field: "rejections", message)
    }
}
