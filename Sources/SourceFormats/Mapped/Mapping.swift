/// How a CSV file or JSON lines of any layout become usage events: for each field of an event, where its value is.
///
/// A field without a place takes its value from ``EventDefaults`` (names, layer, workload, modality), is 1 (requests) or
/// 0 (the other counts); `time` and at least one of `input` and `output` must have a place. What isn't mapped is skipped
/// and never stored.
package struct Mapping: Sendable, Hashable {
    /// Where the value of one field comes from.
    package enum Place: Sendable, Hashable {
        /// A CSV column by the name in the header row; compared byte for byte.
        case column(String)
        /// A CSV column by number, the first being 1.
        case columnNumber(Int)
        /// A JSON value by its dotted path from the record's top, such as `usage.prompt_tokens`.
        case path(String)
        /// The same value for every record.
        case constant(String)
    }

    /// What the records are.
    package enum Layout: Sendable, Hashable {
        case jsonLines
        case csv(CSVLayout)
    }

    /// The particulars of a CSV file (RFC 4180: quotes are doubled inside quoted fields, LF or CRLF ends a record).
    package struct CSVLayout: Sendable, Hashable {
        /// The byte between fields.
        package var delimiter: UInt8
        /// Whether the first row after the skipped ones names the columns.
        package var hasHeader: Bool
        /// Lines to pass over at the start of the file.
        package var skippedLines: Int

        package init(delimiter: UInt8 = UInt8(ascii: ","), hasHeader: Bool = true, skippedLines: Int = 0) {
            self.delimiter = delimiter
            self.hasHeader = hasHeader
            self.skippedLines = skippedLines
        }
    }

    package var layout: Layout
    /// Checked against ``EventDefaults/provider`` where mapped.
    package var provider: Place?
    package var tenant: Place?
    package var model: Place?
    package var region: Place?
    package var layer: Place?
    package var workload: Place?
    package var modality: Place?
    package var time: Place?
    package var timeFormat: TimeFormat
    package var requests: Place?
    package var input: Place?
    package var cachedInput: Place?
    /// Whether `cachedInput` comes on top of `input` (Anthropic's and Bedrock's way) instead of being part of it.
    package var cachedInputIsAdditional: Bool
    /// Input tokens that were written to a cache and come on top of `input`.
    package var additionalInput: Place?
    package var output: Place?
    package var reasoningOutput: Place?
    /// The name of the event, unique among all of its source's.
    package var id: Place?
    /// Whether a JSON string of decimal digits is taken as a count (`"prompt_tokens": "12"`).
    package var acceptsDecimalStrings: Bool

    package init(
        layout: Layout, provider: Place? = nil, tenant: Place? = nil, model: Place? = nil, region: Place? = nil,
        layer: Place? = nil, workload: Place? = nil, modality: Place? = nil, time: Place? = nil,
        timeFormat: TimeFormat = .automatic, requests: Place? = nil, input: Place? = nil, cachedInput: Place? = nil,
        cachedInputIsAdditional: Bool = false, additionalInput: Place? = nil, output: Place? = nil,
        reasoningOutput: Place? = nil, id: Place? = nil, acceptsDecimalStrings: Bool = false
    ) {
        self.layout = layout
        self.provider = provider
        self.tenant = tenant
        self.model = model
        self.region = region
        self.layer = layer
        self.workload = workload
        self.modality = modality
        self.time = time
        self.timeFormat = timeFormat
        self.requests = requests
        self.input = input
        self.cachedInput = cachedInput
        self.cachedInputIsAdditional = cachedInputIsAdditional
        self.additionalInput = additionalInput
        self.output = output
        self.reasoningOutput = reasoningOutput
        self.id = id
        self.acceptsDecimalStrings = acceptsDecimalStrings
    }
}
