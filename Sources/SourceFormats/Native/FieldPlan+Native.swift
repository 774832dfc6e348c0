internal import UsageModel

extension FieldPlan {
    /// Steelyard's own event: strict names, nothing unknown but what stands under `attributes`.
    static func native() throws(SourceFormatError) -> FieldPlan {
        var rules = Rules()
        rules.refusesUnknownFields = true
        rules.isLenientAboutNames = false
        rules.time = .rfc3339
        var plan = FieldPlan(rules: rules)
        var tree = FieldTree()
        let fields: [(EventField, [String])] = [
            (.provider, ["provider"]), (.tenant, ["tenant"]), (.model, ["model"]), (.region, ["region"]),
            (.layer, ["layer"]), (.workload, ["workload"]), (.modality, ["modality"]), (.requests, ["requests"]),
            (.input, ["input_tokens"]), (.cachedInput, ["cached_input_tokens"]), (.output, ["output_tokens"]),
            (.reasoningOutput, ["reasoning_output_tokens"]), (.id, ["id"]), (.ignoredObject, ["attributes"]),
        ]
        for (field, names) in fields { try plan.add(field, paths: names, to: &tree, setting: names[0]) }
        // Two spellings of one field: a record with both says it twice.
        let time = try plan.add(.time, ["time"]).lowerBound
        try tree.insert(path: "time", source: time, setting: "time")
        try tree.insert(path: "ts", source: time, setting: "time")
        try plan.compile(tree)
        return plan
    }

    /// Adds a field's sources, the preferred one first, and the way to each.
    mutating func add(
        _ field: EventField, paths: [String], to tree: inout FieldTree, setting: String
    ) throws(SourceFormatError) {
        let range = try add(field, paths)
        for (source, path) in zip(range, paths) { try tree.insert(path: path, source: source, setting: setting) }
    }
}
