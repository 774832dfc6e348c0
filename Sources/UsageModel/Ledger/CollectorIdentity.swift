/// Who a collector is, as its client certificate's single URI SAN says:
/// `spiffe://TRUST-DOMAIN/provider/P/collector/NAME`.
package struct CollectorIdentity: Sendable, Hashable, CustomStringConvertible {
    package var trustDomain: String
    package var provider: String
    package var name: String

    package init(trustDomain: String, provider: String, name: String) {
        self.trustDomain = trustDomain
        self.provider = provider
        self.name = name
    }

    package var description: String { "spiffe://\(trustDomain)/provider/\(provider)/collector/\(name)" }
}
