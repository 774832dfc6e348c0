internal import Store
internal import Synchronization

/// What questions may take at once, in all and by token: how many are under way, the rows that they keep, and what
/// readers haven't taken of their answers. What is beyond it is refused at once, so that a caller's storm or sloth is
/// its own.
package final class QuestionBudget: Sendable {
    /// How much there is of something, in all and for one token.
    package struct Limit: Sendable, Equatable {
        package var all: Int
        package var perToken: Int

        package init(all: Int, perToken: Int) {
            self.all = all
            self.perToken = perToken
        }
    }

    package struct Limits: Sendable, Equatable {
        /// Questions under way.
        package var questions = Limit(
            all: APILimits.defaultQuestions, perToken: APILimits.defaultQuestionsPerToken)
        /// Those of them that change something: imports, and the steps of closing.
        package var changes = Limit(all: APILimits.maxChanges, perToken: APILimits.maxChangesPerToken)
        /// Rows that questions under way keep in memory.
        package var rows = Limit(all: APILimits.defaultKeptRows, perToken: APILimits.defaultKeptRowsPerToken)
        /// Answers that their readers haven't taken whole.
        package var answers = Limit(all: APILimits.maxUnreadAnswers, perToken: APILimits.maxUnreadAnswersPerToken)
        /// Bytes of those answers in files.
        package var bytes = Limit(all: APILimits.defaultUnreadBytes, perToken: APILimits.defaultUnreadBytesPerToken)

        package init() {}

        fileprivate subscript(resource: Resource) -> Limit {
            switch resource {
            case .questions: questions
            case .changes: changes
            case .rows: rows
            case .answers: answers
            case .bytes: bytes
            }
        }
    }

    /// Why a question was not let in, or its answer not sent.
    package enum Refusal: Error, Sendable, Equatable {
        /// The process has enough to do, or to remember: 503.
        case busy
        /// This token has several questions under way already: 429.
        case tooManyOfToken(limit: Int)
        /// This token is changing something already: 429.
        case tooManyChanges(limit: Int)
        /// This token's questions under way keep so many rows that this one's are too many: 429.
        case tooManyKept
        /// This question alone needs more rows than any may keep: 422.
        case tooManyRows(limit: Int)
        /// This token's answers that nobody has read yet are too many or too large to add another: 429.
        case tooMuchUnread
    }

    fileprivate enum Resource: CaseIterable {
        case questions, changes, rows, answers, bytes
    }

    fileprivate typealias Use = [Resource: Int]

    private enum Shortage { case ofAll, ofToken }

    private struct State {
        var all: Use = [:]
        var byToken: [String: Use] = [:]
    }

    private let limits: Limits
    private let state = Mutex(State())

    package init(_ limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Questions under way.
    package var count: Int { state.withLock { $0.all[.questions, default: 0] } }

    /// Answers that their readers haven't taken whole.
    package var unreadCount: Int { state.withLock { $0.all[.answers, default: 0] } }

    /// Lets a question of a token in, until it is answered or the permit is let go of.
    ///
    /// - Parameter isChange: whether it changes something, and so needs connections of the owner's login.
    package func permit(for token: String, isChange: Bool = false) throws(Refusal) -> QuestionPermit {
        let permit = QuestionPermit(budget: self, token: token)
        try permit.take(1, of: .questions) { _ in .tooManyOfToken(limit: limits.questions.perToken) }
        if isChange { try permit.take(1, of: .changes) { _ in .tooManyChanges(limit: limits.changes.perToken) } }
        return permit
    }

    /// - Returns: what there isn't enough of; `nil` where it was taken.
    private func take(_ amount: Int, of resource: Resource, for token: String) -> Shortage? {
        let limit = limits[resource]
        return state.withLock { state in
            if state.byToken[token]?[resource] ?? 0 > limit.perToken - amount { return .ofToken }
            if state.all[resource, default: 0] > limit.all - amount { return .ofAll }
            state.all[resource, default: 0] += amount
            state.byToken[token, default: [:]][resource, default: 0] += amount
            return nil
        }
    }

    fileprivate func take(
        _ amount: Int, of resource: Resource, for token: String, refusal: (Limit) -> Refusal
    ) throws(Refusal) {
        switch take(amount, of: resource, for: token) {
        case nil: break
        case .ofAll: throw .busy
        case .ofToken: throw refusal(limits[resource])
        }
    }

    fileprivate func giveBack(_ use: Use, of token: String) {
        state.withLock { state in
            var own = state.byToken[token] ?? [:]
            for (resource, amount) in use {
                state.all[resource, default: 0] -= amount
                own[resource, default: 0] -= amount
            }
            state.byToken[token] = own.values.allSatisfy { $0 == 0 } ? nil : own
        }
    }
}

/// A question that is under way, and then its answer that is being read. It ends with the last reference to it: when
/// its answer has been written, or was given up wherever that was.
package final class QuestionPermit: Sendable {
    /// That of the question which the task is answering.
    @TaskLocal package static var current: QuestionPermit?

    private let budget: QuestionBudget
    private let token: String
    private let held = Mutex<QuestionBudget.Use>([:])

    fileprivate init(budget: QuestionBudget, token: String) {
        self.budget = budget
        self.token = token
    }

    deinit {
        budget.giveBack(held.withLock { $0 }, of: token)
    }

    fileprivate func take(
        _ amount: Int, of resource: QuestionBudget.Resource, refusal: (QuestionBudget.Limit) -> QuestionBudget.Refusal
    ) throws(QuestionBudget.Refusal) {
        try budget.take(amount, of: resource, for: token, refusal: refusal)
        held.withLock { $0[resource, default: 0] += amount }
    }

    /// Counts bytes of the answer that are stored in a file, until it has been read.
    func hold(bytes: Int) throws(QuestionBudget.Refusal) {
        try take(bytes, of: .bytes) { _ in .tooMuchUnread }
    }

    /// The question is answered: others may be asked while the answer is read, which costs no connection to the
    /// database, no thread and next to no memory.
    func answered() throws(QuestionBudget.Refusal) {
        try take(1, of: .answers) { _ in .tooMuchUnread }
        let ended = held.withLock { held in
            let ended = held.filter { $0.key != .answers && $0.key != .bytes }
            for resource in ended.keys { held[resource] = nil }
            return ended
        }
        budget.giveBack(ended, of: token)
    }
}

extension QuestionPermit: RowBudget {
    package func hold(rows: Int) throws {
        let own = held.withLock { $0[.rows, default: 0] }
        try take(rows, of: .rows) { own + rows > $0.perToken ? .tooManyRows(limit: $0.perToken) : .tooManyKept }
    }
}
