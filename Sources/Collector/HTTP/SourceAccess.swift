package import HTTPSupport
package import Identity
internal import Settings
internal import Synchronization

/// Who may push into which source: whoever shows one of the source's bearer tokens, or a client certificate with one
/// of its names. Every route of a source, of whatever protocol, asks ``check(_:source:)`` before it reads a body.
///
/// A source with neither takes what comes on a listener that only this machine reaches, and nothing on any other.
package final class SourceAccess: Sendable {
    /// What a request shows of who sends it.
    package struct Caller: Sendable {
        /// The values of `Authorization`, as they came.
        package var authorization: [String]
        /// The certificate that the peer proved to hold in the handshake, as DER.
        package var certificate: [UInt8]?

        package init(authorization: [String], certificate: [UInt8]? = nil) {
            self.authorization = authorization
            self.certificate = certificate
        }
    }

    private struct Rule: Sendable {
        var tokens: BearerTokens
        var names: Set<String>
        /// Whether nobody has to show anything.
        var isOpen: Bool
    }

    private struct Rules: Sendable {
        /// Of `POST /v1/events`; `nil` where that isn't served.
        var unnamed: Rule?
        var byName: [String: Rule]
        /// Whether an unknown source is answered as one whose token wasn't shown, so that answers don't say which
        /// sources there are.
        var hidesNames: Bool
    }

    /// Which listeners others than this machine reach.
    private struct Reach: Sendable {
        var http: Bool
        var grpc: Bool

        init(_ settings: CollectorSettings) {
            http = !settings.http.listen.isLoopback
            grpc = settings.grpc.map { !$0.listen.isLoopback } ?? false
        }

        func covers(_ source: SourceSettings) -> Bool { http || (grpc && source.takesGRPC) }
    }

    /// The most certificates whose names are remembered.
    private static let maxRememberedCertificates = 256

    private let reach: Reach
    private let rules: Mutex<Rules>
    private let certificateNames = Mutex<[[UInt8]: Set<String>]>([:])

    /// Reads the token files. Where one can't be read nobody may push into its source, until a ``reload(_:)``: what is
    /// wrong is told by ``CollectorSettings/keyProblems()``.
    package init(_ settings: CollectorSettings) {
        let reach = Reach(settings)
        self.reach = reach
        rules = Mutex(
            Self.rules(settings, reach) { access, beyond in
                (try? Self.rule(access, beyond: beyond)) ?? Rule(tokens: BearerTokens(), names: [], isOpen: false)
            })
    }

    /// Reads the token files again, and which there are.
    ///
    /// - Throws: `CertificateFault` where one can't be read; what was read before then stays in force.
    package func reload(_ settings: CollectorSettings) throws(CertificateFault) {
        var fault: CertificateFault?
        let fresh = Self.rules(settings, reach) { access, beyond in
            do throws(CertificateFault) {
                return try Self.rule(access, beyond: beyond)
            } catch {
                fault = fault ?? error
                return Rule(tokens: BearerTokens(), names: [], isOpen: false)
            }
        }
        if let fault { throw fault }
        rules.withLock { $0 = fresh }
    }

    /// Whether a source looks at certificates, so that one has to be fetched from the connection.
    ///
    /// - Parameter source: `nil` for `POST /v1/events`.
    package func looksAtCertificates(source: String?) -> Bool {
        rules.withLock { Self.rule(of: source, $0)?.names.isEmpty == false }
    }

    /// - Parameter source: `nil` for `POST /v1/events`.
    /// - Throws: ``Problem`` 401 where the caller may not push there; 404 for a source that there isn't, where that is
    ///   no secret.
    package func check(_ caller: Caller, source: String?) throws(Problem) {
        let rules = self.rules.withLock { $0 }
        guard let rule = Self.rule(of: source, rules) else {
            throw rules.hidesNames ? .notAllowedToPush : .unknownSource
        }
        guard rule.isOpen || shows(caller, what: rule) else { throw .notAllowedToPush }
    }

    /// The source that a caller means who can't name one: the only one of those in question, or the only one that takes
    /// what the caller shows.
    ///
    /// - Throws: ``Problem`` 401 where the caller may push into none of them; 404 where there are several.
    func source(of caller: Caller, among names: [String]) throws(Problem) -> String {
        if names.count == 1 {
            try check(caller, source: names[0])
            return names[0]
        }
        let rules = self.rules.withLock { $0 }
        let known = names.compactMap { name in Self.rule(of: name, rules).map { (name: name, rule: $0) } }
        let own = known.filter { !$0.rule.isOpen && shows(caller, what: $0.rule) }
        if own.count == 1 { return own[0].name }
        let open = known.filter(\.rule.isOpen)
        if own.isEmpty, open.count == 1 { return open[0].name }
        throw own.isEmpty && open.isEmpty && !known.isEmpty ? .notAllowedToPush : .sourceMustBeNamedInMetadata
    }

    /// Whether any source looks at certificates.
    var looksAtCertificates: Bool { rules.withLock { $0.byName.values.contains { !$0.names.isEmpty } } }

    /// Whether a caller shows a token or a certificate that a rule asks for.
    private func shows(_ caller: Caller, what rule: Rule) -> Bool {
        if caller.authorization.count == 1, let token = Self.bearerToken(in: caller.authorization[0]),
            rule.tokens.contains(token)
        {
            return true
        }
        guard !rule.names.isEmpty, let certificate = caller.certificate else { return false }
        return !rule.names.isDisjoint(with: names(in: certificate))
    }

    // MARK: Rules

    private static func rules(
        _ settings: CollectorSettings, _ reach: Reach, rule: (_ access: PushAccess, _ beyond: Bool) -> Rule
    ) -> Rules {
        let common = settings.http.access
        var byName: [String: Rule] = [:]
        for source in settings.pushSources {
            byName[source.name] = rule(source.access.isEmpty ? common : source.access, reach.covers(source))
        }
        let unnamed = settings.http.servesUnnamedSource ? rule(common, reach.http) : nil
        let all = byName.values + [unnamed].compactMap { $0 }
        return Rules(
            unnamed: unnamed, byName: byName, hidesNames: reach.http || reach.grpc || !all.allSatisfy(\.isOpen))
    }

    private static func rule(_ access: PushAccess, beyond: Bool) throws(CertificateFault) -> Rule {
        Rule(
            tokens: try BearerTokens(files: access.tokenFiles),
            names: Set(access.clientNames.map(normal)), isOpen: access.isEmpty && !beyond)
    }

    private static func rule(of source: String?, _ rules: Rules) -> Rule? {
        guard let source else { return rules.unnamed }
        return rules.byName[source]
    }

    /// The token of `Bearer TOKEN`; `nil` for anything else.
    static func bearerToken(in field: String) -> String? {
        let parts = field.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer", parts[1].utf8.count <= BearerTokens.maxBytes else {
            return nil
        }
        return String(parts[1])
    }

    /// DNS names as hosts are compared; URIs as they stand.
    private static func normal(_ name: String) -> String { name.contains(":") ? name : HostField.normal(name) }

    private func names(in certificate: [UInt8]) -> Set<String> {
        if let known = certificateNames.withLock({ $0[certificate] }) { return known }
        let names = Set(ClientNames.all(inDER: certificate).map(Self.normal))
        certificateNames.withLock { known in
            if known.count >= Self.maxRememberedCertificates { known = [:] }
            known[certificate] = names
        }
        return names
    }
}
