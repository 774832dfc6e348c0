package import Scopes
package import UsageModel

/// A scope to evaluate over a period, whose days are those of the scope's zone.
package struct ScopeQuestion: Sendable, Hashable {
    package var scope: Scope
    package var period: Period

    package init(scope: Scope, period: Period) {
        self.scope = scope
        self.period = period
    }
}

/// The answer to one question.
package struct ScopeAnswer: Sendable {
    /// The ledger position that the figures count up to.
    package var position: UInt64
    /// The moment up to which recorded facts were taken into account.
    package var knownAt: Timestamp
    package var table: ShareTable
}

/// Scopes evaluated at one position and one moment of knowledge, so that their figures can be compared with each other.
package struct ScopeAnswers: Sendable {
    /// The ledger position that the figures count up to.
    package var position: UInt64
    /// The moment up to which recorded facts were taken into account.
    package var knownAt: Timestamp
    /// One for each question, in their order.
    package var tables: [ShareTable]
}

/// Scopes evaluated at one position as far as they can be, and those that can't.
package struct PartialAnswers: Sendable {
    /// One table for each question that can be answered, in the order of the questions.
    package var answers: ScopeAnswers
    /// In the order of the questions.
    package var refused: [ScopeRefusal]
}

/// What came of a list of questions that were read in one snapshot.
package struct ScopeResults: Sendable {
    /// The ledger position that the figures count up to.
    package var position: UInt64
    /// The moment up to which recorded facts were taken into account.
    package var knownAt: Timestamp
    /// One for each question, in their order.
    package var results: [Result<ShareTable, ScopeRefusal>]

    /// One question's table.
    ///
    /// - Throws: the cause of its refusal.
    package func table(_ index: Int) throws -> ShareTable {
        switch results[index] {
        case .success(let table): return table
        case .failure(let refusal): throw refusal.cause
        }
    }

    /// The same; `nil` where facts that the question needs aren't there or don't answer it, as those of earlier periods
    /// may not.
    package func tableIfFactsAnswer(_ index: Int) throws -> ShareTable? {
        do {
            return try table(index)
        } catch let error where error is MissingFacts || error is UnanswerableScope {
            return nil
        }
    }

    /// The tables of all questions.
    ///
    /// - Throws: the cause of the first refusal.
    package func answers() throws -> ScopeAnswers {
        ScopeAnswers(position: position, knownAt: knownAt, tables: try results.indices.map { try table($0) })
    }

    /// The table of the only question.
    ///
    /// - Throws: the cause of its refusal.
    func single() throws -> ScopeAnswer {
        precondition(results.count == 1, "one answer of \(results.count)")
        return ScopeAnswer(position: position, knownAt: knownAt, table: try table(0))
    }

    /// The tables of those questions that can be answered; one that can't doesn't spoil the others.
    ///
    /// - Throws: the cause of the first refusal, where none can be answered.
    package func partial() throws -> PartialAnswers {
        var (tables, refused): ([ShareTable], [ScopeRefusal]) = ([], [])
        for result in results {
            switch result {
            case .success(let table): tables.append(table)
            case .failure(let refusal): refused.append(refusal)
            }
        }
        if tables.isEmpty, let first = refused.first { throw first.cause }
        return PartialAnswers(
            answers: ScopeAnswers(position: position, knownAt: knownAt, tables: tables), refused: refused)
    }
}
