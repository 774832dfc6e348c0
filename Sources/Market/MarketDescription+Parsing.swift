internal import Scopes
package import TextFormats
internal import UsageModel

extension MarketDescription {
    /// Reads a description.
    ///
    /// - Parameter file: the name that problems are reported under.
    /// - Throws: every mistake in the file, by line and key.
    package static func parse(_ yaml: String, file: String) throws(FileProblems) -> MarketDescription {
        var reader = YAMLReader(try YAMLValue.parse(yaml, file: file))
        let description = read(&reader)
        reader.finish()
        guard let description, reader.problems.isEmpty else {
            throw FileProblems(file: file, problems: reader.problems)
        }
        return description
    }

    private static func read(_ reader: inout YAMLReader) -> MarketDescription? {
        let id = reader.text("id", maxBytes: Scope.maxIdentifierBytes)
        let version = reader.integer("version", in: 1...1_000_000)
        let title = title(&reader)
        let seed = reader.integer("seed", in: 0...UInt64.max)
        let period = period(&reader)
        let zone = zone(&reader)
        let rhythm = rhythm(&reader, months: period?.months.count)
        let models = MarketModel.read(&reader)
        let months = period?.months ?? []
        let providers = ProviderReader(
            modelNames: models.map(\.name), months: months, weights: rhythm?.months ?? months.map { _ in 1 })
        let read = providers.read(&reader)
        let facts = FactsReader(
            providers: read?.map(\.name), modelNames: models.map(\.name), months: months
        ).read(&reader)
        guard let id, let version, let title, let seed, let period, let zone, let rhythm, let read else { return nil }
        guard NameRule.isIdentifier(id, maxBytes: Scope.maxIdentifierBytes) else {
            reader.report("id", "'\(id.excerpt)' is no id: lower-case letters, digits and inner hyphens")
            return nil
        }
        return MarketDescription(
            id: id, version: Int(version), title: title, seed: seed, period: period, zone: zone, rhythm: rhythm,
            models: models, providers: read, facts: facts)
    }

    private static func title(_ reader: inout YAMLReader) -> LocalizedText? {
        guard var inner = reader.map("title") else {
            reader.report("title", "is missing: give it in English and Chinese, under en and zh")
            return nil
        }
        let en = inner.text("en")
        let zh = inner.text("zh")
        inner.finish()
        reader.absorb(inner)
        guard let en, let zh else { return nil }
        return LocalizedText(en: en, zh: zh)
    }

    private static func period(_ reader: inout YAMLReader) -> Period? {
        guard let text = reader.text("period") else { return nil }
        do throws(PeriodError) {
            let period = try Period(text)
            if period.isWholeMonths, period.dayCount <= maxDays { return period }
            reader.report("period", "must be whole months, at most \(maxDays) days")
        } catch {
            reader.report("period", "\(error)")
        }
        return nil
    }

    private static func zone(_ reader: inout YAMLReader) -> ZoneRules? {
        guard let name = reader.text("zone") else { return nil }
        guard let zone = ZoneRules(identifier: name) else {
            reader.report("zone", "'\(name.excerpt)' is no time zone: use an IANA name such as Asia/Shanghai")
            return nil
        }
        return zone
    }

    private static func rhythm(_ reader: inout YAMLReader, months: Int?) -> MarketRhythm? {
        guard var inner = reader.map("rhythm") else {
            reader.report("rhythm", "is missing: give the weights of months, weekdays and hours")
            return nil
        }
        let monthWeights = inner.weights("months", count: months)
        let weekdays = inner.weights("weekdays", count: 7)
        let hours = inner.weights("hours", count: 24)
        inner.finish()
        reader.absorb(inner)
        guard let monthWeights, let weekdays, let hours else { return nil }
        return MarketRhythm(months: monthWeights, weekdays: weekdays, hours: hours)
    }
}
