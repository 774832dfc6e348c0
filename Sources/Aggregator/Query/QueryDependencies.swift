package import Logging
package import Reporting
package import Scopes
package import Store
package import Telemetry
package import UsageModel

/// What the query listener works with; made by ``AggregatorDaemon``.
package struct QueryDependencies: Sendable {
    package var store: Store
    package var scopes: ScopeCatalogue
    package var clock: any WallClock
    package var health: @Sendable () -> Health
    package var registry: MetricsRegistry
    package var logger: Logger
    /// Is told what is refused.
    package var trail: AuditTrail
    /// What questions may take at once.
    package var budget = QuestionBudget()
    /// Where answers wait for their readers.
    package var answers = AnswerFiles()
    /// What a month must have before it is closed.
    package var statementRules = StatementRules()
    /// How long `wait-for` waits.
    package var maxWait: Duration = .seconds(APILimits.maxWaitSeconds)
    /// What happened in the market, to be read beside trends.
    package var events = TrendEvents([])
    /// How long a provider or collector may bring nothing before it counts as silent, in minutes.
    package var silenceMinutes = APILimits.defaultSilenceMinutes

    /// The database as a caller may see it: every question of a request is asked through this.
    ///
    /// Rows that are kept until the question is answered count against its permit.
    func questions(of caller: TokenRecord) -> Questions {
        store.questions(as: caller.visibility, rowBudget: QuestionPermit.current)
    }

    /// What makes a place for the answer to the question that the task is answering; called where it is encoded.
    ///
    /// - Parameter isHashed: whether the answer's SHA-256 is asked for.
    func answerWriter(isHashed: Bool = false) -> @Sendable () -> AnswerWriter {
        let (answers, permit) = (answers, QuestionPermit.current)
        return { AnswerWriter(answers, permit: permit, isHashed: isHashed) }
    }

    /// What a caller asks about scopes and statements.
    func reports(for caller: TokenRecord) -> Reports<Questions> { Reports(questions(of: caller)) }

    package init(
        store: Store, scopes: ScopeCatalogue, clock: any WallClock, health: @escaping @Sendable () -> Health,
        registry: MetricsRegistry, logger: Logger
    ) {
        self.store = store
        self.scopes = scopes
        self.clock = clock
        self.health = health
        self.registry = registry
        self.logger = logger
        trail = AuditTrail(store: store, clock: clock, logger: logger)
    }
}
