internal import Settings

enum SettingsTarget {
    private static let schema = SettingsSchema(
        environmentPrefix: "FUZZ",
        keys: [
            SettingKey("name", .identifier(maxBytes: 16), .required, "a name"),
            SettingKey("text", .text, .optional, "text"),
            SettingKey("level", .choice(["low", "high"]), .byDefault("low"), "a word"),
            SettingKey("on", .flag, .byDefault("true"), "a flag"),
            SettingKey("count", .integer(-5...1_000_000), .byDefault("7"), "a number"),
            SettingKey("age", .duration(.zero ... .seconds(86_400 * 400)), .byDefault("10s"), "a time"),
            SettingKey("size", .bytes(0...(1 << 50)), .byDefault("4MiB"), "a size"),
            SettingKey("listen", .address, .byDefault("127.0.0.1:0"), "an address"),
            SettingKey("url", .url(schemes: ["https"]), .optional, "a URL"),
            SettingKey("directory.path", .path, .optional, "a path"),
            SettingKey("words", .texts, .optional, "words"),
            SettingKey("sources.*.paths", .paths, .optional, "globs"),
            SettingKey("sources.*.kind", .choice(["a", "b"]), .required, "a word"),
        ])

    /// A file is either loaded, with every value within its declared range, or refused with problems that can be shown.
    static func run(_ bytes: [UInt8]) {
        do throws(SettingsError) {
            let settings = try Settings.load(
                schema, yaml: String(decoding: bytes, as: UTF8.self), file: "/etc/fuzz.yaml", environment: [:])
            require((-5...1_000_000).contains(settings.integer("count")), "a number is out of its range")
            require((0...(1 << 50)).contains(settings.bytes("size")), "a size is out of its range")
            require(
                (.zero ... .seconds(86_400 * 400)).contains(settings.duration("age")), "a time is out of range")
            require(!settings.text("name").isEmpty, "a required value is missing")
            _ = (settings.flag("on"), settings.address("listen"), settings.optionalText("url"))
            for name in settings.names(under: "sources") { _ = settings.optionalTexts("sources.\(name).paths") }
        } catch {
            require(!"\(error)".isEmpty, "a refusal says nothing")
        }
    }
}
