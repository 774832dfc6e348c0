package import Logging
internal import Synchronization
internal import Telemetry
package import UsageModel

/// What the aggregator last said about budgets of new names: told in the log once a minute, in `/readyz`, in `status`,
/// in metrics, and to those whose pushes it concerns.
package final class NameBudgetBoard: Sendable {
    /// How long a budget that stays scarce isn't repeated in the log.
    static let repeatMilliseconds: Int64 = 60_000
    /// The dimensions that names have budgets in.
    static let dimensions = ["tenant", "model", "region"]

    private struct State {
        var budgets: [ControlMessages.NameBudget] = []
        /// When scarcity was last logged, by the steady clock.
        var loggedAt: Int64?
    }

    private let state = Mutex(State())
    private let metrics: CollectorMetrics
    private let logger: Logger
    private let clock: any SteadyClock

    package init(metrics: CollectorMetrics, logger: Logger, clock: any SteadyClock) {
        self.metrics = metrics
        self.logger = logger
        self.clock = clock
        setMetrics([])
    }

    package var current: [ControlMessages.NameBudget] { state.withLock { $0.budgets } }

    /// The dimensions whose further new names are counted under `(over-limit)`, in their order.
    package var exceeded: [String] {
        let budgets = current
        return Self.dimensions.filter { dimension in budgets.contains { $0.dimension == dimension && $0.isExceeded } }
    }

    /// Takes what an answer said.
    ///
    /// - Parameter told: empty where nothing is scarce, or the aggregator doesn't tell.
    package func heard(_ told: [ControlMessages.NameBudget]) {
        // What a later version may add means nothing here.
        let budgets = told.filter { Self.dimensions.contains($0.dimension) }
        let now = clock.nowMilliseconds()
        let (isOver, isDue) = state.withLock { state in
            defer { state.budgets = budgets }
            if budgets.isEmpty {
                defer { state.loggedAt = nil }
                return (!state.budgets.isEmpty, false)
            }
            let isDue = state.loggedAt.map { now - $0 >= Self.repeatMilliseconds } ?? true
            if isDue { state.loggedAt = now }
            return (false, isDue)
        }
        setMetrics(budgets)
        if isOver { logger.info("budgets of new names have room again") }
        if isDue { for budget in budgets { log(budget) } }
    }

    private func log(_ budget: ControlMessages.NameBudget) {
        logger.warning(
            budget.isExceeded
                ? "a budget of new names is used up; usage of further ones counts under (over-limit)"
                : "a budget of new names is nearly used up",
            [
                .dimension: "\(budget.dimension)", .names: "\(budget.used)",
                .detail: "\(budget.used) of the \(budget.of)'s \(budget.budget) new names of today (UTC)",
                .remedy: "look for request ids or the like in this field; or have names.* of the aggregator raised",
            ])
    }

    private func setMetrics(_ budgets: [ControlMessages.NameBudget]) {
        for dimension in Self.dimensions {
            let own = budgets.filter { $0.dimension == dimension }
            metrics.scarceNames(of: dimension).set(own.isEmpty ? 0 : 1)
            metrics.namesOverLimit(of: dimension).set(own.contains(where: \.isExceeded) ? 1 : 0)
        }
    }
}
