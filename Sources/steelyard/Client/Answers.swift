/// The parts of the API's answers that tables show. Counts stay the decimal strings that they are.
struct Span: Decodable, Sendable {
    var name: String
    var from: String
    var to: String
    var zone: String
}

struct LocalizedTitle: Codable, Sendable, Equatable {
    var en: String
    var zh: String
}

struct ScopeName: Decodable, Sendable {
    var id: String
    var version: Int
    var title: LocalizedTitle
}

struct SharesAnswer: Decodable, Sendable {
    struct Amounts: Decodable, Sendable {
        /// The provider, model, family or developer, whichever the scope divides among; `nil` for the total and for the
        /// others together.
        var name: String?
        /// How many entities the row gathers; `nil` for one that is named.
        var gathered: Int?
        var rank: Int?
        var numerator: String
        /// The figure that the scope publishes: the sum, or its average per day.
        var published: String
        var sharePercent: String?
        /// `nil` for the total.
        var interval: Interval?
        var external: String
        var ownBusiness: String
        var unclassified: String
        var otherKinds: String
        var outsideFilters: String
        var unmapped: String
        /// `imported`, `price-book` or both; `nil` where no revenue counts.
        var revenueFrom: String?
        var unpricedTokens: String?
        /// Between which percentages the share of a published total lies; `nil` where it is of everything counted.
        var sharePercentLowest: String?
        var sharePercentHighest: String?

        struct Interval: Decodable, Sendable {
            var ifAll: String?

            enum CodingKeys: String, CodingKey {
                case ifAll = "if_all"
            }
        }

        enum CodingKeys: String, CodingKey {
            case provider, model, family, developer, gathered, rank, numerator, published, interval, external
            case unclassified, unmapped
            case revenueFrom = "revenue_from"
            case unpricedTokens = "unpriced_tokens"
            case sharePercentLowest = "share_percent_lowest"
            case sharePercentHighest = "share_percent_highest"
            case sharePercent = "share_percent"
            case ownBusiness = "own_business"
            case otherKinds = "other_kinds"
            case outsideFilters = "outside_filters"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            for key in [CodingKeys.provider, .model, .family, .developer] where name == nil {
                name = try container.decodeIfPresent(String.self, forKey: key)
            }
            gathered = try container.decodeIfPresent(Int.self, forKey: .gathered)
            rank = try container.decodeIfPresent(Int.self, forKey: .rank)
            numerator = try container.decode(String.self, forKey: .numerator)
            published = try container.decode(String.self, forKey: .published)
            sharePercent = try container.decodeIfPresent(String.self, forKey: .sharePercent)
            interval = try container.decodeIfPresent(Interval.self, forKey: .interval)
            external = try container.decode(String.self, forKey: .external)
            ownBusiness = try container.decode(String.self, forKey: .ownBusiness)
            unclassified = try container.decode(String.self, forKey: .unclassified)
            otherKinds = try container.decode(String.self, forKey: .otherKinds)
            outsideFilters = try container.decode(String.self, forKey: .outsideFilters)
            unmapped = try container.decode(String.self, forKey: .unmapped)
            revenueFrom = try container.decodeIfPresent(String.self, forKey: .revenueFrom)
            unpricedTokens = try container.decodeIfPresent(String.self, forKey: .unpricedTokens)
            sharePercentLowest = try container.decodeIfPresent(String.self, forKey: .sharePercentLowest)
            sharePercentHighest = try container.decodeIfPresent(String.self, forKey: .sharePercentHighest)
        }
    }

    /// What the whole is divided among, such as `provider`.
    var by: String
    var scope: ScopeName
    var period: Span
    var measure: String
    /// Of amounts of money; `nil` where the measure is none.
    var currency: String?
    /// `sum` or `daily-average`.
    var aggregate: String
    var asKnownAt: String
    var position: Int
    var rows: [Amounts]
    var total: Amounts
    var gaps: [Gap]

    /// Whether ``Amounts/published`` is another figure than the sum.
    var isPerDay: Bool { aggregate == "daily-average" }

    /// Months without a revenue record between months that have one.
    struct Gap: Decodable, Sendable {
        var provider: String
        var layer: String
        var months: [String]
    }

    enum CodingKeys: String, CodingKey {
        case scope, period, measure, currency, aggregate, position, rows, total, by, gaps
        case asKnownAt = "as_known_at"
    }
}

struct MonthlyShareAnswer: Decodable, Sendable {
    struct Row: Decodable, Sendable {
        /// What the scope divides among, `other` or `total`.
        var row: String
        var provider: String?
        var model: String?
        var family: String?
        var developer: String?
        var external: String
        var ownBusiness: String
        var unclassified: String
        var numerator: String
        var denominator: String
        var sharePercent: String?
        var monthOnMonthPercent: String?

        enum CodingKeys: String, CodingKey {
            case row, provider, model, family, developer, external, unclassified, numerator, denominator
            case ownBusiness = "own_business"
            case sharePercent = "share_percent"
            case monthOnMonthPercent = "month_on_month_percent"
        }
    }

    /// The statement that a closed month's figures come from.
    struct Statement: Decodable, Sendable {
        var id: Int
        var approvedAt: String
        var approvedBy: String

        enum CodingKeys: String, CodingKey {
            case id
            case approvedAt = "approved_at"
            case approvedBy = "approved_by"
        }
    }

    var month: String
    var scope: ScopeName
    var zone: String
    var asKnownAt: String
    var position: Int
    var statement: Statement?
    var rows: [Row]

    enum CodingKeys: String, CodingKey {
        case month, scope, zone, position, rows, statement
        case asKnownAt = "as_known_at"
    }
}

struct UsageAnswer: Decodable, Sendable {
    /// One sum: the bucket and dimensions that were asked for, and the counts.
    struct Row: Decodable, Sendable {
        var names: [String: String]

        init(from decoder: any Decoder) throws {
            names = try decoder.singleValueContainer().decode([String: String].self)
        }

        subscript(name: String) -> String? { names[name] }
    }

    var period: Span
    var bucket: String?
    var groupBy: [String]
    /// `nil` where the sums don't depend on what tenants were held to be.
    var asKnownAt: String?
    var position: Int
    var rows: [Row]

    enum CodingKeys: String, CodingKey {
        case period, bucket, position, rows
        case groupBy = "group_by"
        case asKnownAt = "as_known_at"
    }
}

struct CollectorsAnswer: Decodable, Sendable {
    struct Collector: Decodable, Sendable {
        var provider: String
        var name: String
        var epoch: Int
        var nextSequence: Int
        var lastSeen: String?
        var secondsSinceSeen: Int?
        var lagSeconds: Int?
        var softwareVersion: String?

        enum CodingKeys: String, CodingKey {
            case provider, name, epoch
            case nextSequence = "next_sequence"
            case lastSeen = "last_seen"
            case secondsSinceSeen = "seconds_since_seen"
            case lagSeconds = "lag_seconds"
            case softwareVersion = "software_version"
        }
    }

    var collectors: [Collector]
}

struct TenantsAnswer: Decodable, Sendable {
    struct Tenant: Decodable, Sendable, Equatable {
        var provider: String
        var tenant: String
        var kind: String
        var legalEntity: String
        var effectiveFrom: String
        var effectiveTo: String?
        var reason: String
        var recordedAt: String
        var recordedBy: String
        var supersededAt: String?

        enum CodingKeys: String, CodingKey {
            case provider, tenant, kind, reason
            case supersededAt = "superseded_at"
            case legalEntity = "legal_entity"
            case effectiveFrom = "effective_from"
            case effectiveTo = "effective_to"
            case recordedAt = "recorded_at"
            case recordedBy = "recorded_by"
        }
    }

    var tenants: [Tenant]
}

struct ImportedAnswer: Decodable, Sendable {
    var assertions: Int
    var asserted: Int
    var unchanged: Int
    var recordedAt: String

    enum CodingKeys: String, CodingKey {
        case assertions, asserted, unchanged
        case recordedAt = "recorded_at"
    }
}

struct TokensAnswer: Decodable, Sendable {
    struct Token: Decodable, Sendable {
        var id: String
        var role: String
        var provider: String?
        var holder: String?
        var createdAt: String
        var revokedAt: String?

        enum CodingKeys: String, CodingKey {
            case id, role, provider, holder
            case createdAt = "created_at"
            case revokedAt = "revoked_at"
        }
    }

    var tokens: [Token]
}

struct CreatedTokenAnswer: Decodable, Sendable {
    var id: String
    var token: String
    var role: String
    var provider: String?
}
