/// The escapes of canonical forms, where a comma ends a name and a line feed ends a line: `\` is written `\\`, a comma
/// `\,` and a line feed `\n`. Bytes decide, not what Unicode takes for one character.
enum CanonicalText {
    private static let backslash = UInt8(ascii: "\\")
    private static let comma = UInt8(ascii: ",")
    private static let lineFeed = UInt8(ascii: "\n")

    static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case backslash, comma: bytes += [backslash, byte]
            case lineFeed: bytes += [backslash, UInt8(ascii: "n")]
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Takes a list of names apart at its commas; `nil` where a backslash stands before anything else than it may.
    static func names(_ text: String) -> [String]? {
        var names: [[UInt8]] = [[]]
        var bytes = text.utf8.makeIterator()
        while let byte = bytes.next() {
            switch byte {
            case comma: names.append([])
            case backslash:
                guard let escaped = unescaped(bytes.next()) else { return nil }
                names[names.count - 1].append(escaped)
            default: names[names.count - 1].append(byte)
            }
        }
        return names.map { String(decoding: $0, as: UTF8.self) }
    }

    /// A text that is no list; `nil` for a stray comma or backslash.
    static func text(_ text: String) -> String? {
        guard let names = names(text), names.count == 1 else { return nil }
        return names[0]
    }

    /// The lines of a canonical form, each taken apart at its first `=`; `nil` where one has none or the last isn't ended.
    static func lines(_ text: String) -> [(key: String, value: String)]? {
        var lines = text.utf8.split(separator: lineFeed, omittingEmptySubsequences: false)
        guard let last = lines.popLast(), last.isEmpty else { return nil }
        var pairs: [(key: String, value: String)] = []
        for line in lines {
            let parts = line.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            pairs.append((String(decoding: parts[0], as: UTF8.self), String(decoding: parts[1], as: UTF8.self)))
        }
        return pairs
    }

    private static func unescaped(_ byte: UInt8?) -> UInt8? {
        switch byte {
        case backslash, comma: byte
        case UInt8(ascii: "n"): lineFeed
        default: nil
        }
    }
}
