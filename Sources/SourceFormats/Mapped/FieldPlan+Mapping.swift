internal import UsageModel

extension FieldPlan {
    /// Which source each CSV column is: known at once where columns are numbered, once the header is read otherwise.
    struct ColumnWanted: Sendable {
        enum Place: Sendable {
            case name([UInt8])
            /// Counted from 0.
            case index(Int)
        }

        var place: Place
        var source: Int
    }

    /// A plan for a mapping, the columns that it reads, and the defaults with the mapping's constants in them.
    static func mapped(
        _ mapping: Mapping, defaults: inout EventDefaults
    ) throws(SourceFormatError) -> (plan: FieldPlan, columns: [ColumnWanted]) {
        try mapping.checkTogether()
        var rules = Rules()
        rules.acceptsDecimalStrings = mapping.acceptsDecimalStrings
        rules.cacheIsAlwaysAdditional = true
        rules.inputIsOptional = mapping.input == nil
        rules.outputIsOptional = mapping.output == nil
        rules.time = mapping.timeFormat
        var plan = FieldPlan(rules: rules)
        var tree = FieldTree()
        var columns: [ColumnWanted] = []
        var taken: [Mapping.Place] = []
        for (field, place, setting) in mapping.places {
            if case .constant = place {
            } else if taken.contains(place) {
                throw SourceFormatError(setting: setting, message: "its place is already read for another field")
            } else {
                taken.append(place)
            }
            switch place {
            case .constant(let text):
                try plan.setConstant(field, text, setting: setting, defaults: &defaults)
            case .path(let path):
                guard case .jsonLines = mapping.layout else {
                    throw SourceFormatError(
                        setting: setting, message: "a CSV source has columns, not paths; name a column")
                }
                try plan.add(field, paths: [path], to: &tree, setting: setting)
            case .column(let name):
                guard case .csv(let layout) = mapping.layout, layout.hasHeader else {
                    throw SourceFormatError(
                        setting: setting, message: "only a CSV with a header row has named columns")
                }
                let source = try plan.add(field, [name]).lowerBound
                columns.append(ColumnWanted(place: .name(Array(name.utf8)), source: source))
            case .columnNumber(let number):
                guard case .csv = mapping.layout, number >= 1, number <= CSVRecord.maxColumns else {
                    throw SourceFormatError(
                        setting: setting,
                        message: "columns are numbered from 1 to \(CSVRecord.maxColumns), in CSV sources only")
                }
                let source = try plan.add(field, ["column \(number)"]).lowerBound
                columns.append(ColumnWanted(place: .index(number - 1), source: source))
            }
        }
        try plan.compile(tree)
        return (plan, columns)
    }

    private mutating func setConstant(
        _ field: EventField, _ text: String, setting: String, defaults: inout EventDefaults
    ) throws(SourceFormatError) {
        func known<Value>(_ value: Value?) throws(SourceFormatError) -> Value {
            guard let value else {
                throw SourceFormatError(setting: setting, message: "\(text) is no \(setting)")
            }
            return value
        }
        switch field {
        case .tenant: defaults.tenant = text
        case .model: defaults.model = text
        case .region: defaults.region = text
        case .layer: defaults.layer = try known(Layer(name: text))
        case .workload: defaults.workload = try known(Workload(name: text))
        case .modality: defaults.modality = try known(Modality(name: text))
        case .provider:
            guard text == defaults.provider else {
                throw SourceFormatError(
                    setting: setting, message: "\(text) isn't the collector's provider, \(defaults.provider)")
            }
        case .id:
            throw SourceFormatError(setting: setting, message: "an id is each event's own; name its place")
        case .time:
            guard let start = StartTime(rfc3339: text) else {
                throw SourceFormatError(
                    setting: setting, message: "a constant time is written as in 2025-06-01T00:00:00Z")
            }
            constantMinute = Int64(
                (start.milliseconds >= 0 ? start.milliseconds : start.milliseconds - 59_999) / 60_000)
        default:
            guard let count = UInt64(text), count <= Limits.maxTokensPerField, field != .requests || count > 0 else {
                throw SourceFormatError(
                    setting: setting,
                    message: "a constant count is a whole number from 0 (requests: 1) to \(Limits.maxTokensPerField)")
            }
            constantCounts[Int(field.rawValue)] = count
        }
    }
}

extension Mapping {
    /// Every mapped field with its place and the name of its setting.
    var places: [(EventField, Place, String)] {
        let all: [(EventField, Place?, String)] = [
            (.provider, provider, "provider"), (.tenant, tenant, "tenant"), (.model, model, "model"),
            (.region, region, "region"), (.layer, layer, "layer"), (.workload, workload, "workload"),
            (.modality, modality, "modality"), (.time, time, "time"), (.requests, requests, "requests"),
            (.input, input, "input"),
            (cachedInputIsAdditional ? .cacheRead : .cachedInput, cachedInput, "cached-input"),
            (.cacheWrite, additionalInput, "additional-input"), (.output, output, "output"),
            (.reasoningOutput, reasoningOutput, "reasoning-output"), (.id, id, "id"),
        ]
        return all.compactMap { field, place, setting in place.map { (field, $0, setting) } }
    }

    /// Checks what no single field can show.
    func checkTogether() throws(SourceFormatError) {
        guard time != nil else {
            throw SourceFormatError(setting: "time", message: "say where the time of a call is")
        }
        guard input != nil || output != nil else {
            throw SourceFormatError(setting: "input", message: "map input, output or both")
        }
        if case .csv(let layout) = layout {
            let unusable: [UInt8] = [0x0A, 0x0D, UInt8(ascii: "\""), 0]
            guard !unusable.contains(layout.delimiter), layout.delimiter < 0x80 else {
                throw SourceFormatError(
                    setting: "delimiter", message: "a delimiter is one ASCII character, and no quote or line end")
            }
            guard layout.skippedLines >= 0 else {
                throw SourceFormatError(setting: "skip", message: "the number of lines to skip is 0 or more")
            }
        }
    }
}
