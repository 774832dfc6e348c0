/// A setting's value after its kind has read it.
package enum SettingValue: Sendable, Equatable {
    case text(String)
    case texts([String])
    case flag(Bool)
    case integer(Int64)
    case duration(Duration)
    case bytes(Int)
    case address(ListenAddress)
}

/// Where to listen: a host (name, IPv4 or IPv6 address) and a port. Port 0 means any free one.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`, with IPv6 addresses in brackets.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { return nil }
        } else if host.contains(":") || host.contains("[") {
            return nil
        }
        let digits = text[text.index(after: colon)...]
        guard !host.isEmpty, !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }),
            let port = UInt16(digits)
        else { return nil }
        self.init(host: String(host), port: Int(port))
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Whether only this machine can reach the address.
    package var isLoopback: Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }
}

/// Why a text is not a value of its kind.
struct ValueProblem: Error, Equatable {
    var message: String
    var remedy: String
}

extension SettingKind {
    /// Reads one text, or a list for the kinds that take one.
    func read(_ texts: [String], isList: Bool, directory: String) throws(ValueProblem) -> SettingValue {
        switch self {
        case .texts:
            guard texts.allSatisfy({ !$0.isEmpty }) else {
                throw ValueProblem(message: "holds an empty text", remedy: "give a value, or [] for none")
            }
            return .texts(texts)
        case .paths:
            guard !texts.isEmpty, texts.allSatisfy({ !$0.isEmpty }) else {
                throw ValueProblem(message: "is an empty list", remedy: "give at least one value, or leave the key out")
            }
            return .texts(texts.map { Self.resolve($0, in: directory) })
        default:
            guard !isList, let text = texts.first, texts.count == 1 else {
                throw ValueProblem(message: "is a list", remedy: "give a single value")
            }
            guard !text.isEmpty else {
                throw ValueProblem(message: "is empty", remedy: "give a value, or leave the key out")
            }
            return try readSingle(text, directory: directory)
        }
    }

    private func readSingle(_ text: String, directory: String) throws(ValueProblem) -> SettingValue {
        switch self {
        case .text, .texts, .paths: return .text(text)
        case .path: return .text(Self.resolve(text, in: directory))
        case .identifier(let maxBytes): return .text(try Self.readIdentifier(text, maxBytes: maxBytes))
        case .choice(let choices):
            guard choices.contains(text) else {
                throw ValueProblem(
                    message: "\"\(text)\" is not known", remedy: "give one of \(choices.joined(separator: ", "))")
            }
            return .text(text)
        case .flag:
            guard let flag = Bool(text) else {
                throw ValueProblem(message: "\"\(text)\" is neither true nor false", remedy: "give true or false")
            }
            return .flag(flag)
        case .integer(let range):
            guard let number = Int64(text), range.contains(number) else {
                throw ValueProblem(
                    message: "\"\(text)\" is not a whole number in range",
                    remedy: "give \(range.lowerBound) to \(range.upperBound)")
            }
            return .integer(number)
        case .duration(let range): return .duration(try Self.readDuration(text, range))
        case .bytes(let range): return .bytes(try Self.readBytes(text, range))
        case .address:
            guard let address = ListenAddress(text) else {
                throw ValueProblem(
                    message: "\"\(text)\" is not an address",
                    remedy: "give host:port such as 127.0.0.1:4680 or [::1]:0")
            }
            return .address(address)
        case .url(let schemes): return .text(try Self.readURL(text, schemes: schemes))
        }
    }

    private static func readIdentifier(_ text: String, maxBytes: Int) throws(ValueProblem) -> String {
        let isFine = text.utf8.allSatisfy {
            ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == UInt8(ascii: "-")
        }
        guard isFine, !text.hasPrefix("-"), !text.hasSuffix("-"), text.utf8.count <= maxBytes else {
            throw ValueProblem(
                message: "\"\(text)\" is not an identifier",
                remedy: "use lower-case letters, digits and inner hyphens, at most \(maxBytes) of them")
        }
        return text
    }

    private static func readURL(_ text: String, schemes: [String]) throws(ValueProblem) -> String {
        for scheme in schemes where text.hasPrefix("\(scheme)://") {
            let rest = text.dropFirst(scheme.utf8.count + 3)
            let authority = rest.prefix { $0 != "/" }
            if !authority.isEmpty, !authority.contains("@"), !text.contains(where: \.isWhitespace) { return text }
        }
        let example = "\(schemes.first ?? "https")://host:port"
        throw ValueProblem(
            message: "\"\(text)\" is not a URL that can be used here",
            remedy: "give \(example), without user or password")
    }

    static func resolve(_ path: String, in directory: String) -> String {
        if path.hasPrefix("/") { return path }
        let relative = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        return directory.isEmpty || directory == "." ? relative : "\(directory)/\(relative)"
    }
}
