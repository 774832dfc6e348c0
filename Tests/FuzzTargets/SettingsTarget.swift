internal import Settings

enum SettingsTarget {
    private struct Keys: SettingKeys {
        let name = Setting("name", required: .identifier(maxBytes: 16), "a name")
        let text = Setting("text", optional: .text, "text")
        let level = Setting("level", type: .choice(["low", "high"]), default: "low", "a word")
        let on = Setting("on", type: .flag, default: true, "a flag")
        let count = Setting("count", type: .count(-5...1_000_000, of: "things"), default: 7, "a number")
        let age = Setting("age", type: .duration(.zero ... .days(400)), default: .seconds(10), "a time")
        let size = Setting("size", type: .bytes(0...(1 << 50)), default: 4 << 20, "a size")
        let listen = Setting("listen", type: .address, default: ListenAddress(host: "127.0.0.1", port: 0), "an address")
        let url = Setting("url", optional: .url(schemes: ["https"]), "a URL")
        let path = Setting("directory.path", optional: .path, "a path")
        let words = Setting("words", optional: .texts, "words")
        let sources = NamedSettings("sources", Source())
    }

    private struct Source: SettingKeys {
        let paths = Setting("paths", optional: .globs, "globs")
        let kind = Setting("kind", required: .choice(["a", "b"]), "a word")
    }

    private static let schema = SettingsSchema(Keys(), environmentPrefix: "FUZZ")

    /// A file is either loaded, with every value within its declared range, or refused with problems that can be shown.
    static func run(_ bytes: [UInt8]) {
        do throws(SettingsError) {
            let settings = try schema.load(
                yaml: String(decoding: bytes, as: UTF8.self), file: "/etc/fuzz.yaml", environment: [:])
            require((-5...1_000_000).contains(settings[\.count]), "a number is out of its range")
            require((0...(1 << 50)).contains(settings[\.size]), "a size is out of its range")
            require((.zero ... .days(400)).contains(settings[\.age]), "a time is out of range")
            require(!settings[\.name].isEmpty, "a required value is missing")
            _ = (settings[\.on], settings[\.listen], settings[\.url], settings[\.words])
            for source in settings[\.sources] { _ = (source[\.paths], source[\.kind]) }
        } catch {
            require(!"\(error)".isEmpty, "a refusal says nothing")
        }
    }
}
