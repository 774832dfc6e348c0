internal import TextFormats
internal import UsageModel

extension [ControlMessages.NameBudget] {
    /// What an answer to a collector says of budgets; nothing where none is scarce, as older aggregators do.
    var members: [JSONMember] {
        guard !isEmpty else { return [] }
        let budgets = map { budget -> JSONValue in
            [
                "dimension": .string(budget.dimension), "of": .string(budget.of),
                "used": .integer(Int64(clamping: budget.used)), "budget": .integer(Int64(clamping: budget.budget)),
                "over_limit": .integer(Int64(clamping: budget.overLimit)),
            ]
        }
        return [JSONMember("name_budgets", .array(budgets))]
    }
}
