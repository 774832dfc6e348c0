import Foundation
package import Settings

/// The tables of settings in a page of `docs/operating`: each stands between `<!-- settings: GROUP -->` and
/// `<!-- end of settings -->`, and is made of what the settings of that group say of themselves.
package struct SettingsDocument<Keys: SettingKeys> {
    private let schema: SettingsSchema<Keys>
    private let url: URL

    /// - Parameter page: its name in `docs/operating`, without `.md`.
    package init(_ schema: SettingsSchema<Keys>, page: String) {
        self.schema = schema
        url = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("docs/operating/\(page).md")
    }

    /// What is wrong with the page. With `STEELYARD_REGENERATE=1` in the environment its tables are written first.
    ///
    /// - Throws: where the page can't be read or written.
    package func faults() throws -> [String] {
        let page = try String(contentsOf: url, encoding: .utf8)
        let (updated, groupsWithoutTable) = updated(page)
        var faults = groupsWithoutTable.map { "\(url.lastPathComponent) has no table of \($0)" }
        if ProcessInfo.processInfo.environment["STEELYARD_REGENERATE"] == "1" {
            try updated.write(to: url, atomically: true, encoding: .utf8)
        } else if updated != page {
            faults.append("\(url.lastPathComponent) doesn't say what the settings do: STEELYARD_REGENERATE=1 writes it")
        }
        return faults
    }

    /// The page with its tables as they must be, and the groups that have none in it.
    private func updated(_ page: String) -> (page: String, groupsWithoutTable: [String]) {
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
