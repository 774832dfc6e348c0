/// CloudEvents' binary mode over HTTP: attributes stand in `ce-` header fields and the body is the data. Written as the
/// structured event that it stands for, so that both are read by one parser.
package enum BinaryCloudEvent {
    /// The start of a header field's name that stands for an attribute.
    package static let fieldPrefix = "ce-"
    /// The attribute that tells an event in binary mode.
    package static let versionField = "ce-specversion"
    /// What follows the data.
    package static let end: [UInt8] = [UInt8(ascii: "}")]

    /// The event up to its data.
    ///
    /// - Parameter fields: header fields whose names begin with ``fieldPrefix``, in lower case, with their values.
    package static func start(_ fields: [(name: String, value: String)]) -> [UInt8] {
        var event: [UInt8] = [UInt8(ascii: "{")]
        for (name, value) in fields {
            string(name.dropFirst(fieldPrefix.count).utf8, into: &event)
            event.append(UInt8(ascii: ":"))
            string(decoded(value), into: &event)
            event.append(UInt8(ascii: ","))
        }
        return event + Array("\"data\":".utf8)
    }

    /// The value with its percent encoding taken off, by which header fields hold what isn't printable ASCII; what is no
    /// such encoding stays.
    private static func decoded(_ value: String) -> [UInt8] {
        let bytes = Array(value.utf8)
        var plain: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let high = JSONText.hexValue(bytes[index + 1]), let low = JSONText.hexValue(bytes[index + 2])
            {
                plain.append(UInt8(truncatingIfNeeded: high << 4 | low))
                index += 3
            } else {
                plain.append(bytes[index])
                index += 1
            }
        }
        return plain
    }

    private static func string(_ text: some Sequence<UInt8>, into event: inout [UInt8]) {
        event.append(UInt8(ascii: "\""))
        for byte in text { LineText.put(byte, isInString: true, into: &event) }
        event.append(UInt8(ascii: "\""))
    }
}
