internal import Synchronization

/// What questions may take at once, in all and by token: how many are under way, and how many bytes of answers wait for
/// readers that don't take them. What is beyond it is refused at once, so that a caller's storm or sloth is its own.
package final class QuestionBudget: Sendable {
    package struct Limits: Sendable, Equatable {
        package var questions = APILimits.defaultQuestions
        package var questionsPerToken = APILimits.defaultQuestionsPerToken
        package var bytes = APILimits.maxUnreadBytes
        package var bytesPerToken = APILimits.maxUnreadBytesPerToken

        package init() {}
    }

    /// Why a question was not let in, or its answer not sent.
    package enum Refusal: Error, Sendable, Equatable {
        /// The process has enough to do, or to remember: 503.
        case busy
        /// This token has several questions under way already: 429.
        case tooManyOfToken(limit: Int)
        /// This token's answers that nobody has read yet are too large to add another: 429.
        case tooMuchUnread
    }

    private struct Use {
        var questions = 0
        var bytes = 0
    }

    private struct State {
        var all = Use()
        var byToken: [String: Use] = [:]
    }

    private let limits: Limits
    private let state = Mutex(State())

    package init(_ limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Questions under way.
    package var count: Int { state.withLock { $0.all.questions } }

    /// Lets a question of a token in, until the permit is let go of.
    package func permit(for token: String) throws(Refusal) -> QuestionPermit {
        let refusal = state.withLock { state -> Refusal? in
            if state.all.questions >= limits.questions { return .busy }
            if state.byToken[token, default: Use()].questions >= limits.questionsPerToken {
                return .tooManyOfToken(limit: limits.questionsPerToken)
            }
            state.all.questions += 1
            state.byToken[token, default: Use()].questions += 1
            return nil
        }
        if let refusal { throw refusal }
        return QuestionPermit(budget: self, token: token)
    }

    fileprivate func hold(_ bytes: Int, of token: String) throws(Refusal) {
        let refusal = state.withLock { state -> Refusal? in
            if state.all.bytes + bytes > limits.bytes { return .busy }
            if state.byToken[token, default: Use()].bytes + bytes > limits.bytesPerToken { return .tooMuchUnread }
            state.all.bytes += bytes
            state.byToken[token, default: Use()].bytes += bytes
            return nil
        }
        if let refusal { throw refusal }
    }

    fileprivate func leave(_ token: String, bytes: Int) {
        state.withLock { state in
            state.all.questions -= 1
            state.all.bytes -= bytes
            guard var own = state.byToken[token] else { return }
            own.questions -= 1
            own.bytes -= bytes
            state.byToken[token] = own.questions == 0 ? nil : own
        }
    }
}

/// A question that is under way. It ends with the last reference to it: when its answer has been written, or was given
/// up wherever that was.
package final class QuestionPermit: Sendable {
    private let budget: QuestionBudget
    private let token: String
    private let held = Mutex(0)

    fileprivate init(budget: QuestionBudget, token: String) {
        self.budget = budget
        self.token = token
    }

    deinit {
        budget.leave(token, bytes: held.withLock { $0 })
    }

    /// Counts an answer's bytes until the question ends.
    func hold(bytes: Int) throws(QuestionBudget.Refusal) {
        try budget.hold(bytes, of: token)
        held.withLock { $0 += bytes }
    }
}
