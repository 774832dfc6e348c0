import CollectorCore
import Foundation
import Logging
import Telemetry
import TestSupport
import Testing
import UsageModel

@testable import Collector

/// What the aggregator says about budgets of new names, told on.
@Suite struct NameBudgetTests {
    private static func budget(
        _ dimension: String, of owner: String = "provider", used: UInt64, overLimit: UInt64 = 0
    ) -> ControlMessages.NameBudget {
        ControlMessages.NameBudget(dimension: dimension, of: owner, used: used, budget: 100, overLimit: overLimit)
    }

    private static let usedUp = "a budget of new names is used up; usage of further ones counts under (over-limit)"
    private static let nearly = "a budget of new names is nearly used up"

    @Test func `scarcity is logged once a minute, and shown until the aggregator takes it back`() {
        let (clock, messages, metrics) = (HandClock(), Messages(), CollectorMetrics())
        let board = NameBudgetBoard(metrics: metrics, logger: messages.logger, clock: clock)
        func gauge(_ name: String, _ value: Int) -> Bool {
            metrics.registry.render().contains("steelyard_collector_\(name){dimension=\"tenant\"} \(value)\n")
        }
        #expect(gauge("names_over_limit", 0) && gauge("scarce_name_budget", 0))
        for _ in 0..<5 { board.heard([Self.budget("tenant", used: 85)]) }
        #expect(messages.count(Self.nearly) == 1 && board.exceeded == [])
        #expect(gauge("names_over_limit", 0) && gauge("scarce_name_budget", 1))
        clock.advance(by: .seconds(60))
        let over = [Self.budget("tenant", used: 100), Self.budget("region", of: "collector", used: 3, overLimit: 9)]
        for _ in 0..<5 { board.heard(over) }
        #expect(messages.count(Self.usedUp) == 2 && board.exceeded == ["tenant", "region"])
        #expect(gauge("names_over_limit", 1))
        board.heard([])
        #expect(board.exceeded == [] && board.current == [] && gauge("names_over_limit", 0))
        #expect(messages.count("budgets of new names have room again") == 1)
    }

    @Test func `a dimension of a later version means nothing`() {
        let board = NameBudgetBoard(
            metrics: CollectorMetrics(), logger: Messages().logger, clock: HandClock())
        board.heard([Self.budget("galaxy", used: 100)])
        #expect(board.current == [] && board.exceeded == [])
    }

    @Test func `answers of older and newer aggregators are read`() throws {
        func told(_ json: String) throws -> [ControlMessages.NameBudget]? {
            try JSONDecoder().decode(ControlMessages.BatchResult.self, from: Data(json.utf8)).nameBudgets
        }
        let older = try told(#"{"result":"counted","next_sequence":1,"chain":"00"}"#)
        let budgets = #"[{"dimension":"tenant","of":"provider","used":80,"budget":100,"over_limit":0,"later":1}]"#
        let newer = try told(#"{"result":"counted","next_sequence":1,"chain":"00","name_budgets":\#(budgets)}"#)
        #expect(older == nil)
        #expect(newer == [Self.budget("tenant", used: 80)])
    }

    @Test func `readyz and status tell of scarce budgets`() async throws {
        try await ScratchDirectory.with("names") { directory in
            let rig = try await Rig.open(directory)
            rig.parts.nameBudgets.heard([Self.budget("tenant", used: 100)])
            let readiness = Readiness(
                intakeSwitch: rig.parts.intakeSwitch, board: rig.board, nameBudgets: rig.parts.nameBudgets.current,
                nowMilliseconds: 0, provider: "p", collector: "c", version: "v")
            let again = try JSONDecoder().decode(Readiness.self, from: Data(CollectorStatus.json(readiness).utf8))
            #expect(again == readiness && again.nameBudgets?.count == 1)
            #expect(
                CollectorStatus.table(readiness).contains(
                    "100 of the provider's 100 of today (UTC); further ones count under (over-limit)"))
        }
    }
}
