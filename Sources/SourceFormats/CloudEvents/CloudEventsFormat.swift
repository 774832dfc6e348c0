/// CloudEvents 1.0 in JSON: one event, a batch in an array, or lines of them; `data` holds the usage. It is what OpenMeter
/// takes, so that what sends to it sends here.
///
/// An event is known by its `source` and `id` together, whatever else comes under the same `id`.
package struct CloudEventsFormat: JSONFormat {
    package static let name = "cloudevents"
    package static let summary = "CloudEvents 1.0, as OpenMeter takes them; `data` holds the usage."

    /// The attributes that make an event's identity, in the order in which they are joined.
    private static let identity = ["source", "id"]

    /// The parts of an event beside its counts, and where they are unless a setting says otherwise.
    private static let defaultPaths: [(field: EventField, paths: [String])] = [
        (.tenant, ["subject"]), (.model, ["data.model"]), (.time, ["time"]), (.region, []),
    ]
    private static let defaultUsagePaths = ["data.usage", "data"]

    private static func setting(_ part: String) -> String { "cloudevents.\(part)" }

    package static let settings: [SourceSetting] =
        [
            SourceSetting(
                setting("usage"), .texts, presence: .byDefault(defaultUsagePaths),
                summary: "paths of the object with the counts")
        ]
        + defaultPaths.map { field, paths in
            SourceSetting(
                setting(field.name), .texts, presence: paths.isEmpty ? .optional : .byDefault(paths),
                summary: "paths of \(field.properties.noun)")
        }

    package static let examples = [
        SourceExample(
            records: """
                {"specversion":"1.0","type":"litellm_tokens","id":"a","source":"litellm-proxy","subject":"t",\
                "time":"2025-06-01T00:00:00Z","data":{"model":"m","cost":0.1,"prompt_tokens":12,"completion_tokens":3,\
                "total_tokens":15}}
                {"specversion":"1.0","type":"tokens","id":"b","source":"/gate\\u0077ay","subject":"t",\
                "time":"2025-06-01T00:01:00Z","datacontenttype":"application/json","data":{"model":"m","usage":\
                {"input_tokens":5,"output_tokens":"6"}}}
                """)
    ]

    package var usagePaths = Self.defaultUsagePaths
    package var paths = Dictionary(uniqueKeysWithValues: Self.defaultPaths.map { ($0.field, $0.paths) })

    package init() {}

    package init(_ options: SourceOptions) throws(SourceFormatError) {
        usagePaths = options.texts(Self.setting("usage")) ?? []
        for (field, _) in Self.defaultPaths { paths[field] = options.texts(Self.setting(field.name)) }
    }

    package var mediaTypes: [String] {
        ["application/cloudevents+json", "application/cloudevents-batch+json"] + JSONRecords.mediaTypes
    }

    func plan() throws(SourceFormatError) -> FieldPlan {
        var data = OpenAIFormat()
        data.usagePaths = usagePaths
        data.paths = paths
        data.paths[.id] = Self.identity
        data.time = .rfc3339
        var plan: FieldPlan
        do throws(SourceFormatError) {
            plan = try data.plan()
        } catch {
            // Its settings are named otherwise here.
            let part = error.setting.split(separator: ".").last.map(String.init) ?? error.setting
            throw SourceFormatError(setting: Self.setting(part), message: error.message, remedy: error.remedy)
        }
        plan.rules.joinsIDs = true
        plan.rules.acceptsDecimalStrings = true
        return plan
    }
}
