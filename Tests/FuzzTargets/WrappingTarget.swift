internal import SourceFormats

/// Fuzzes what takes wrappings off, alone and nested, in front of a format of JSON.
struct WrappingTarget: Sendable {
    private static let nested: [[Wrapping]] =
        Wrapping.allCases.map { [$0] }
        + [
            [.cri, .sse], [.docker, .objects], [.ansi, .prefix], [.cri, .docker, .prefix], [.sse, .nginx, .objects],
        ]

    /// By framing (1 bit) and wrappings (the rest).
    private let parsers: [any SourceParser]

    init() {
        parsers = Self.nested.flatMap { wrappings in
            SourceFraming.allCases.map { framing in
                do {
                    return try SourcePlan(
                        NativeFormat(), in: wrappings,
                        defaults: EventDefaults(provider: "volcengine", tenant: "default", model: "m"),
                        framing: framing
                    ).makeParser()
                } catch {
                    fatalError("\(wrappings) can't be put around the native format: \(error)")
                }
            }
        }
    }

    /// The first byte chooses the parser, the second the size of chunks; the rest is the input.
    func run(_ bytes: [UInt8]) {
        var choices = Choices(bytes)
        let (kind, chunk) = (choices.byte(), choices.byte())
        ParserRun.checkChunking(Array(choices.rest), with: parsers[Int(kind) % parsers.count], choice: chunk)
    }
}
