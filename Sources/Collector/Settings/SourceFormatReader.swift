internal import Settings
internal import SourceFormats
internal import UsageModel

/// Turns the settings of one source into its ``SourceFormat``.
struct SourceFormatReader {
    let settings: Settings
    /// `sources.NAME`.
    let base: String

    func read(_ problems: inout [SettingsProblem]) -> SourceFormat? {
        let format = settings.text("\(base).format")
        let before = problems.count
        refuseSettings(of: format, &problems)
        // Native times are written in one way.
        if format == "native" { return problems.count == before ? .native : nil }
        guard let time = readTime(&problems), problems.count == before else { return nil }
        if format == "openai" { return .openai(readOpenAI(time)) }
        return readMapped(time, &problems).map { .mapped($0) }
    }

    /// Settings of one format under another have no effect, so somebody expects something that won't happen.
    private func refuseSettings(of format: String, _ problems: inout [SettingsProblem]) {
        var foreign: [String] = []
        if format != "openai" { foreign += SourceMappingSchema.openaiPaths.map { "openai.\($0.0)" } }
        if format != "mapped" {
            foreign += ["layout", "cached-input-is-additional", Self.decimalStrings] + Self.csv
            foreign += SourceMappingSchema.fieldNames.map { "fields.\($0)" }
            foreign += SourceMappingSchema.constantNames.map { "constants.\($0)" }
        }
        if format == "native" { foreign += ["time.format", "time.zone", "time.start"] }
        refuse(foreign, with: "format: \(format)", remedy: "remove it, or set the format it is for", &problems)
        if format == "mapped", let layout = settings.optionalText("\(base).layout") {
            let other = layout == "csv" ? "json-lines" : "csv"
            refuse(
                layout == "csv" ? [Self.decimalStrings] : Self.csv, with: "layout: \(layout)",
                remedy: "remove it, or set layout: \(other)", &problems)
        }
        let time = settings.text("\(base).time.format")
        if format != "native", time != "wall-clock" {
            refuse(
                ["time.zone"], with: "time.format: \(time)", remedy: "remove it, or set time.format: wall-clock",
                &problems)
        }
    }

    private static let csv = ["csv.delimiter", "csv.header", "csv.skip-lines"]
    /// Every count in CSV is text.
    private static let decimalStrings = "decimal-strings"

    private func refuse(_ keys: [String], with other: String, remedy: String, _ problems: inout [SettingsProblem]) {
        for key in keys.map({ "\(base).\($0)" }) where settings.isGiven(key) {
            problems.append(settings.problem(at: key, "has no effect with \(other)", remedy: remedy))
        }
    }

    private func readTime(_ problems: inout [SettingsProblem]) -> TimeFormat? {
        let key = "\(base).time.format"
        let format = settings.text(key)
        let start = settings.optionalText("\(base).time.start")
        let units: [String: TimeUnit] = [
            "seconds": .seconds, "milliseconds": .milliseconds, "microseconds": .microseconds,
            "nanoseconds": .nanoseconds,
        ]
        if let unit = units[format] {
            guard let start else { return .epoch(unit) }
            guard let moment = StartTime(rfc3339: start) else {
                problems.append(
                    settings.problem(
                        at: "\(base).time.start", "\"\(start)\" is not an RFC 3339 time",
                        remedy: "write it like 2025-06-01T00:00:00+08:00, in quotes"))
                return nil
            }
            return .offset(unit, start: moment)
        }
        if start != nil {
            problems.append(
                settings.problem(
                    at: "\(base).time.start", "has no effect with time.format: \(format)",
                    remedy: "set time.format to seconds, milliseconds, microseconds or nanoseconds"))
            return nil
        }
        guard format == "wall-clock" else { return format == "rfc3339" ? .rfc3339 : .automatic }
        let zone = settings.text("\(base).time.zone")
        guard let rules = ZoneRules(identifier: zone) else {
            problems.append(
                settings.problem(
                    at: "\(base).time.zone", "\"\(zone)\" is not a known time zone",
                    remedy: "give an IANA name such as Asia/Shanghai or UTC"))
            return nil
        }
        return .wallClock(rules)
    }

    private func readOpenAI(_ time: TimeFormat) -> OpenAIFormat {
        var format = OpenAIFormat()
        let places: [(String, WritableKeyPath<OpenAIFormat, [String]>)] = [
            ("usage", \.usagePaths), ("tenant", \.tenantPaths), ("model", \.modelPaths), ("region", \.regionPaths),
            ("provider", \.providerPaths), ("layer", \.layerPaths), ("workload", \.workloadPaths),
            ("modality", \.modalityPaths), ("time", \.timePaths), ("requests", \.requestsPaths), ("id", \.idPaths),
        ]
        for (name, place) in places {
            if let paths = settings.optionalTexts("\(base).openai.\(name)") { format[keyPath: place] = paths }
        }
        format.time = time
        return format
    }

    private func readMapped(_ time: TimeFormat, _ problems: inout [SettingsProblem]) -> Mapping? {
        guard let layout = settings.optionalText("\(base).layout") else {
            problems.append(
                settings.problem(
                    at: "\(base).format", "mapped needs a layout", remedy: "give \(base).layout: csv or json-lines"))
            return nil
        }
        let isCSV = layout == "csv"
        var mapping = Mapping(layout: isCSV ? .csv(readCSV()) : .jsonLines, timeFormat: time)
        let places: [(String, WritableKeyPath<Mapping, Mapping.Place?>)] = [
            ("provider", \.provider), ("tenant", \.tenant), ("model", \.model), ("region", \.region),
            ("layer", \.layer), ("workload", \.workload), ("modality", \.modality), ("time", \.time),
            ("requests", \.requests), ("input-tokens", \.input), ("cached-input-tokens", \.cachedInput),
            ("additional-input-tokens", \.additionalInput), ("output-tokens", \.output),
            ("reasoning-output-tokens", \.reasoningOutput), ("id", \.id),
        ]
        for (name, place) in places {
            if let text = settings.optionalText("\(base).fields.\(name)") {
                mapping[keyPath: place] = readPlace(text, isCSV: isCSV)
            }
            guard SourceMappingSchema.constantNames.contains(name),
                let constant = settings.optionalText("\(base).constants.\(name)")
            else { continue }
            if mapping[keyPath: place] != nil {
                problems.append(
                    settings.problem(
                        at: "\(base).constants.\(name)", "is given beside fields.\(name)", remedy: "keep one of them"))
            }
            mapping[keyPath: place] = .constant(constant)
        }
        mapping.cachedInputIsAdditional = settings.flag("\(base).cached-input-is-additional")
        mapping.acceptsDecimalStrings = settings.flag("\(base).decimal-strings")
        return mapping
    }

    private func readPlace(_ text: String, isCSV: Bool) -> Mapping.Place {
        guard isCSV else { return .path(text) }
        if text.hasPrefix("#"), let number = Int(text.dropFirst()) { return .columnNumber(number) }
        return .column(text)
    }

    private func readCSV() -> Mapping.CSVLayout {
        let delimiter = settings.text("\(base).csv.delimiter")
        return Mapping.CSVLayout(
            delimiter: delimiter == "tab" ? UInt8(ascii: "\t") : delimiter.utf8.first ?? UInt8(ascii: ","),
            hasHeader: settings.flag("\(base).csv.header"),
            skippedLines: Int(settings.integer("\(base).csv.skip-lines")))
    }
}
