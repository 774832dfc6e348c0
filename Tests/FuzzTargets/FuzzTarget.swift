/// What is fuzzed: every place where bytes from outside are read.
///
/// A target reads any bytes whatever without a trap, and holds what it read to what must be true of it; what isn't ends
/// the process, which is how libFuzzer learns of it. `Tests/Tools/fuzz` runs them, the suite runs the kept corpus.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// Native events and `usage` objects, as lines and as documents.
    case json
    /// CSV by a mapping.
    case csv
    /// A batch's message, as it comes out of its frame.
    case batch
    /// A sealed batch: the zstd frame and what is in it.
    case frame
    /// A write-ahead record of the collector.
    case record
    /// The spool's directory after damage.
    case spool
    /// A configuration file.
    case settings
    /// A scope file.
    case scope
    /// The registry and facts as CSV.
    case registry

    package func run(_ bytes: [UInt8]) {
        switch self {
        case .json: JSONTarget.run(bytes)
        case .csv: CSVTarget.run(bytes)
        case .batch: BatchTarget.run(message: bytes)
        case .frame: BatchTarget.run(frame: bytes)
        case .record: RecordTarget.run(bytes)
        case .spool: SpoolTarget.run(bytes)
        case .settings: SettingsTarget.run(bytes)
        case .scope: ScopeTarget.run(bytes)
        case .registry: RegistryTarget.run(bytes)
        }
    }
}

/// Ends the process where something that must be true isn't. Unlike a precondition it says what in optimised builds too.
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
