internal import SourceFormats

enum JSONTarget {
    private static let formats: [SourceFormat] = [
        .native, .openai(OpenAIFormat()),
        .mapped(
            Mapping(
                layout: .jsonLines, tenant: .path("who.name"), model: .path("m"), time: .path("t"),
                requests: .path("n"), input: .path("u.in"), cachedInput: .path("u.cached"),
                cachedInputIsAdditional: true, output: .path("u.out"), id: .path("id"), acceptsDecimalStrings: true)),
    ]

    /// One for each choice of format (2 bits), framing (1) and defaults (1): to make one takes longer than to run it.
    private static let parsers: [SourceParser] = (0..<16).map { kind in
        do throws(SourceFormatError) {
            return try SourceParser(
                format: formats[(kind & 3) % formats.count],
                defaults: EventDefaults(provider: "volcengine", tenant: kind & 8 == 0 ? nil : "default", model: "m"),
                framing: kind & 4 == 0 ? .lines : .document)
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
