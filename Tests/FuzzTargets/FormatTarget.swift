internal import SourceFormats

/// Fuzzes registered source formats, in every example's configuration and both framings.
struct FormatTarget: Sendable {
    /// By framing (1 bit), whether there is a default tenant (1) and example (the rest): to make one takes longer than
    /// to run it.
    private let parsers: [any SourceParser]

    init(_ formats: [any SourceFormat.Type]) {
        parsers = formats.flatMap { format in
            format.examples.flatMap { example in (0..<4).map { Self.parser(format, example, kind: $0) } }
        }
    }

    private static func parser(
        _ format: any SourceFormat.Type, _ example: SourceExample, kind: Int
    ) -> any SourceParser {
        do {
            return try SourceFormatRegistry.makeFormat(format, given: example.settings).get().makeParser(
                defaults: EventDefaults(provider: "volcengine", tenant: kind & 2 == 0 ? nil : "default", model: "m"),
                framing: kind & 1 == 0 ? .stream : .document)
        } catch {
            fatalError("an example of \(format.name) can't be parsed: \(error)")
        }
    }

    /// The first byte chooses the parser, the second the size of chunks; the rest is the input.
    func run(_ bytes: [UInt8]) {
        var choices = Choices(bytes)
        let (kind, chunk) = (choices.byte(), choices.byte())
        ParserRun.checkChunking(Array(choices.rest), with: parsers[Int(kind) % parsers.count], choice: chunk)
    }
}
