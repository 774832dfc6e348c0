/// The parts of the answers to questions about scopes that tables show. Amounts stay the decimal strings that they are.
struct DaysAnswer: Decodable, Sendable {
    var name: String
    var days: Int

    /// The name for people. A single day is named by two dates, as it is asked for: here the first of them says which.
    var label: String { days == 1 ? String(name.prefix { $0 != "/" }) : name }
}

struct RankAnswer: Decodable, Sendable {
    struct Table: Decodable, Sendable {
        struct Column: Decodable, Sendable {
            var scope: ScopeName
            var leaders: [String]
        }

        struct Row: Decodable, Sendable {
            struct Standing: Decodable, Sendable {
                var rank: Int?
                var sharePercent: String?

                enum CodingKeys: String, CodingKey {
                    case rank
                    case sharePercent = "share_percent"
                }
            }

            var entity: String
            var standings: [Standing]
        }

        var by: String
        var scopes: [Column]
        var rows: [Row]
    }

    struct Refusal: Decodable, Sendable {
        var scope: String
        /// A stable word.
        var code: String
        var detail: String
        /// The facts that are missing.
        var missing: [String]
    }

    var period: DaysAnswer
    var asKnownAt: String
    var position: Int
    var tables: [Table]
    var refused: [Refusal]

    enum CodingKeys: String, CodingKey {
        case period, position, tables, refused
        case asKnownAt = "as_known_at"
    }
}

struct TrendAnswer: Decodable, Sendable {
    struct Point: Decodable, Sendable {
        struct Inflection: Decodable, Sendable {
            var status: String
            var acceleration: String?
        }

        var period: DaysAnswer
        var published: String
        var sharePercent: String?
        var changePercent: String?
        var multiple: String?
        var inflection: Inflection?

        enum CodingKeys: String, CodingKey {
            case period, published, multiple, inflection
            case sharePercent = "share_percent"
            case changePercent = "change_percent"
        }
    }

    struct Series: Decodable, Sendable {
        var entity: String?
        var points: [Point]
    }

    struct Event: Decodable, Sendable {
        var date: String
        var title: LocalizedTitle
    }

    var scope: ScopeName
    var measure: String
    var currency: String?
    var aggregate: String
    var by: String
    var zone: String
    var asKnownAt: String
    var position: Int
    var series: [Series]
    var events: [Event]

    enum CodingKeys: String, CodingKey {
        case scope, measure, currency, aggregate, by, zone, position, series, events
        case asKnownAt = "as_known_at"
    }
}

struct GrowthAnswer: Decodable, Sendable {
    struct Row: Decodable, Sendable {
        /// `nil` for all entities together.
        var entity: String?
        var fromPublished: String
        var toPublished: String
        var multiple: String?
        var percent: String?
        var perDayMultiple: String?
        var perDayPercent: String?

        enum CodingKeys: String, CodingKey {
            case entity, multiple, percent
            case fromPublished = "from_published"
            case toPublished = "to_published"
            case perDayMultiple = "per_day_multiple"
            case perDayPercent = "per_day_percent"
        }
    }

    var scope: ScopeName
    var by: String
    var fromPeriod: DaysAnswer
    var toPeriod: DaysAnswer
    var asKnownAt: String
    var position: Int
    var warning: LocalizedTitle?
    var rows: [Row]

    enum CodingKeys: String, CodingKey {
        case scope, by, position, warning, rows
        case fromPeriod = "from_period"
        case toPeriod = "to_period"
        case asKnownAt = "as_known_at"
    }
}

struct ConcentrationAnswer: Decodable, Sendable {
    var scope: ScopeName
    var period: DaysAnswer
    var by: String
    var asKnownAt: String
    var position: Int
    var entities: Int
    var denominator: String
    var cr1Percent: String?
    var cr3Percent: String?
    var hhi: String?

    enum CodingKeys: String, CodingKey {
        case scope, period, by, position, entities, denominator, hhi
        case asKnownAt = "as_known_at"
        case cr1Percent = "cr1_percent"
        case cr3Percent = "cr3_percent"
    }
}

struct BridgeAnswer: Decodable, Sendable {
    struct Step: Decodable, Sendable {
        /// `nil` at the start.
        var aspect: String?
        var from: String?
        var to: String?
        var unit: String
        var aggregate: String
        var amount: String
        var change: String?
        var published: String
        var sharePercent: String?

        enum CodingKeys: String, CodingKey {
            case aspect, from, to, unit, aggregate, amount, change, published
            case sharePercent = "share_percent"
        }
    }

    var fromScope: ScopeName
    var toScope: ScopeName
    var period: DaysAnswer
    var entity: String?
    var asKnownAt: String
    var position: Int
    var steps: [Step]
    var change: String?

    enum CodingKeys: String, CodingKey {
        case period, entity, position, steps, change
        case fromScope = "from_scope"
        case toScope = "to_scope"
        case asKnownAt = "as_known_at"
    }
}
