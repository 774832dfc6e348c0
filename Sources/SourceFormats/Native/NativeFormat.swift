/// Steelyard's own usage event; see `Protocols/usage-event.md`. Names are strict, and nothing unknown is taken but what
/// stands under `attributes`.
package struct NativeFormat: JSONFormat {
    package static let name = "native"
    package static let summary = "Steelyard's own usage event; unknown fields are refused."
    package static let settings: [SourceSetting] = []
    package static let examples = [
        SourceExample(
            records: """
                {"time":"2025-06-01T00:00:00Z","tenant":"t\\u0031","model":"m","input_tokens":10,"output_tokens":5}
                {"ts":"2025-06-01t00:01:00.5z","tenant":"租户","model":"m","attributes":{"a":["]",{}]},"input_tokens":7,\
                "cached_input_tokens":3,"output_tokens":2,"reasoning_output_tokens":1,"id":"call-2"}

                {"time":"2025-06-01T08:02:00+08:00","tenant":"t2","model":"m","region":"cn-beijing","layer":"maas",\
                "workload":"batch","modality":"text","requests":3,"input_tokens":300,"output_tokens":0}
                """)
    ]

    /// What each field is called in the event.
    private static let fields: [(EventField, String)] = [
        (.provider, "provider"), (.tenant, "tenant"), (.model, "model"), (.region, "region"), (.layer, "layer"),
        (.workload, "workload"), (.modality, "modality"), (.requests, "requests"), (.input, "input_tokens"),
        (.cachedInput, "cached_input_tokens"), (.output, "output_tokens"),
        (.reasoningOutput, "reasoning_output_tokens"), (.id, "id"), (.ignoredObject, "attributes"),
    ]

    package init() {}

    package init(_ options: SourceOptions) throws(SourceFormatError) {}

    func plan() throws(SourceFormatError) -> FieldPlan {
        var rules = FieldPlan.Rules()
        rules.refusesUnknownFields = true
        rules.isLenientAboutNames = false
        rules.time = .rfc3339
        var plan = FieldPlan(rules: rules)
        var tree = FieldTree()
        for (field, name) in Self.fields { try plan.add(field, paths: [name], to: &tree, setting: "format") }
        // Two spellings of one field lead to one source, so that a record with both says it twice.
        let time = try plan.add(.time, ["time"], setting: "format").lowerBound
        try tree.insert(path: "time", source: time, setting: "format")
        try tree.insert(path: "ts", source: time, setting: "format")
        try plan.compile(tree)
        return plan
    }
}
