package import Scopes
package import UsageModel

/// What stands in the way of closing a month, and that its approver is not its proposer: decided over what one snapshot
/// of the database says. Which roles may close at all is `Permission`'s, in `Aggregator/Tokens`.
package enum ClosingRules {
    /// The number of a month's next proposal.
    ///
    /// - Parameter earlier: all statements of the month under the scope.
    /// - Throws: ``StatementRefusal`` with `exists` where one waits for a decision, or the month is closed.
    package static func attempt(
        after earlier: [StatementHeader], scope: Scope, month: Period
    ) throws(StatementRefusal) -> Int {
        for header in earlier where header.status != .withdrawn {
            let state =
                header.status == .approved
                ? "is closed by statement \(header.id); later usage and reclassifications are adjustments to it"
                : "is proposed as statement \(header.id); approve or withdraw that first"
            throw StatementRefusal(.exists, "\(month) under \(scope.id) \(state).")
        }
        return earlier.count + 1
    }

    /// What a proposal freezes.
    ///
    /// - Parameters:
    ///   - figures: the scope over the month, at the snapshot's position and knowledge.
    ///   - readiness: of the same figures.
    ///   - calendar: the reporting calendar's zone.
    /// - Throws: ``StatementRefusal`` with `coverageShort` where something is short and the proposal gives no reason to
    ///   close all the same; ``QuestionError`` with `.badQuery` where the scope has no canonical form.
    package static func content(
        of proposal: StatementProposal, figures: ScopeAnswer, readiness: StatementReadiness,
        highWater: [StatementHighWater], calendar: String
    ) throws -> StatementContent {
        let shortcomings = readiness.shortcomings(now: proposal.now)
        let blocking = shortcomings.filter(\.isBlocking)
        guard blocking.isEmpty || proposal.overrideReason != nil else {
            throw StatementRefusal(
                .coverageShort,
                """
                \(proposal.month) can't be closed under \(proposal.scope.id) yet: \
                \(blocking.map(\.text).joined(separator: " ")) Wait, or say why it should be closed all the same \
                (override_reason).
                """, shortcomings: blocking)
        }
        return StatementContent(
            table: try frozen(figures.table), calendar: calendar, knownAt: figures.knownAt.exactText,
            position: figures.position, coverage: readiness.coverage.map(\.frozen), highWater: highWater,
            shortcomings: shortcomings,
            // Where nothing was short, there was nothing to override.
            overrideReason: blocking.isEmpty ? nil : proposal.overrideReason, proposedAt: proposal.now.exactText,
            proposedBy: proposal.person.holder, proposedToken: proposal.person.token)
    }

    private static func frozen(_ table: ShareTable) throws(QuestionError) -> ShareTable {
        do throws(CanonicalFormError) {
            return try table.frozen()
        } catch {
            throw QuestionError(.badQuery, error.description)
        }
    }

    /// Checks that nothing was decided about a statement yet.
    package static func requireUndecided(_ header: StatementHeader) throws(StatementRefusal) {
        guard let decision = header.decision else { return }
        throw StatementRefusal(
            .decided, "Statement \(header.id) was \(decision.kind.rawValue) by \(decision.person.holder) before.")
    }

    /// Checks that an approver isn't the proposer, through whatever token.
    package static func requireAnotherPerson(
        _ person: StatementPerson, for header: StatementHeader
    ) throws(StatementRefusal) {
        guard person.isSame(as: header.proposedBy.holder) else { return }
        throw StatementRefusal(
            .samePerson,
            "\(person.holder) proposed statement \(header.id); somebody else has to approve it, through a token of "
                + "their own.")
    }

    /// Checks that a statement still says what holds: nothing is short that wasn't when it was proposed, and its
    /// figures are those of now.
    ///
    /// - Parameter readiness: of the statement's own figures, by what is delivered now.
    package static func requireUnchanged(
        _ statement: Statement, readiness: StatementReadiness, restatement: Restatement, now: Timestamp
    ) throws(StatementRefusal) {
        let id = statement.header.id
        let short = readiness.shortcomings(now: now)
            .filter { new in new.isBlocking && !statement.content.shortcomings.contains { $0.isSame(as: new) } }
        guard short.isEmpty else {
            throw StatementRefusal(
                .coverageShort,
                "Something is short that wasn't when statement \(id) was proposed; withdraw it and propose again.",
                shortcomings: short)
        }
        guard restatement.isUnchanged else {
            throw StatementRefusal(
                .figuresChanged,
                "The figures are no longer those of statement \(id); withdraw it and propose again.",
                changes: restatement)
        }
    }
}
