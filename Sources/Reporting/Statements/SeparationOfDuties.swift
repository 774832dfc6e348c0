internal import TextFormats

/// A token, as far as it matters for who may close a month.
package struct TokenHolding: Sendable, Equatable {
    package var id: String
    package var holder: String?
    /// Whether it can make other tokens.
    package var mints: Bool
    /// Neither revoked nor expired.
    package var isLive: Bool
    /// The token that made it; `nil` for one that was made on a server's command line.
    package var mintedBy: String?

    package init(id: String, holder: String?, mints: Bool, isLive: Bool, mintedBy: String?) {
        self.id = id
        self.holder = holder
        self.mints = mints
        self.isLive = isLive
        self.mintedBy = mintedBy
    }
}

/// Two people close a month; whoever makes tokens could be both of them.
struct SeparationOfDuties {
    private let tokens: [String: TokenHolding]

    init(_ tokens: [TokenHolding]) {
        self.tokens = Dictionary(tokens.map { ($0.id, $0) }) { first, _ in first }
    }

    /// Checks that a person holds no live token that makes others.
    ///
    /// - Throws: ``StatementRefusal`` with `mintsTokens`.
    func requireNoMinter(_ person: StatementPerson) throws(StatementRefusal) {
        let held = tokens.values.filter { token in
            token.mints && token.isLive && (token.holder.map(person.isSame(as:)) ?? false)
        }
        guard let token = held.min(by: { $0.id < $1.id }) else { return }
        throw StatementRefusal(
            .mintsTokens,
            "\(person.holder) holds the token \(token.id), which makes tokens for others; who makes them neither "
                + "proposes nor approves. Revoke it, or let somebody else close the month.")
    }

    /// Checks that an approver makes no tokens, and that neither the approver's token nor the proposer's was made by
    /// the other, through whatever tokens in between.
    ///
    /// - Throws: ``StatementRefusal`` with `mintsTokens` or `mintedByOther`.
    func requireIndependence(_ approver: StatementPerson, for header: StatementHeader) throws(StatementRefusal) {
        try requireNoMinter(approver)
        let proposer = header.proposedBy
        for (one, other) in [(approver, proposer), (proposer, approver)] where descends(one.token, from: other) {
            throw StatementRefusal(
                .mintedByOther,
                "\(one.holder)'s token \(one.token) was made by \(other.holder); somebody whose token neither of them "
                    + "made has to approve statement \(header.id).")
        }
    }

    private func descends(_ token: String, from person: StatementPerson) -> Bool {
        var seen: Set<String> = [token]
        var next = tokens[token]?.mintedBy
        while let id = next, seen.insert(id).inserted {
            if id == person.token || (tokens[id]?.holder.map(person.isSame(as:)) ?? false) { return true }
            next = tokens[id]?.mintedBy
        }
        return false
    }
}
