internal import SourceFormats

/// What is fuzzed: every place where bytes from outside are read.
///
/// A target reads any bytes whatever without a trap, and holds what it read to what must be true of it; what isn't ends
/// the process, which is how libFuzzer learns of it. `Tests/Tools/fuzz` runs them, the suite runs the kept corpus.
///
/// Every source format of the registry is a target under its own name, but for those that are `mapped` with the settings
/// of one sender: they are one target.
package struct FuzzTarget: Sendable, CustomStringConvertible {
    /// What `Tests/Tools/fuzz` and the directory of its corpus call it.
    package let name: String
    private let body: @Sendable ([UInt8]) -> Void

    package var description: String { name }

    package func run(_ bytes: [UInt8]) { body(bytes) }

    private static let wrapping = WrappingTarget()
    private static let presets = FormatTarget(SourceFormatRegistry.formats.filter { !$0.preset.isEmpty })

    package static let all: [FuzzTarget] =
        SourceFormatRegistry.formats.filter { $0.preset.isEmpty }.map { format in
            let target = FormatTarget([format])
            return FuzzTarget(name: format.name) { target.run($0) }
        } + [
            FuzzTarget(name: "presets") { presets.run($0) },
            // CSV in more layouts than the format's examples have.
            FuzzTarget(name: "csv") { CSVTarget.run($0) },
            // What other software puts around records.
            FuzzTarget(name: "wrapping") { wrapping.run($0) },
            // A batch's message, as it comes out of its frame.
            FuzzTarget(name: "batch") { BatchTarget.run(message: $0) },
            // A sealed batch: the zstd frame and what is in it.
            FuzzTarget(name: "frame") { BatchTarget.run(frame: $0) },
            // A segment of sums, sealed or not.
            FuzzTarget(name: "segment") { SegmentTarget.run($0) },
            // A write-ahead record of the collector.
            FuzzTarget(name: "record") { RecordTarget.run($0) },
            // The spool's directory after damage.
            FuzzTarget(name: "spool") { SpoolTarget.run($0) },
            // A configuration file.
            FuzzTarget(name: "settings") { SettingsTarget.run($0) },
            // A scope file.
            FuzzTarget(name: "scope") { ScopeTarget.run($0) },
            // Facts of every kind as CSV.
            FuzzTarget(name: "facts") { FactsTarget.run($0) },
        ]
}

/// Ends the process where something that must be true isn't. Unlike a precondition it says what in optimised builds
/// too.
func require(_ condition: Bool, _ message: @autoclosure () -> String) {
    if !condition { fatalError(message()) }
}

/// Bytes that are taken from the front of an input, to choose by.
struct Choices {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    /// The next byte; 0 at the end.
    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    /// A number below `bound`, which must be above 0, from the next three bytes.
    mutating func number(below bound: Int) -> Int {
        (Int(byte()) | Int(byte()) << 8 | Int(byte()) << 16) % bound
    }
}
