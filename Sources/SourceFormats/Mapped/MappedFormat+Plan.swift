internal import UsageModel

extension MappedFormat {
    /// A plan while it is made of a mapping.
    struct Draft {
        var plan: FieldPlan
        var tree = FieldTree()
        var columns: [CSVColumn] = []
        var taken: Set<Place> = []
    }

    /// Makes the plan and the columns that it reads, and puts the mapping's constants into the defaults.
    func compile(
        into defaults: inout EventDefaults
    ) throws(SourceFormatError) -> (plan: FieldPlan, columns: [CSVColumn]) {
        try checkTogether()
        var draft = Draft(plan: FieldPlan(rules: rules))
        for field in EventField.all(for: .place) {
            guard let place = places[field] else { continue }
            if case .constant(let text) = place {
                try setConstant(field, to: text, in: &draft.plan, defaults: &defaults)
                continue
            }
            guard draft.taken.insert(place).inserted else {
                if field == .additionalOutput, isAdditionalReasoning { continue }
                throw error(at: field, "its place is already read for another field", remedy: "name another place")
            }
            try add(field, at: place, to: &draft)
        }
        for place in further {
            try add(place.field, at: Self.place(place.place, isCSV: isCSV), to: &draft)
        }
        if let usagePath { try draft.plan.addUsage(at: [usagePath], to: &draft.tree, setting: Name.usage) }
        try addConditions(to: &draft)
        try draft.plan.compile(draft.tree)
        // A column that holds JSON is known by its name in the tree.
        for index in draft.columns.indices where draft.columns[index].source < 0 {
            draft.columns[index].node = draft.plan.textNode(named: draft.columns[index].treeName)
        }
        return (draft.plan, draft.columns)
    }

    private var isCSV: Bool { if case .csv = layout { true } else { false } }

    private var rules: FieldPlan.Rules {
        var rules = FieldPlan.Rules()
        rules.acceptsDecimalStrings = acceptsDecimalStrings
        rules.thousandsSeparator = thousandsSeparator ?? 0
        let isTold = usagePath != nil || further.contains { $0.field == .cacheMeaning }
        rules.tellsUsageShapes = isTold
        rules.cacheIsAlwaysAdditional = !isTold || cachedInputIsAdditional
        rules.reasoningIsAlwaysAdditional = reasoningIsAdditional
        rules.detailsProveCounts = detailsProveCounts
        rules.inputIsOptional = absentCountsAreZero || (usagePath == nil && places[.input] == nil)
        // An empty cell is no count, as embeddings have it.
        rules.outputIsOptional = absentCountsAreZero || (usagePath == nil && places[.output] == nil) || isCSV
        rules.time = timeFormat
        return rules
    }

    /// Whether what was spent on reasoning is beside the output: both are read from one place.
    private var isAdditionalReasoning: Bool {
        places[.reasoningOutput] != nil && places[.reasoningOutput] == places[.additionalOutput]
    }

    /// What a plan calls a field of the mapping.
    private func meaning(of field: EventField) -> EventField {
        switch field {
        case .cachedInput where cachedInputIsAdditional: .cacheRead
        case .reasoningOutput where isAdditionalReasoning: .additionalReasoning
        default: field
        }
    }

    private func add(_ field: EventField, at place: Place, to draft: inout Draft) throws(SourceFormatError) {
        let setting = setting(of: field)
        let meaning = meaning(of: field)
        switch place {
        case .constant: preconditionFailure("the constant \(field) has no place in a record")
        case .path(let path):
            guard !isCSV else {
                throw error(at: field, "a CSV source has columns, not paths", remedy: "name a column")
            }
            try draft.plan.add(meaning, paths: [path], to: &draft.tree, setting: setting)
        case .column, .columnNumber, .columnPath:
            _ = try addColumn(meaning, at: place, setting: setting, to: &draft)
        }
    }

    /// Adds a source in a column; returns it.
    private func addColumn(
        _ field: EventField, at place: Place, setting: String, to draft: inout Draft
    ) throws(SourceFormatError) -> Int {
        guard case .csv(let layout) = layout else {
            throw SourceFormatError(
                setting: setting, message: "there are no columns in JSON lines", remedy: "give a path")
        }
        switch place {
        case .columnNumber(let number):
            guard number >= 1, number <= CSVRecord.maxColumns else {
                throw SourceFormatError(
                    setting: setting, message: "there is no column \(number)",
                    remedy: "columns are numbered from 1 to \(CSVRecord.maxColumns), in CSV sources only")
            }
            let source = try draft.plan.add(field, ["column \(number)"], setting: setting).lowerBound
            draft.columns.append(CSVColumn(place: .index(number - 1), source: source))
            return source
        case .column(let name):
            let column = try columnPlace(name, layout, setting: setting)
            let source = try draft.plan.add(field, [name], setting: setting).lowerBound
            draft.columns.append(CSVColumn(place: column, source: source))
            return source
        case .columnPath(let text):
            let path = try RecordPath(text, setting: setting)
            guard path.steps.count > 2, case .name(let name) = path.steps[0], path.steps[1] == .text else {
                throw SourceFormatError(
                    setting: setting, message: "\(text) goes into a column before {}",
                    remedy: "write the column's name, {} and the path within, as in usage{}.input; a name that holds a "
                        + "dot stands in single quotes")
            }
            if !draft.columns.contains(where: { $0.treeName == name }) {
                draft.columns.append(
                    CSVColumn(place: try columnPlace(name, layout, setting: setting), source: -1, treeName: name))
            }
            let source = try draft.plan.add(field, [text], setting: setting).lowerBound
            try draft.tree.insert(
                path, source: source, for: field == .condition ? .condition : .field, setting: setting)
            return source
        case .path, .constant: preconditionFailure("\(place) is no column")
        }
    }

    private func columnPlace(
        _ name: String, _ layout: CSVLayout, setting: String
    ) throws(SourceFormatError) -> CSVColumn.Place {
        if name.hasPrefix("#"), let number = Int(name.dropFirst()), number >= 1 { return .index(number - 1) }
        guard layout.hasHeader else {
            throw SourceFormatError(
                setting: setting, message: "only a CSV with a header row has named columns",
                remedy: "write # and the column's number, or set \(Name.header): true")
        }
        return .name(Array(name.utf8))
    }

    private func addConditions(to draft: inout Draft) throws(SourceFormatError) {
        guard isCSV else { return try RecordRules.apply(records, to: &draft.plan, &draft.tree) }
        var inner = draft
        try RecordRules.apply(records, to: &draft.plan) { (text, setting, plan) throws(SourceFormatError) in
            inner.plan = plan
            defer { plan = inner.plan }
            let place = Self.place(Self.unquoted(text), isCSV: true)
            if case .columnPath(let text) = place {
                let path = try RecordPath(text, setting: setting)
                if let known = inner.tree.source(at: path) { return known }
            } else if let known = inner.columns.first(where: { $0.isAt(place) }) {
                return known.source
            }
            return try addColumn(.condition, at: place, setting: setting, to: &inner)
        }
        draft.tree = inner.tree
        draft.columns = inner.columns
    }

    /// A column's name without the quotes that it may stand in.
    private static func unquoted(_ text: String) -> String {
        guard text.count >= 2, text.hasPrefix("'"), text.hasSuffix("'"), !text.contains("{}.") else { return text }
        return String(text.dropFirst().dropLast()).replacing("''", with: "'")
    }

    private func setConstant(
        _ field: EventField, to text: String, in plan: inout FieldPlan, defaults: inout EventDefaults
    ) throws(SourceFormatError) {
        let properties = field.properties
        guard properties.uses.contains(.constant) else {
            throw error(at: field, "\(properties.noun) is each event's own", remedy: "name its place")
        }
        if properties.uses.contains(.byDefault) {
            try defaults.set(field, to: text, setting: setting(of: field))
        } else if properties.kind == .count {
            let least: UInt64 = field == .requests ? 1 : 0
            guard let count = UInt64(text), (least...Limits.maxTokensPerField).contains(count) else {
                throw error(
                    at: field, "\"\(text)\" is no count",
                    remedy: "give a whole number from \(least) to \(Limits.maxTokensPerField)")
            }
            plan.setConstant(meaning(of: field), to: count)
        } else if text != defaults.provider {
            throw error(at: field, "\"\(text)\" isn't the collector's provider", remedy: "it is \(defaults.provider)")
        }
    }
}
