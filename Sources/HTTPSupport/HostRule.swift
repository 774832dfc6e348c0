internal import Foundation
internal import HTTPTypes
package import Hummingbird
internal import Synchronization

/// By which names a listener may be called. A page in somebody's browser can send requests to a name of its own that
/// leads to this machine; it can't make the browser say another name.
package struct HostRule: Sendable {
    /// Names beside IP addresses and those of the certificate.
    private let names: Set<String>
    private let tls: ReloadableTLS?
    private let lastHost = LastHost()

    /// The authority that was found to be a name of the listener's last: nearly all requests call the same one.
    private final class LastHost: Sendable {
        let authority = Mutex("")
    }

    /// - Parameters:
    ///   - names: the names that are configured, without port.
    ///   - tls: of a listener with TLS: the names of its certificate, as it is when a request comes, are taken as well.
    package init(_ names: [String], tls: ReloadableTLS? = nil) {
        let own = ["localhost", ProcessInfo.processInfo.hostName]
        self.names = Set((names + own).map(HostField.normal(_:)))
        self.tls = tls
    }

    /// - Throws: ``Problem`` 400 where `Host` is absent, doubled or malformed, 421 for a foreign one, 403 for a request
    ///   that a browser sends for a page of somebody else.
    package func check(_ request: Request) throws(Problem) {
        let authority = try HostField.authority(calledBy: request)
        if lastHost.authority.withLock({ $0 }) != authority {
            let host = try HostField.host(in: authority)
            let isOwn = names.contains(host) || Self.isAddress(host)
            guard isOwn || tls?.names.contains(where: { HostField.covers($0, host: host) }) ?? false else {
                throw Problem(
                    status: 421, code: "foreign-host", title: "This listener is not called so",
                    detail:
                        "The Host field names another host. Call the listener by its IP address or as localhost, or let "
                        + "its operator add the name to http.hosts.")
            }
            // Names of a certificate may change.
            if isOwn { lastHost.authority.withLock { $0 = authority } }
        }
        let sites = request.headers.filter { $0.name.canonicalName == "sec-fetch-site" }.map { $0.value.lowercased() }
        guard request.headers[.origin] == nil, sites.allSatisfy({ $0 == "none" || $0 == "same-origin" }) else {
            throw Self.crossSite
        }
    }

    /// The answer to a browser that calls for a page.
    package static let crossSite = Problem(
        status: 403, code: "cross-site", title: "Pages of other sites may not call this",
        detail: "The request says that a browser sends it for a page (Origin, Sec-Fetch-Site); programs send neither "
            + "field.")

    private static func isAddress(_ host: String) -> Bool {
        if host.contains(":") { return host.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." } }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }
}

/// Holds every request to a ``HostRule``.
package struct HostMiddleware<Context: RequestContext>: RouterMiddleware {
    private let rule: HostRule

    package init(_ rule: HostRule) {
        self.rule = rule
    }

    package func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        try rule.check(request)
        return try await next(request, context)
    }
}
