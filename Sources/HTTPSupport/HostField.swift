internal import HTTPTypes
package import Hummingbird
internal import NIOCore

/// The host that a request calls, and the spelling in which hosts are compared.
package enum HostField {
    /// The host that `Host`, or the authority of HTTP/2, names.
    ///
    /// - Throws: ``Problem`` 400 where it is absent, doubled or malformed.
    package static func host(calledBy request: Request) throws(Problem) -> String {
        try host(in: authority(calledBy: request))
    }

    /// The value of `Host`, or the authority of HTTP/2.
    ///
    /// - Throws: ``Problem`` 400 where it is absent or doubled.
    static func authority(calledBy request: Request) throws(Problem) -> String {
        // The first Host field, or the authority of HTTP/2, stands apart; what is left among the fields is one more.
        let fields = request.headers.filter { $0.name.canonicalName == "host" }.map(\.value)
        let said = (request.head.authority.map { [$0] } ?? []) + fields
        guard let authority = said.first, !authority.isEmpty else {
            throw .badRequest("The request has no Host field; name the host that is called.")
        }
        guard said.count == 1 else {
            throw .badRequest("The request says more than once which host is called; say it once, in Host.")
        }
        return authority
    }

    /// - Throws: ``Problem`` 400 where it is malformed.
    static func host(in authority: String) throws(Problem) -> String {
        guard let host = host(of: authority) else {
            throw .badRequest("The Host field is not a name or address with an optional port.")
        }
        return host
    }

    /// The host in `host`, `host:port` or `[address]:port`, as it is compared; `nil` for anything else.
    package static func host(of authority: String) -> String? {
        let end: Substring.Index
        let host: Substring
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<close]
            guard host.contains(":") else { return nil }
            end = authority.index(after: close)
        } else {
            end = authority.firstIndex(of: ":") ?? authority.endIndex
            host = authority[..<end]
        }
        let port = authority[end...]
        let isPort =
            port.isEmpty || port.hasPrefix(":") && port.dropFirst().utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
        // No blanks, no user's name, no path, nothing beyond ASCII.
        let isHost = host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x40 && $0 != 0x2F }
        return isPort && isHost && !host.isEmpty ? normal(String(host)) : nil
    }

    /// Whether a name of a certificate is a host's, in the spelling of ``host(of:)``; a wildcard stands for one label.
    package static func covers(_ name: String, host: String) -> Bool {
        let name = normal(name)
        guard name.hasPrefix("*.") else { return name == host }
        guard let dot = host.firstIndex(of: "."), dot != host.startIndex else { return false }
        return host[dot...] == name.dropFirst()
    }

    /// Names in lower case without the root's dot; addresses in one spelling.
    package static func normal(_ name: String) -> String {
        if name.contains(":"), let address = try? SocketAddress(ipAddress: name, port: 0).ipAddress { return address }
        return (name.hasSuffix(".") ? String(name.dropLast()) : name).lowercased()
    }
}
