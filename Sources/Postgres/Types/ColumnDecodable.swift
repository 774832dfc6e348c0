package import UsageModel

/// A Swift value that a column can be read as.
package protocol ColumnDecodable {
    static func decode(_ cell: Cell) throws -> Self
}

private let integerTypes: Set<UInt32> = [
    Parameter.TypeID.int2, Parameter.TypeID.int4, Parameter.TypeID.int8,
    26,  // oid
]

extension ColumnDecodable where Self: FixedWidthInteger {
    package static func decode(_ cell: Cell) throws -> Self {
        if cell.type == Parameter.TypeID.numeric {
            let wide = try Int128.decode(cell)
            guard let value = Self(exactly: wide) else { throw cell.mismatch("\(Self.self)") }
            return value
        }
        guard let value = Self(exactly: try cell.integer(integerTypes)) else { throw cell.mismatch("\(Self.self)") }
        return value
    }
}

extension Int: ColumnDecodable {}
extension Int16: ColumnDecodable {}
extension Int32: ColumnDecodable {}
extension Int64: ColumnDecodable {}
extension UInt8: ColumnDecodable {}
extension UInt32: ColumnDecodable {}
extension UInt64: ColumnDecodable {}

extension UInt128: ColumnDecodable {
    /// Whole, non-negative numbers: NUMERIC and integers.
    package static func decode(_ cell: Cell) throws -> UInt128 {
        if cell.type == Parameter.TypeID.numeric {
            guard !cell.isNull, let value = BinaryFormat.numeric(cell.bytes) else {
                throw cell.mismatch("a whole number from 0 to 2^128-1")
            }
            return value
        }
        guard let value = UInt128(exactly: try cell.integer(integerTypes)) else { throw cell.mismatch("UInt128") }
        return value
    }
}

extension Int128: ColumnDecodable {
    /// Whole numbers of either sign: NUMERIC and integers.
    package static func decode(_ cell: Cell) throws -> Int128 {
        if cell.type == Parameter.TypeID.numeric {
            guard !cell.isNull, let value = BinaryFormat.signedNumeric(cell.bytes) else {
                throw cell.mismatch("a whole number from -2^127 to 2^127-1")
            }
            return value
        }
        return Int128(try cell.integer(integerTypes))
    }
}

extension Bool: ColumnDecodable {
    package static func decode(_ cell: Cell) throws -> Bool {
        try cell.integer([Parameter.TypeID.bool]) != 0
    }
}

extension String: ColumnDecodable {
    /// text, varchar, name, json, and jsonb (whose binary form has a version byte in front).
    package static func decode(_ cell: Cell) throws -> String {
        guard !cell.isNull, [25, 1043, 1042, 19, 114, 3802, 705].contains(cell.type) else {
            throw cell.mismatch("text")
        }
        let bytes = cell.bytes
        return String(decoding: cell.type == 3802 ? bytes.dropFirst() : bytes[...], as: UTF8.self)
    }
}

extension [UInt8]: ColumnDecodable {
    package static func decode(_ cell: Cell) throws -> [UInt8] {
        guard !cell.isNull, cell.type == Parameter.TypeID.bytea else { throw cell.mismatch("bytes") }
        return cell.bytes
    }
}

extension Timestamp: ColumnDecodable {
    package static func decode(_ cell: Cell) throws -> Timestamp {
        let value = try cell.integer([Parameter.TypeID.timestamptz])
        return Timestamp(microseconds: value + BinaryFormat.epochMicroseconds)
    }
}

/// A `date` column: days since 1970-01-01.
package struct DateColumn: Sendable, Hashable, ColumnDecodable {
    package var days: Int64

    package static func decode(_ cell: Cell) throws -> DateColumn {
        DateColumn(days: try cell.integer([Parameter.TypeID.date]) + BinaryFormat.epochDays)
    }
}

extension Optional: ColumnDecodable where Wrapped: ColumnDecodable {
    package static func decode(_ cell: Cell) throws -> Wrapped? {
        cell.isNull ? nil : try Wrapped.decode(cell)
    }
}
