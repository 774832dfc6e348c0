/// The counts of an import, and for a preview what would move.
struct PreviewAnswer: Decodable, Sendable {
    struct Row: Decodable, Sendable {
        /// The entity; empty for the total.
        var name: String
        /// `nil` where the scope can't be answered without the import.
        var before: String?
        var after: String
        var change: String?
        var percentBefore: String?
        var percentAfter: String?
        var points: String?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case provider, model, family, developer, before, after, change, points
            case percentBefore = "share_percent_before"
            case percentAfter = "share_percent_after"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            name = ""
            for key in [CodingKeys.provider, .model, .family, .developer] {
                if let found = try container.decodeIfPresent(String.self, forKey: key) { name = found }
            }
            before = try container.decodeIfPresent(String.self, forKey: .before)
            after = try container.decode(String.self, forKey: .after)
            change = try container.decodeIfPresent(String.self, forKey: .change)
            percentBefore = try container.decodeIfPresent(String.self, forKey: .percentBefore)
            percentAfter = try container.decodeIfPresent(String.self, forKey: .percentAfter)
            points = try container.decodeIfPresent(String.self, forKey: .points)
        }
    }

    var asserted: Int
    var unchanged: Int
    var superseded: Int
    var scope: ScopeName?
    var period: String?
    var rows: [Row]?
    var total: Row?
}

struct ImportedFactsAnswer: Decodable, Sendable {
    var records: Int
    var asserted: Int
    var unchanged: Int
    var recordedAt: String

    enum CodingKeys: String, CodingKey {
        case records, asserted, unchanged
        case recordedAt = "recorded_at"
    }
}
