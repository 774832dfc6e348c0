internal import UsageModel

/// Where the fields of an event are among the attributes of telemetry: made once for a source.
struct OTLPPlan: Sendable {
    let fields: FieldPlan
    let attributes: NameTable
    /// Among the attributes of a resource, which hold for all of its records.
    let resourceAttributes: NameTable
    /// By role, the values under which a record is counted.
    let operations: NameTable
    let spanKinds: NameTable
    let requestTypes: NameTable
    let tokenTypes: NameTable
    let metrics: NameTable
    let timeSource: Int
    /// The sources of counts.
    let countMask: UInt64
    /// The sources whose values are names.
    let nameMask: UInt64
    let signal: OTLPSignal
    let identity: OTLPFormat.Identity

    /// What ``tokenTypes`` finds.
    enum TokenType: Int16 {
        case input = 0
        case output
        case cachedInput
        case reasoningOutput
    }

    init(_ format: OTLPFormat) throws(SourceFormatError) {
        signal = format.signal
        identity = format.identity
        var rules = FieldPlan.Rules()
        rules.acceptsDecimalStrings = true
        rules.inputIsOptional = true
        rules.outputIsOptional = true
        var plan = FieldPlan(rules: rules)
        var own: [(name: String, value: Int16)] = []
        var resource: [(name: String, value: Int16)] = []
        func add(_ names: [String], at range: Range<Int>, to entries: inout [(name: String, value: Int16)]) {
            for (name, source) in zip(names, range) { entries.append((name, Int16(source))) }
        }
        timeSource = try plan.add(.time, ["time"], setting: "format").lowerBound
        // What a record says itself is preferred to what its resource says.
        for (field, names, setting) in [
            (EventField.tenant, format.tenantNames, OTLPFormat.Name.tenant),
            (.region, format.regionNames, OTLPFormat.Name.region),
        ] {
            try Self.check(names, setting: setting)
            add(names, at: try plan.add(field, names, setting: setting), to: &own)
            add(names, at: try plan.add(field, names, setting: setting), to: &resource)
        }
        try Self.check(format.modelNames, setting: OTLPFormat.Name.model)
        add(format.modelNames, at: try plan.add(.model, format.modelNames, setting: OTLPFormat.Name.model), to: &own)
        if format.identity == .response {
            add(
                [OTLPNames.responseID],
                at: try plan.add(.id, [OTLPNames.responseID], setting: OTLPFormat.Name.identity), to: &own)
        }
        var countMask: UInt64 = 0
        for (field, names) in OTLPNames.counts {
            add(names, at: try plan.add(field, names, setting: "format"), to: &own)
            countMask |= plan.masks[field]
        }
        self.countMask = countMask
        nameMask = plan.masks[.tenant] | plan.masks[.model] | plan.masks[.region] | plan.masks[.id]
        let roles = OTLPNames.Role.allCases.map { (name: $0.name, value: $0.rawValue) }
        attributes = NameTable(own + roles)
        resourceAttributes = NameTable(resource)
        fields = plan
        func values(_ role: OTLPNames.Role) -> NameTable { NameTable(role.inferenceValues.map { ($0, 0) }) }
        operations = values(.operation)
        spanKinds = values(.spanKind)
        requestTypes = values(.requestType)
        tokenTypes = NameTable([
            ("input", TokenType.input.rawValue), ("output", TokenType.output.rawValue),
            ("completion", TokenType.output.rawValue), ("prompt", TokenType.input.rawValue),
        ])
        metrics = NameTable(OTLPNames.Metric.allCases.enumerated().map { ($1.name, Int16($0)) })
    }

    private static func check(_ names: [String], setting: String) throws(SourceFormatError) {
        for name in names where KeyWords(configured: name) == nil {
            throw SourceFormatError(
                setting: setting, message: "\"\(name)\" can't name an attribute",
                remedy: "use 1 to \(KeyWords.maxBytes) bytes without quotes, backslashes and controls")
        }
        if let repeated = names.first(where: { name in names.count(where: { $0 == name }) > 1 }) {
            throw SourceFormatError(
                setting: setting, message: "\(repeated) is there twice", remedy: "name each attribute once")
        }
    }
}
