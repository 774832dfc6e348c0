extension StatementContent {
    /// What in a statement contradicts itself, in sentences; empty for every statement that was ever made.
    package var contradictions: [String] {
        var found: [String] = []
        func check(_ name: String, _ amount: (ShareTable.Row) -> UInt128) {
            let sum = table.rows.reduce(UInt128(0)) { $0 + amount($1) }
            if sum != amount(table.total) {
                found.append("The rows' \(name) add up to \(sum), and the total says \(amount(table.total)).")
            }
        }
        check("numerators", \.numerator)
        check("external usage", \.external)
        check("own business", \.ownBusiness)
        check("unclassified usage", \.unclassified)
        check("other kinds", \.otherKinds)
        check("usage outside the filters", \.outsideFilters)
        if table.scope.denominator == .everythingCounted, table.denominator != table.total.numerator {
            found.append("The denominator is \(table.denominator), and \(table.total.numerator) was counted.")
        }
        if shortcomings.contains(where: \.isBlocking), overrideReason == nil {
            found.append("Something was short, and no reason is given for closing all the same.")
        }
        return found
    }
}
