package import Foundation
package import Settings

/// The tables of settings in a page of `docs/operating`: each stands between `<!-- settings: GROUP -->` and
/// `<!-- end of settings -->`, and is made of what the settings of that group say of themselves.
package struct SettingsDocument<Keys: SettingKeys> {
    private let schema: SettingsSchema<Keys>

    package init(_ schema: SettingsSchema<Keys>) {
        self.schema = schema
    }

    /// A page of `docs/operating` by its name.
    package static func url(of page: String) -> URL {
        URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("docs/operating/\(page).md")
    }

    /// The page with its tables as they must be, and the groups that have none in it.
    package func updated(_ page: String) -> (page: String, groupsWithoutTable: [String]) {
        var missing = Set(schema.settings.map(\.group))
        var lines: [Substring] = []
        var isInTable = false
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "<!-- end of settings -->" { isInTable = false }
            if !isInTable { lines.append(line) }
            if line.hasPrefix("<!-- settings: "), line.hasSuffix(" -->") {
                let group = String(line.dropFirst("<!-- settings: ".count).dropLast(" -->".count))
                missing.remove(group)
                lines += table(of: group).map { $0[...] }
                isInTable = true
            }
        }
        return (lines.joined(separator: "\n"), missing.sorted())
    }

    private func table(of group: String) -> [String] {
        let settings = schema.settings.filter { $0.group == group }
        // What SIGHUP does with an entry of a map depends on the whole entry: the page says it in words.
        let hasReload = settings.contains { $0.setting.reload != .byEntry }
        var lines = [
            "| key | value | default | meaning |" + (hasReload ? " on SIGHUP |" : ""),
            "|---|---|---|---|" + (hasReload ? "---|" : ""),
        ]
        for declared in settings {
            let setting = declared.setting
            let cells = [
                "`\(setting.path)`", setting.valueDescription,
                setting.hasDefaultValue ? "`\(setting.defaultText ?? "")`" : setting.defaultText ?? "required",
                setting.documentation,
            ]
            let reload = hasReload ? [Self.word(for: setting.reload)] : []
            let escaped = (cells + reload).map { $0.replacing("|", with: "\\|") }
            lines.append("| \(escaped.joined(separator: " | ")) |")
        }
        return [""] + lines + [""]
    }

    private static func word(for reload: SettingReload) -> String {
        switch reload {
        case .live: "yes"
        case .restart: "no"
        case .fileContents: "contents"
        case .byEntry: "see above"
        }
    }
}

/// What must hold for every setting of a program.
package struct SettingsAudit<Keys: SettingKeys> {
    private let schema: SettingsSchema<Keys>
    /// Settings that must be given, as `key=value`.
    private let required: [String]

    package init(_ schema: SettingsSchema<Keys>, required: [String]) {
        self.schema = schema
        self.required = required
    }

    /// Settings whose declaration is wrong, each with what is wrong with it.
    package func faults() -> [String] {
        var faults: [String] = []
        var variables: Set<String> = [schema.configurationVariable]
        for declared in schema.settings {
            let (path, setting) = (declared.path, declared.setting)
            if setting.documentation.trimmingCharacters(in: .whitespaces).isEmpty { faults.append("\(path): no word") }
            if setting.valueDescription.isEmpty { faults.append("\(path): no word on its value") }
            if !variables.insert(schema.variable(for: path)).inserted { faults.append("\(path): variable is taken") }
            if setting.hasDefaultValue, !acceptsDefault(setting) { faults.append("\(path): default can't be given") }
        }
        return faults
    }

    private func acceptsDefault(_ setting: any AnySetting) -> Bool {
        guard let text = setting.defaultText, let value = read(text, setting) else { return false }
        return setting.isSame(value, nil)
    }

    private func read(_ text: String, _ setting: any AnySetting) -> (any Sendable)? {
        do throws(InvalidValue) {
            return try setting.read(setting.split(text), isList: false, directory: "")
        } catch {
            return nil
        }
    }

    /// Texts of which every type of setting takes two.
    private static var candidates: [String] {
        [
            "other", "another", "2", "3", "2s", "3s", "2m", "3m", "50d", "60d", "2MiB", "3MiB", "128MiB", "129MiB",
            "true", "false", "127.0.0.1:9", "127.0.0.1:10", "https://other:1", "https://another:1", "debug", "info",
            "iaas", "maas", "batch", "online", "image", "text", "UTC", "Asia/Tokyo",
        ]
    }

    /// Settings that are reported after a change although they hold, or aren't although they don't.
    package func wrongReloadReports() throws -> [String] {
        var wrong: [String] = []
        for declared in schema.settings where !declared.path.contains("*") {
            let (path, setting) = (declared.path, declared.setting)
            let texts = Array(Self.candidates.filter { read($0, setting) != nil }.prefix(2))
            guard texts.count == 2 else {
                wrong.append("\(path): no two values to change it with")
                continue
            }
            let (old, new) = (try load("\(path)=\(texts[0])"), try load("\(path)=\(texts[1])"))
            let expected = setting.reload == .live ? [] : [path]
            if old.changesThatNeedRestart(new) != expected || !old.changesThatNeedRestart(old).isEmpty {
                wrong.append(path)
            }
        }
        return wrong
    }

    private func load(_ override: String) throws -> ResolvedSettings<Keys> {
        try schema.load(file: nil, overrides: required + [override], environment: [:])
    }
}
