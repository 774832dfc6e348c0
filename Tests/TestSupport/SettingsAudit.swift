import Foundation
package import Settings

/// A rule that holds for every setting of a program.
package enum SettingsRule: CaseIterable, Sendable {
    /// It has a sentence of documentation and a variable of its own, and takes its own default.
    case declaredInFull
    /// The report of a reload names exactly the changed settings that need a restart.
    case reloadedAsDeclared
    /// The tables of its page are made of the declarations.
    case documentedByTheirDeclarations
}

/// What must hold for every setting of a program.
package struct SettingsAudit<Keys: SettingKeys> {
    private let schema: SettingsSchema<Keys>
    private let document: SettingsDocument<Keys>
    /// Settings that must be given, as `key=value`.
    private let required: [String]

    /// - Parameters:
    ///   - page: the page of `docs/operating` with the tables of these settings, without `.md`.
    ///   - required: the settings that must be given, as `key=value`.
    package init(_ schema: SettingsSchema<Keys>, page: String, required: [String]) {
        self.schema = schema
        document = SettingsDocument(schema, page: page)
        self.required = required
    }

    /// What breaks a rule; each says where. Throws where the page can't be read, or the settings can't be loaded.
    package func breaches(of rule: SettingsRule) throws -> [String] {
        switch rule {
        case .declaredInFull: declarationFaults()
        case .reloadedAsDeclared: try wrongReloadReports()
        case .documentedByTheirDeclarations: try document.faults()
        }
    }

    /// Settings whose declaration is wrong, each with what is wrong with it.
    private func declarationFaults() -> [String] {
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
        return setting.isSame(value, as: nil)
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
            "other", "another", "2", "3", "2000", "3000", "2s", "3s", "2m", "3m", "50d", "60d", "2MiB", "3MiB",
            "128MiB", "129MiB", "20000", "30000",
            "true", "false", "127.0.0.1:9", "127.0.0.1:10", "https://other:1", "https://another:1", "debug", "info",
            "record", "fields", "iaas", "maas", "batch", "online", "image", "text", "UTC", "Asia/Tokyo",
            "acme/edge since 2020-01-01",
            "acme/edge since 2021-01-01",
        ]
    }

    /// Settings that are reported after a change although they hold, or aren't although they don't.
    private func wrongReloadReports() throws -> [String] {
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
