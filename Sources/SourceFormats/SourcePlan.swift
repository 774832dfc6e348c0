/// A source's format with its defaults, made ready once: where the fields are is worked out here, and each parser of
/// the source shares it.
package struct SourcePlan: Sendable {
    /// The media types of pushed bodies, the preferred one first.
    package let mediaTypes: [String]
    /// Has read nothing. Parsers are values: a copy is a parser of its own.
    private let unused: any SourceParser

    /// - Throws: ``SourceFormatError`` when the format or the defaults can't work, naming the setting.
    package init(
        _ format: any SourceFormat, in wrappings: [Wrapping] = [], defaults: EventDefaults, framing: SourceFraming
    ) throws(SourceFormatError) {
        mediaTypes = format.mediaTypes
        unused = try Wrapping.wrap(format, in: wrappings, defaults: defaults, framing: framing)
    }

    /// A parser at the start of its input.
    package func makeParser() -> any SourceParser { unused }
}
