internal import Foundation

/// A name that a server's certificate can stand for.
package enum ServerName: Sendable, Hashable {
    case dns(String)
    case address(String)

    /// The longest DNS name, in bytes.
    private static let maxBytes = 253
    /// The longest label of a DNS name, in bytes.
    private static let maxLabelBytes = 63

    /// `nil` where `text` is neither a DNS name in lower case (a first label `*` is fine) nor an IP address.
    package init?(_ text: String) {
        if Self.addressBytes(text) != nil {
            self = .address(text)
            return
        }
        guard !text.isEmpty, text.utf8.count <= Self.maxBytes else { return nil }
        var labels = text.split(separator: ".", omittingEmptySubsequences: false)
        if labels.count > 2, labels[0] == "*" { labels.removeFirst() }
        let isFine = labels.allSatisfy { label in
            let bytes = label.utf8
            return !bytes.isEmpty && bytes.count <= Self.maxLabelBytes && bytes.first != 0x2D && bytes.last != 0x2D
                && bytes.allSatisfy { ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2D }
        }
        guard isFine, labels.last?.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) == false else { return nil }
        self = .dns(text)
    }

    /// The 4 or 16 bytes of an IP address in network order, or `nil` where `text` is none.
    static func addressBytes(_ text: String) -> [UInt8]? {
        var four = in_addr()
        if unsafe inet_pton(AF_INET, text, &four) == 1 {
            return unsafe withUnsafeBytes(of: four) { unsafe Array($0) }
        }
        var sixteen = in6_addr()
        if unsafe inet_pton(AF_INET6, text, &sixteen) == 1 {
            return unsafe withUnsafeBytes(of: sixteen) { unsafe Array($0) }
        }
        return nil
    }
}
