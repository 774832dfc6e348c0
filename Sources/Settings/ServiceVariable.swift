/// Tells the variables that Kubernetes gives to every container for each Service of its namespace.
///
/// A Service named `steelyard-collector` makes `STEELYARD_COLLECTOR_PORT=tcp://10.0.0.7:4680`, which begins like a
/// setting and is none.
enum ServiceVariable {
    /// Whether a variable is one of `*_SERVICE_HOST`, `*_SERVICE_PORT`, `*_SERVICE_PORT_NAME`, `*_PORT` and
    /// `*_PORT_N_PROTOCOL` with what Kubernetes writes into it. One with another value is a slip of somebody's.
    static func isOne(_ name: String, value: String) -> Bool {
        let words = name.split(separator: "_")
        if words.ends(with: ["SERVICE", "HOST"]) { return isAddress(value) }
        for index in words.indices.dropFirst() where words[index] == "PORT" {
            let after = Array(words[(index + 1)...])
            if words[index - 1] == "SERVICE" { return isPort(value) }
            if isOfLink(after, value: value) { return true }
        }
        return false
    }

    /// What stands behind `*_PORT`: nothing, or a number and a protocol, perhaps with what is told of them.
    private static func isOfLink(_ words: [Substring], value: String) -> Bool {
        switch words.count {
        case 0: isURL(value)
        case 2: isPort(words[0]) && isProtocol(words[1]) && isURL(value)
        case 3:
            isPort(words[0]) && isProtocol(words[1])
                && (words[2] == "PROTO" && isProtocol(value.uppercased()) || words[2] == "PORT" && isPort(value)
                    || words[2] == "ADDR" && isAddress(value))
        default: false
        }
    }

    private static func isProtocol(_ text: some StringProtocol) -> Bool {
        ["TCP", "UDP", "SCTP"].contains(String(text))
    }

    private static func isURL(_ text: String) -> Bool {
        ["tcp://", "udp://", "sctp://"].contains { text.hasPrefix($0) }
    }

    private static func isPort(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } && UInt16(text) != nil
    }

    private static func isAddress(_ text: String) -> Bool {
        !text.isEmpty && text.allSatisfy { $0 == "." || $0 == ":" || $0.isHexDigit }
    }
}

extension Array<Substring> {
    fileprivate func ends(with words: [Substring]) -> Bool {
        count > words.count && suffix(words.count).elementsEqual(words)
    }
}
