internal import UsageModel

/// CSV or JSON lines of any layout, by a mapping that says for each field of an event where its value is.
///
/// A field without a place takes its value from ``EventDefaults`` (names, layer, workload, modality), is 1 (requests)
/// or 0 (the other counts); the time and at least one of input and output must have a place. What isn't mapped is
/// skipped and never stored.
package struct MappedFormat: SourceFormat {
    /// Where the value of one field comes from.
    package enum Place: Sendable, Hashable {
        /// A CSV column by the name in the header row; compared byte for byte, without the blanks at its ends.
        case column(String)
        /// A value of the JSON that a CSV column holds, by the column's name: `usageDetails{}.input`.
        case columnPath(String)
        /// A CSV column by number, the first being 1.
        case columnNumber(Int)
        /// A JSON value by its path from the record's top, such as `usage.prompt_tokens`; see ``RecordPath``.
        case path(String)
        /// The same value for every record.
        case constant(String)
    }

    /// A place of any field of a plan, also of those that settings don't speak of.
    struct FurtherPlace: Sendable, Hashable {
        var field: EventField
        /// A path, or a column's name.
        var place: String

        init(_ field: EventField, _ place: String) {
            self.field = field
            self.place = place
        }
    }

    /// What the records are.
    package enum Layout: Sendable, Hashable {
        case jsonLines
        case csv(CSVLayout)
    }

    package var layout: Layout
    /// By field of the configuration. Cached input stands under ``EventField/cachedInput`` also where it comes on top
    /// of the input; the provider is checked against ``EventDefaults/provider``.
    package var places: [EventField: Place]
    package var timeFormat: TimeFormat
    /// Whether cached input comes on top of input (Anthropic's and Bedrock's way) instead of being part of it.
    package var cachedInputIsAdditional: Bool
    /// Whether a JSON string of decimal digits is taken as a count (`"prompt_tokens": "12"`).
    package var acceptsDecimalStrings: Bool
    /// Where a `usage` object stands whose shape is told by ``UsageShapes``, in place of counts of their own.
    package var usagePath: String?
    /// Whether reasoning comes on top of output instead of being part of it.
    package var reasoningIsAdditional = false
    /// Places beside those of ``places``, which no setting speaks of.
    var further: [FurtherPlace] = []
    /// Whether counts that aren't there are 0.
    var absentCountsAreZero = false
    /// Whether ``EventField/estimated`` holds only for counts that come without details of the cache.
    var detailsProveCounts = false
    /// What separates the thousands of counts that are text; `nil` for nothing.
    package var thousandsSeparator: UInt8?
    /// Which records are for counting.
    package var records = RecordRuleTexts()

    package init(
        layout: Layout, _ places: [EventField: Place], timeFormat: TimeFormat = .automatic,
        cachedInputIsAdditional: Bool = false, acceptsDecimalStrings: Bool = false
    ) {
        self.layout = layout
        self.places = places
        self.timeFormat = timeFormat
        self.cachedInputIsAdditional = cachedInputIsAdditional
        self.acceptsDecimalStrings = acceptsDecimalStrings
    }

    package subscript(_ field: EventField) -> Place? {
        get { places[field] }
        set { places[field] = newValue }
    }

    package var mediaTypes: [String] {
        switch layout {
        case .jsonLines: JSONRecords.mediaTypes
        case .csv: ["text/csv"]
        }
    }

    package func makeParser(
        defaults: EventDefaults, framing: SourceFraming
    ) throws(SourceFormatError) -> any SourceParser {
        var defaults = defaults
        let plan: FieldPlan
        let columns: [CSVColumn]
        (plan, columns) = try compile(into: &defaults)
        switch layout {
        case .csv(let layout):
            return try CSVParser(layout: layout, wanted: columns, plan: plan, defaults: defaults)
        case .jsonLines:
            return try JSONRecords.makeParser(plan, defaults: defaults, framing: framing)
        }
    }
}

// MARK: Settings

extension MappedFormat {
    package static let name = "mapped"
    package static let summary = "CSV or JSON lines of any layout, by a mapping from columns or paths to fields."

    package static let examples = [
        SourceExample(
            [
                "layout": "json-lines", "fields.tenant": "who.name", "constants.model": "m", "fields.time": "t",
                "fields.requests": "n", "fields.input-tokens": "u.in", "fields.cached-input-tokens": "u.cached",
                "fields.output-tokens": "u.out", "fields.id": "id", "cached-input-is-additional": "true",
                "decimal-strings": "true",
            ],
            records: """
                {"t":"2025-06-01T00:00:00Z","who":{"name":"t1"},"u":{"in":12,"cached":"3","out":4},"id":"a"}
                {"t":1748736060.5,"who":{"name":77},"n":2,"u":{"in":"5","out":6,"x":[[{}]]}}
                """),
        SourceExample(
            [
                "layout": "csv", "csv.skip-lines": "1", "fields.tenant": "who", "constants.model": "m",
                "fields.time": "at", "fields.input-tokens": "in", "fields.output-tokens": "out",
            ],
            records: "\u{FEFF}a comment \"\r\nat,who,note,in,out\r\n2025-06-01T00:00:00Z,t1,,1,2\r\n"
                + "2025-06-01T00:01:00Z,\"t2\",\"a \"\"note\"\",\r\non two lines\",3,4\r\n\r\n"
                + "2025-06-01T00:02:00Z,t3,,5,6\n"),
        SourceExample(
            [
                "layout": "json-lines", "fields.tenant": "'who.is'.0", "constants.model": "m", "fields.time": "t",
                "fields.input-tokens": "log{}.u.in*", "fields.output-tokens": "n.*.out", "no-usage": "ignore",
                "time.format": "pattern", "time.pattern": "%d/%b/%Y:%H:%M:%S %z", "except": "log{}.err = 'x' | 500",
            ],
            records: """
                {"t":"01/Jun/2025:08:00:00 +0800","who.is":["t1"],"log":"{\\"u\\":{\\"in\\":12,\\"in_b\\":1.0}}",\
                "n":[{"out":4},{"out":5}]}
                {"t":"01/Jun/2025:08:00:00 +0800","who.is":["t1"],"log":"{\\"err\\":5e2}","n":{"a":{"out":4}}}
                {"x":NaN,"y":"\\q","t":"01/Jun/2025:08:00:00 +0800","who.is":["t1"],"log":{"u":{"in":1}},\
                "n":{"a":{"out":4}}}
                {"t":"no","log":{"u":{"in":0}},"n":[{"out":0}]}
                """),
        SourceExample(
            [
                "layout": "csv", "csv.encoding": "utf-16", "fields.tenant": "who", "fields.model": "#3",
                "fields.time": "at", "fields.input-tokens": "use{}.in", "fields.output-tokens": "out",
                "thousands-separator": "comma", "time.format": "wall-clock", "time.zone": "Asia/Shanghai",
                "only": "note != 'x'",
            ],
            records: "sep=;\nat; who ;m;use;out;note\n2025/6/1 8:00;\u{79DF}\u{6237};m;\"{\"\"in\"\":1}\";\"1,234\";\n"
                + ";;;;;\n2025/6/1 8:00; \"t\" ;m;{};12.0;x\n2025/6/1;t;m;\"{\"\"in\"\":\n1}\"; 1 ;y\n",
            inUTF16: true),
        SourceExample(
            [
                "layout": "csv", "csv.delimiter": "tab", "csv.header": "false", "constants.tenant": "t",
                "fields.model": "#1", "fields.time": "#3", "time.format": "seconds", "fields.output-tokens": "#2",
            ], records: "m1\t5\t1748736000\tmore\nm2\t6\t1748736001.5\nm3\t\"7\"\t1748736002\n"),
    ]

    enum Name {
        static let layout = "layout"
        static let delimiter = "csv.delimiter"
        static let header = "csv.header"
        static let skippedLines = "csv.skip-lines"
        static let encoding = "csv.encoding"
        static let cachedInputIsAdditional = "cached-input-is-additional"
        static let decimalStrings = "decimal-strings"
        static let usage = "fields.usage"
        static let thousandsSeparator = "thousands-separator"
        static func place(_ field: EventField) -> String { "fields.\(field.name)" }
        static func constant(_ field: EventField) -> String { "constants.\(field.name)" }
    }

    private static let csvOnly = SourceSetting.Condition(setting: Name.layout, values: ["csv"])
    private static let jsonOnly = SourceSetting.Condition(setting: Name.layout, values: ["json-lines"])

    /// What may separate thousands, by the word for it; 0 for nothing.
    private static let separators: [(name: String, byte: UInt8)] = [
        ("none", 0), ("comma", UInt8(ascii: ",")), ("point", UInt8(ascii: ".")), ("blank", 0x20),
        ("apostrophe", UInt8(ascii: "'")), ("underscore", UInt8(ascii: "_")),
    ]

    package static let settings: [SourceSetting] =
        [
            SourceSetting(
                Name.layout, .word(["csv", "json-lines"]), presence: .required, summary: "layout of the records"),
            SourceSetting(
                Name.delimiter, .word([",", ";", "tab", "|"]), presence: .byDefault([","]),
                summary: "what separates columns",
                onlyWith: csvOnly),
            SourceSetting(
                Name.header, .flag, presence: .byDefault(["true"]), summary: "whether the first row names the columns",
                onlyWith: csvOnly),
            SourceSetting(
                Name.encoding, .word(TextEncoding.allCases.map(\.rawValue)),
                presence: .byDefault([TextEncoding.utf8.rawValue]), summary: "how the text is encoded",
                onlyWith: csvOnly),
            SourceSetting(
                Name.skippedLines, .integer(0...1_000), presence: .byDefault(["0"]), summary: "lines before the header",
                onlyWith: csvOnly),
            SourceSetting(
                Name.cachedInputIsAdditional, .flag, presence: .byDefault(["false"]),
                summary: "whether cached input comes on top of input instead of being part of it"),
            // Every count in CSV is text, so that the flag could only be misunderstood there.
            SourceSetting(
                Name.decimalStrings, .flag, presence: .byDefault(["false"]),
                summary: "whether counts may be JSON strings of digits", onlyWith: jsonOnly),
            SourceSetting(
                Name.thousandsSeparator, .word(separators.map(\.name)), presence: .byDefault(["none"]),
                summary: "what separates the thousands of counts that are text, as in `1,200`"),
            UsagePlaces.reasoningSetting,
            SourceSetting(
                Name.usage, .text, presence: .optional,
                summary: "[path](#paths) of a `usage` object of any [known shape](../usage-shapes.md), in place of the "
                    + "counts below", onlyWith: jsonOnly),
        ] + TimeFormat.settings + RecordRules.settings
        + EventField.all(for: .place).map { field in
            SourceSetting(
                Name.place(field), .text, presence: .optional,
                summary: "column, `#number` of a column, or [path](#paths) of \(field.properties.noun)")
        }
        + EventField.all(for: .constant).map { field in
            SourceSetting(
                Name.constant(field), .text, presence: .optional, summary: "in every record \(field.properties.noun)")
        }

    package init(_ options: SourceOptions) throws(SourceFormatError) {
        let isCSV = options.requiredText(Name.layout) == "csv"
        self.init(layout: isCSV ? .csv(Self.csvLayout(options)) : .jsonLines, [:], timeFormat: try TimeFormat(options))
        for field in EventField.all(for: .place) {
            places[field] = options.text(Name.place(field)).map { Self.place($0, isCSV: isCSV) }
        }
        for field in EventField.all(for: .constant) {
            guard let text = options.text(Name.constant(field)) else { continue }
            guard places[field] == nil else {
                throw SourceFormatError(
                    setting: Name.constant(field), message: "is given beside \(Name.place(field))",
                    remedy: "keep one of them")
            }
            places[field] = .constant(text)
        }
        cachedInputIsAdditional = options.flag(Name.cachedInputIsAdditional)
        acceptsDecimalStrings = options.flag(Name.decimalStrings)
        usagePath = options.text(Name.usage)
        reasoningIsAdditional = options.flag(UsagePlaces.reasoningSetting.name)
        let separator = options.requiredText(Name.thousandsSeparator)
        thousandsSeparator = Self.separators.first { $0.name == separator && $0.byte != 0 }?.byte
        records = RecordRules.texts(options)
    }

    static func place(_ text: String, isCSV: Bool) -> Place {
        guard isCSV else { return .path(text) }
        if text.hasPrefix("#"), let number = Int(text.dropFirst()) { return .columnNumber(number) }
        return text.contains("{}.") ? .columnPath(text) : .column(text)
    }

    private static func csvLayout(_ options: SourceOptions) -> CSVLayout {
        let delimiter = options.requiredText(Name.delimiter)
        return CSVLayout(
            delimiter: delimiter == "tab" ? UInt8(ascii: "\t") : delimiter.utf8.first ?? UInt8(ascii: ","),
            hasHeader: options.flag(Name.header), skippedLines: options.integer(Name.skippedLines),
            encoding: TextEncoding(rawValue: options.requiredText(Name.encoding)) ?? .utf8)
    }

    /// The setting that says where a field comes from.
    func setting(of field: EventField) -> String {
        if case .constant = places[field] { Name.constant(field) } else { Name.place(field) }
    }
}

extension MappedFormat {
    func error(at field: EventField, _ message: String, remedy: String) -> SourceFormatError {
        SourceFormatError(setting: setting(of: field), message: message, remedy: remedy)
    }

    /// Checks what no single field can show.
    func checkTogether() throws(SourceFormatError) {
        guard places[.time] != nil else {
            throw error(
                at: .time, "a record can't be counted without a time", remedy: "say where the time of a call is")
        }
        try checkTypedTokens()
        guard places[.input] != nil || places[.output] != nil || usagePath != nil || places[.typedTokens] != nil else {
            throw error(at: .input, "nothing is counted", remedy: "map usage, input-tokens, output-tokens or both")
        }
        try checkUsage()
        if case .csv(let layout) = layout {
            let unusable: [UInt8] = [0x0A, 0x0D, UInt8(ascii: "\""), 0]
            guard !unusable.contains(layout.delimiter), layout.delimiter < 0x80 else {
                throw SourceFormatError(
                    setting: Name.delimiter, message: "can't separate columns",
                    remedy: "give one ASCII character that is no quote or line end")
            }
            guard layout.skippedLines >= 0 else {
                throw SourceFormatError(
                    setting: Name.skippedLines, message: "is below 0", remedy: "give a number of lines")
            }
        }
    }

    /// Checks that a count which says its kind is the only one.
    private func checkTypedTokens() throws(SourceFormatError) {
        guard (places[.typedTokens] == nil) == (places[.tokenType] == nil) else {
            throw SourceFormatError(
                setting: Name.place(places[.typedTokens] == nil ? .tokenType : .typedTokens),
                message: "stands alone",
                remedy: "give both \(Name.place(.typedTokens)) and \(Name.place(.tokenType)), or neither")
        }
        guard places[.typedTokens] != nil else { return }
        for field in EventField.all(for: .place)
        where field.properties.kind == .count && field != .requests && field != .typedTokens {
            guard places[field] == nil else {
                throw error(at: field, "is counted beside \(Name.place(.typedTokens))", remedy: "keep one of them")
            }
        }
    }

    /// Checks that counts have one place only: in a `usage` object or in places of their own.
    private func checkUsage() throws(SourceFormatError) {
        guard usagePath != nil else { return }
        for field in EventField.all(for: .place) where field.properties.kind == .count && field != .requests {
            guard places[field] == nil else {
                throw error(at: field, "is read from \(Name.usage) already", remedy: "keep one of them")
            }
        }
    }
}
