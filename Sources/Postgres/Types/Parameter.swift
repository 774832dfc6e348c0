package import UsageModel

/// A typed value for a statement, in binary.
package struct Parameter: Sendable {
    /// The OID of the type, fixed in PostgreSQL's catalogue.
    var type: UInt32
    /// The binary value; `nil` is NULL.
    var bytes: [UInt8]?

    enum TypeID {
        static let bool: UInt32 = 16
        static let bytea: UInt32 = 17
        static let int8: UInt32 = 20
        static let int2: UInt32 = 21
        static let int4: UInt32 = 23
        static let text: UInt32 = 25
        static let date: UInt32 = 1082
        static let timestamptz: UInt32 = 1184
        static let numeric: UInt32 = 1700
    }

    static func big(_ type: UInt32, _ value: (some FixedWidthInteger)?) -> Parameter {
        var bytes: [UInt8]?
        if let value {
            var buffer: [UInt8] = []
            buffer.appendBigEndian(value)
            bytes = buffer
        }
        return Parameter(type: type, bytes: bytes)
    }

    package static func bool(_ value: Bool?) -> Parameter { big(TypeID.bool, value.map { UInt8($0 ? 1 : 0) }) }
    /// `bigint`; assignment casts it to smaller integer columns.
    package static func int(_ value: Int64?) -> Parameter { big(TypeID.int8, value) }
    package static func int(_ value: Int) -> Parameter { big(TypeID.int8, Int64(value)) }
    package static func int32(_ value: Int32?) -> Parameter { big(TypeID.int4, value) }
    package static func text(_ value: String?) -> Parameter {
        Parameter(type: TypeID.text, bytes: value.map { Array($0.utf8) })
    }
    package static func bytes(_ value: [UInt8]?) -> Parameter { Parameter(type: TypeID.bytea, bytes: value) }
    /// A whole, non-negative `numeric`.
    package static func numeric(_ value: UInt128?) -> Parameter {
        var bytes: [UInt8]?
        if let value {
            var buffer: [UInt8] = []
            BinaryFormat.appendNumeric(value, to: &buffer)
            bytes = buffer
        }
        return Parameter(type: TypeID.numeric, bytes: bytes)
    }
    /// A whole `numeric` of either sign.
    package static func numeric(_ value: Int128) -> Parameter {
        var bytes: [UInt8] = []
        BinaryFormat.appendNumeric(value, to: &bytes)
        return Parameter(type: TypeID.numeric, bytes: bytes)
    }
    package static func timestamp(_ value: Timestamp?) -> Parameter {
        big(TypeID.timestamptz, value.map { $0.microseconds - BinaryFormat.epochMicroseconds })
    }
    /// A `date`, as days since 1970-01-01.
    package static func date(days: Int64?) -> Parameter {
        big(TypeID.date, days.map { Int32(clamping: $0 - BinaryFormat.epochDays) })
    }
}
