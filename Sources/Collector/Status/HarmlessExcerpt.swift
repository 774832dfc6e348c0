/// How a record begins, so that its form can be recognised and nothing that it says can be read: texts of JSON stand as
/// `…`; outside of JSON letters stand as `x` and digits as `0`.
enum HarmlessExcerpt {
    /// The most bytes of a record that are looked at.
    static let maxBytes = 160

    static func of(_ record: [UInt8]) -> String {
        let start = record.prefix(maxBytes)
        let first = start.first { $0 > 0x20 }
        let isJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        let shown = isJSON ? json(start) : start.map(masked).joined()
        return record.count > maxBytes ? shown + "…" : shown
    }

    /// Names, brackets, numbers and words of JSON as they are; texts masked.
    private static func json(_ bytes: ArraySlice<UInt8>) -> String {
        var shown = ""
        var index = bytes.startIndex
        while index < bytes.endIndex {
            guard bytes[index] == UInt8(ascii: "\"") else {
                shown += plain(bytes[index])
                index += 1
                continue
            }
            let end = textEnd(bytes, from: index + 1)
            let isName = nameFollows(bytes, from: end)
            shown += isName ? "\"" + bytes[(index + 1)..<(end - 1)].map(plain).joined() + "\"" : "\"…\""
            index = end
        }
        return shown
    }

    /// The index after the text's closing quote, or the end.
    private static func textEnd(_ bytes: ArraySlice<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.endIndex {
            if bytes[index] == UInt8(ascii: "\\") {
                index += 1
            } else if bytes[index] == UInt8(ascii: "\"") {
                return index + 1
            }
            index += 1
        }
        return bytes.endIndex
    }

    private static func nameFollows(_ bytes: ArraySlice<UInt8>, from end: Int) -> Bool {
        guard end < bytes.endIndex, end - 1 >= bytes.startIndex, bytes[end - 1] == UInt8(ascii: "\"") else {
            return false
        }
        return bytes[end...].first { $0 > 0x20 } == UInt8(ascii: ":")
    }

    private static func plain(_ byte: UInt8) -> String {
        byte >= 0x20 && byte < 0x7F ? String(UnicodeScalar(byte)) : byte == 0x09 || byte == 0x0A ? " " : "·"
    }

    private static func masked(_ byte: UInt8) -> String {
        switch byte {
        case 0x30...0x39: "0"
        case 0x41...0x5A, 0x61...0x7A: "x"
        default: plain(byte)
        }
    }
}
