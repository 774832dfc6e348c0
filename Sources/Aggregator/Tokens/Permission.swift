package import HTTPSupport
internal import Reporting
package import Store

/// What a route lets its caller do.
package enum Permission: String, Sendable, CaseIterable {
    case usage
    case shares
    case exports
    case readStatements
    case writeStatements
    case scopes
    case collectors
    case coverage
    case readTenants
    case writeTenants
    case readFacts
    case writeFacts
    case tokens
    case metrics

    /// Whether its routes change facts or statements, which takes connections of the owner's login for a while.
    var changesMarket: Bool { [.writeTenants, .writeFacts, .writeStatements].contains(self) }

    /// Whether the figures are the market's: a token bound to one provider may not see them.
    var isMarketWide: Bool {
        switch self {
        case .shares, .exports, .readStatements, .writeStatements, .writeTenants, .readFacts, .writeFacts, .tokens,
            .metrics:
            true
        case .usage, .scopes, .collectors, .coverage, .readTenants: false
        }
    }
}

extension TokenRole {
    /// The matrix of who may do what.
    package func allows(_ permission: Permission) -> Bool {
        switch self {
        // Who makes tokens could be both of the two people that a statement needs.
        case .admin: permission != .writeStatements
        case .operator: [.collectors, .coverage, .metrics, .usage, .scopes].contains(permission)
        case .auditor:
            [.usage, .shares, .exports, .readStatements, .readTenants, .readFacts, .scopes, .coverage]
                .contains(permission)
        case .finance:
            [.shares, .exports, .readStatements, .writeStatements, .scopes, .coverage].contains(permission)
        }
    }
}

extension TokenRecord {
    /// Lets the token through, or says why not.
    ///
    /// - Throws: ``Problem`` 403.
    package func check(_ permission: Permission) throws(Problem) {
        guard role.allows(permission) else {
            let roles = TokenRole.allCases.filter { $0.allows(permission) }.map(\.rawValue).joined(separator: ", ")
            throw .forbidden("The token's role is \(role.rawValue); this needs one of: \(roles).", code: "wrong-role")
        }
        if permission.isMarketWide, let provider {
            throw .forbidden(
                "The token is bound to the provider \(provider); this shows or changes what is beyond one provider, "
                    + "and needs a token that is not bound.", code: "bound-token")
        }
        if permission == .usage, role == .operator, provider == nil {
            throw .forbidden(
                "An operator sees the usage of its own provider only, and this token is bound to none.",
                code: "unbound-operator")
        }
    }
}
