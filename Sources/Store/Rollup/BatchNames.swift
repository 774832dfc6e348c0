/// The ids behind the names of one batch's dictionaries, by position.
struct BatchNames {
    var provider: Int16
    var tenants: [Int64]
    var models: [Int32]
    var regions: [Int32]
    /// Which of them stand for names beyond a budget.
    var overLimit = OverLimitNames()
}
