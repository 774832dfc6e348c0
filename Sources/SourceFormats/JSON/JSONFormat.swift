/// A format whose records are JSON objects: lines in a stream, and an array or an object too in a document.
protocol JSONFormat: SourceFormat {
    /// Where the fields of an event are.
    func plan() throws(SourceFormatError) -> FieldPlan
}

extension JSONFormat {
    package var mediaTypes: [String] { JSONRecords.mediaTypes }

    package func makeParser(
        defaults: EventDefaults, framing: SourceFraming
    ) throws(SourceFormatError) -> any SourceParser {
        try JSONRecords.makeParser(plan(), defaults: defaults, framing: framing)
    }
}

/// What formats share whose records are JSON objects, also those that may be of another kind.
enum JSONRecords {
    static let mediaTypes = ["application/json", "application/x-ndjson", "application/jsonl"]

    static func makeParser(
        _ plan: FieldPlan, defaults: EventDefaults, framing: SourceFraming
    ) throws(SourceFormatError) -> any SourceParser {
        switch framing {
        case .stream: try JSONLinesParser(plan: plan, defaults: defaults)
        case .document: try JSONDocumentParser(plan: plan, defaults: defaults)
        }
    }
}
