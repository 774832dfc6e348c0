internal import UsageModel

/// What is wrong with a record, in a form that fits in registers: it becomes a ``Rejection`` with its words only once.
struct Fault: Error {
    enum Kind: UInt8 {
        case unexpectedEnd
        case expectedName
        case expectedColon
        case expectedCommaOrEnd
        case expectedValue
        case controlCharacter
        case badEscape
        case badNumber
        case trailingBytes
        case arrayCut
        case badQuoting
        case headerLost
        case notAnObject
        case tooDeep
        case duplicate
        /// `source` is the number of the object's node.
        case duplicateObject
        case unknown
        case missing
        case wantedText
        case wantedCount
        case wantedObject
        case wantedTime
        case negative
        case fractional
        case tooLarge
        case tooLargeSum
        case noRequests
        case cachedAboveInput
        case reasoningAboveOutput
        case totalDiffers
        case sourcesDiffer
        case nameEmpty
        case nameTooLong
        case nameInvalidUTF8
        case nameForbidden
        case otherValue
        case badTime
        case timeSkipped
        case otherProvider
        case columnCount
    }

    var kind: Kind
    /// The source that the fault is about, or -1.
    var source: Int16
    /// A byte offset in the record, or -1; for ``Kind/unknown`` the start of the field's name.
    var at: Int32
    /// The length of an unknown field's name, or a limit, or a number of columns.
    var extent: Int32

    init(_ kind: Kind, source: Int = -1, at: Int = -1, extent: Int = 0) {
        self.kind = kind
        self.source = Int16(truncatingIfNeeded: source)
        self.at = Int32(truncatingIfNeeded: at)
        self.extent = Int32(truncatingIfNeeded: extent)
    }
}

extension Fault.Kind {
    var reason: RejectionReason {
        switch self {
        case .unexpectedEnd, .expectedName, .expectedColon, .expectedCommaOrEnd, .expectedValue, .controlCharacter,
            .badEscape, .badNumber, .trailingBytes, .arrayCut, .badQuoting, .headerLost:
            .syntax
        case .notAnObject: .notAnObject
        case .tooDeep: .nestingTooDeep
        case .duplicate, .duplicateObject: .duplicateField
        case .unknown: .unknownField
        case .missing: .missingField
        case .wantedText, .wantedCount, .wantedObject, .wantedTime: .wrongType
        case .negative: .negativeCount
        case .fractional: .fractionalCount
        case .tooLarge, .tooLargeSum: .countTooLarge
        case .noRequests, .cachedAboveInput, .reasoningAboveOutput, .totalDiffers, .sourcesDiffer: .inconsistentCounts
        case .nameEmpty, .nameForbidden: .badName
        case .nameTooLong: .nameTooLong
        case .nameInvalidUTF8: .invalidUTF8
        case .otherValue: .unknownValue
        case .badTime, .timeSkipped: .badTime
        case .otherProvider: .wrongProvider
        case .columnCount: .wrongColumnCount
        }
    }
}
