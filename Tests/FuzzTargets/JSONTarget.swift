internal import Intake

enum JSONTarget {
    private static let formats: [IntakeFormat] = [
        .native, .openai(OpenAIFormat()),
        .mapped(
            Mapping(
                layout: .jsonLines, tenant: .path("who.name"), model: .path("m"), time: .path("t"),
                requests: .path("n"), input: .path("u.in"), cachedInput: .path("u.cached"),
                cachedInputIsAdditional: true, output: .path("u.out"), id: .path("id"), acceptsDecimalStrings: true)),
    ]

    /// The first byte chooses format and framing, the second the size of chunks; the rest is the input.
    static func run(_ bytes: [UInt8]) {
        var choices = Choices(bytes)
        let (kind, chunk) = (choices.byte(), choices.byte())
        let defaults = EventDefaults(provider: "volcengine", tenant: kind & 8 == 0 ? nil : "default", model: "m")
        let framing: IntakeParser.Framing = kind & 4 == 0 ? .lines : .document
        guard
            let parser = try? IntakeParser(
                format: formats[Int(kind & 3) % formats.count], defaults: defaults, framing: framing)
        else { preconditionFailure("a format of this table can't be parsed") }
        ParserRun.checkChunking(Array(choices.rest), with: parser, choice: chunk)
    }
}
