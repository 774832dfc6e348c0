internal import Foundation
internal import Store

extension ServerOperator {
    /// Whoever runs a command of this program: the user that the process belongs to.
    static func current(command: String) -> ServerOperator {
        ServerOperator(command: "steelyard-aggregator \(command)", osUser: ProcessInfo.processInfo.userName)
    }
}
