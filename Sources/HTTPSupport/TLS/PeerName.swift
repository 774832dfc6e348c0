internal import Glibc
package import NIOCore
internal import UsageModel

/// A connection's other end, for budgets and traces: an IPv4 address, or the /64 network of an IPv6 address, in which
/// hosts choose the rest as they like.
package struct PeerName: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// Where nothing is known of it.
    package static let unknown = PeerName(description: "unknown")
    /// In place of those beyond what a trace has room for.
    package static let others = PeerName(description: "others")

    private init(description: String) { self.description = description }

    package init(_ address: SocketAddress?) {
        switch address {
        case .v4?: description = address?.ipAddress ?? Self.unknown.description
        case .v6?:
            // By its text, since members of `sockaddr_in6` can't be named reliably beside Foundation.
            var bytes = [UInt8](repeating: 0, count: 16)
            let isRead = unsafe inet_pton(AF_INET6, address?.ipAddress ?? "", &bytes) == 1
            description = isRead ? Self.text(ofIPv6: bytes) : Self.unknown.description
        case .unixDomainSocket?: description = "local"
        case nil: description = Self.unknown.description
        }
    }

    /// Of the connection that a request came on; an HTTP/2 stream is a channel of its own.
    package init(_ channel: any Channel) { self.init(channel.remoteAddress ?? channel.parent?.remoteAddress) }

    static func text(ofIPv6 bytes: [UInt8]) -> String {
        // An IPv4 address that came in at an IPv6 socket.
        if bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10...11].allSatisfy({ $0 == 0xFF }) {
            return bytes[12...].map(String.init).joined(separator: ".")
        }
        let groups = stride(from: 0, to: 8, by: 2).map {
            String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
        }
        return groups.joined(separator: ":") + "::/64"
    }
}
