package import UsageModel

extension Parameter {
    enum ArrayTypeID {
        static let bool: UInt32 = 1000
        static let bytea: UInt32 = 1001
        static let int2: UInt32 = 1005
        static let int4: UInt32 = 1007
        static let text: UInt32 = 1009
        static let int8: UInt32 = 1016
        static let date: UInt32 = 1182
        static let timestamptz: UInt32 = 1185
        static let numeric: UInt32 = 1231
    }

    /// A one-dimensional array for `unnest`. `append` writes one element without its length.
    private static func array<Element>(
        _ type: UInt32, of element: UInt32, values: some Collection<Element>, bytesEach: Int,
        _ append: (Element, inout [UInt8]) -> Void
    ) -> Parameter {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20 + values.count * (4 + bytesEach))
        bytes.appendBigEndian(Int32(values.isEmpty ? 0 : 1))
        bytes.appendBigEndian(Int32(0))
        bytes.appendBigEndian(element)
        if !values.isEmpty {
            bytes.appendBigEndian(Int32(values.count))
            bytes.appendBigEndian(Int32(1))
        }
        for value in values {
            let start = bytes.count
            bytes.appendBigEndian(Int32(0))
            append(value, &bytes)
            let length = UInt32(bytes.count - start - 4)
            for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * UInt32(index))) }
        }
        return Parameter(type: type, bytes: bytes)
    }

    /// The same for integers, which all have one width: each is stored at its place, without growing anything.
    private static func integers<Element: FixedWidthInteger>(
        _ type: UInt32, of element: UInt32, values: [Element]
    ) -> Parameter {
        if values.isEmpty { return array(type, of: element, values: values, bytesEach: 0) { _, _ in } }
        let header: [UInt32] = [1, 0, element, UInt32(values.count), 1]
        let width = MemoryLayout<Element>.size
        let size = header.count * 4 + values.count * (4 + width)
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            for word in header {
                unsafe raw.storeBytes(of: word.bigEndian, toByteOffset: count, as: UInt32.self)
                count += 4
            }
            let length = UInt32(width).bigEndian
            for value in values {
                unsafe raw.storeBytes(of: length, toByteOffset: count, as: UInt32.self)
                unsafe raw.storeBytes(of: value.bigEndian, toByteOffset: count + 4, as: Element.self)
                count += 4 + width
            }
        }
        return Parameter(type: type, bytes: bytes)
    }

    package static func boolArray(_ values: [Bool]) -> Parameter {
        integers(ArrayTypeID.bool, of: TypeID.bool, values: values.map { UInt8($0 ? 1 : 0) })
    }

    package static func int16Array(_ values: [Int16]) -> Parameter {
        integers(ArrayTypeID.int2, of: TypeID.int2, values: values)
    }

    package static func int32Array(_ values: [Int32]) -> Parameter {
        integers(ArrayTypeID.int4, of: TypeID.int4, values: values)
    }

    package static func int64Array(_ values: [Int64]) -> Parameter {
        integers(ArrayTypeID.int8, of: TypeID.int8, values: values)
    }

    package static func numericArray(_ values: some Collection<UInt128>) -> Parameter {
        array(ArrayTypeID.numeric, of: TypeID.numeric, values: values, bytesEach: 16) {
            BinaryFormat.appendNumeric($0, to: &$1)
        }
    }

    package static func numericArray(_ values: some Collection<Int128>) -> Parameter {
        array(ArrayTypeID.numeric, of: TypeID.numeric, values: values, bytesEach: 16) {
            BinaryFormat.appendNumeric($0, to: &$1)
        }
    }

    package static func textArray(_ values: some Collection<String>) -> Parameter {
        array(ArrayTypeID.text, of: TypeID.text, values: values, bytesEach: 16) { $1.append(contentsOf: $0.utf8) }
    }

    package static func bytesArray(_ values: some Collection<[UInt8]>) -> Parameter {
        array(ArrayTypeID.bytea, of: TypeID.bytea, values: values, bytesEach: 32) { $1.append(contentsOf: $0) }
    }

    package static func timestampArray(_ values: some Collection<Timestamp>) -> Parameter {
        integers(
            ArrayTypeID.timestamptz, of: TypeID.timestamptz,
            values: values.map { $0.microseconds - BinaryFormat.epochMicroseconds })
    }

    /// Dates as days since 1970-01-01.
    package static func dateArray(days values: some Collection<Int64>) -> Parameter {
        integers(ArrayTypeID.date, of: TypeID.date, values: values.map { Int32(clamping: $0 - BinaryFormat.epochDays) })
    }
}

/// Parameters as libpq wants them: one flat buffer and pointers into it.
struct PackedParameters {
    private var flat: [UInt8] = []
    private var offsets: [Int?] = []
    private var lengths: [Int32] = []

    init(_ parameters: [Parameter]) {
        flat.reserveCapacity(parameters.reduce(1) { $0 + ($1.bytes?.count ?? 0) })
        for parameter in parameters {
            offsets.append(parameter.bytes == nil ? nil : flat.count)
            lengths.append(Int32(parameter.bytes?.count ?? 0))
            if let bytes = parameter.bytes { flat.append(contentsOf: bytes) }
        }
        // An empty buffer may have no base address, and an empty value is not NULL.
        flat.append(0)
    }

    typealias Pointers<Value> = (
        Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
    ) -> Value

    func withPointers<Value>(_ body: Pointers<Value>) -> Value {
        let formats = [Int32](repeating: 1, count: offsets.count)
        return unsafe flat.withUnsafeBytes { buffer in
            let base = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            let values = unsafe offsets.map { offset in
                unsafe offset.flatMap { position in unsafe base.map { unsafe $0 + position } }
            }
            return unsafe body(Int32(offsets.count), values, lengths, formats)
        }
    }
}
