internal import SourceFormats

enum JSONTarget {
    /// The formats of the registry whose examples are JSON, in its order.
    private static let formats: [any SourceFormat] = SourceFormatRegistry.formats.compactMap { type in
        type.examples.lazy.compactMap { example in
            try? SourceFormatRegistry.makeFormat(type, given: example.settings).get()
        }.first { $0.mediaTypes.contains("application/json") }
    }

    /// One for each choice of format (2 bits), framing (1) and defaults (1): to make one takes longer than to run it.
    private static let parsers: [any SourceParser] = (0..<16).map { kind in
        do throws(SourceFormatError) {
            return try formats[(kind & 3) % formats.count].makeParser(
                defaults: EventDefaults(provider: "volcengine", tenant: kind & 8 == 0 ? nil : "default", model: "m"),
                framing: kind & 4 == 0 ? .stream : .document)
        } catch {
            fatalError("a format of this table can't be parsed: \(error)")
        }
    }

    /// The first byte chooses the parser, the second the size of chunks; the rest is the input.
    static func run(_ bytes: [UInt8]) {
        var choices = Choices(bytes)
        let (kind, chunk) = (choices.byte(), choices.byte())
        ParserRun.checkChunking(Array(choices.rest), with: parsers[Int(kind & 15)], choice: chunk)
    }
}
