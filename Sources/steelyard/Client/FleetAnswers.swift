/// The parts of the answers about peaks and coverage that tables show.
struct PeakAnswer: Decodable, Sendable {
    struct Row: Decodable, Sendable {
        var rank: Int
        var provider: String
        var tenant: String?
        var model: String?
        var minute: String
        var users: String?
        var totalTokens: String
        var requests: String

        enum CodingKeys: String, CodingKey {
            case rank, provider, tenant, model, minute, users, requests
            case totalTokens = "total_tokens"
        }
    }

    var period: Span
    var by: String
    var userRate: String?
    var position: Int
    var rows: [Row]

    enum CodingKeys: String, CodingKey {
        case period, by, position, rows
        case userRate = "user_rate"
    }
}

struct CoverageAnswer: Decodable, Sendable {
    struct Silence: Decodable, Sendable {
        var from: String
        var to: String
        var minutes: Int
    }

    struct Rejection: Decodable, Sendable {
        var reason: String
        var records: String
    }

    struct Quarantine: Decodable, Sendable {
        var reason: String
        var batches: Int
    }

    struct Collector: Decodable, Sendable {
        var name: String
        var lastSeen: String
        var batches: Int
        var firstBatchAt: String?
        var lastBatchAt: String?
        var events: String
        var rejections: [Rejection]
        var quarantined: [Quarantine]
        var reportedPercent: String?
        var reportingGaps: Int
        /// The first of them.
        var silent: [Silence]

        enum CodingKeys: String, CodingKey {
            case name, batches, events, rejections, quarantined, silent
            case lastSeen = "last_seen"
            case firstBatchAt = "first_batch_at"
            case lastBatchAt = "last_batch_at"
            case reportedPercent = "reported_percent"
            case reportingGaps = "silent_spans"
        }
    }

    struct Provider: Decodable, Sendable {
        var provider: String
        var minutesWithUsage: Int?
        var hoursWithUsage: Int?
        var daysWithUsage: Int
        var reportedPercent: String?
        var reportingGaps: Int
        var silent: [Silence]
        var collectors: [Collector]

        enum CodingKeys: String, CodingKey {
            case provider, silent, collectors
            case minutesWithUsage = "minutes_with_usage"
            case hoursWithUsage = "hours_with_usage"
            case daysWithUsage = "days_with_usage"
            case reportedPercent = "reported_percent"
            case reportingGaps = "silent_spans"
        }
    }

    var period: Span
    var until: String
    var silenceMinutes: Int
    var position: Int
    var providers: [Provider]

    enum CodingKeys: String, CodingKey {
        case period, until, position, providers
        case silenceMinutes = "silence_minutes"
    }
}
