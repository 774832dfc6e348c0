/// What the query API answers, as far as the published figures need it. Keys are converted from snake case.
enum MarketAnswers {
    struct Span: Decodable {
        var name: String?
        var days: Int?
    }

    /// `GET /v1/shares`.
    struct Shares: Decodable {
        struct Row: Decodable {
            var provider: String?
            var family: String?
            var developer: String?
            var rank: Int?
            var numerator: String
            var sharePercent: String?
            var sharePercentLowest: String?
            var sharePercentHighest: String?
            var unpricedTokens: String?

            var entity: String { provider ?? family ?? developer ?? "" }
        }

        var denominator: String
        /// What was recorded by then counts.
        var asKnownAt: String
        var rows: [Row]

        func row(_ entity: String) throws -> Row {
            guard let row = rows.first(where: { $0.entity == entity }) else {
                throw Missing(what: "\(entity) among \(rows.map(\.entity))")
            }
            return row
        }

        /// The entity of the first rank.
        var first: String? { rows.first { $0.rank == 1 }?.entity }
    }

    /// `GET /v1/rank`.
    struct Rank: Decodable {
        struct Table: Decodable {
            var scopes: [Standing]
        }
        struct Standing: Decodable {
            var scope: ScopeName
            var leaders: [String]
        }
        struct ScopeName: Decodable {
            var id: String
        }
        struct Refused: Decodable {
            var scope: String
            var code: String
        }
        var tables: [Table]
        var refused: [Refused]

        /// Who is first under each scope.
        var leaders: [String: [String]] {
            Dictionary(uniqueKeysWithValues: tables.flatMap(\.scopes).map { ($0.scope.id, $0.leaders) })
        }
    }

    /// `GET /v1/growth`.
    struct Growth: Decodable {
        struct Row: Decodable {
            var entity: String?
            var fromAmount: String
            var toAmount: String
            var percent: String?
        }
        struct Warning: Decodable {
            var en: String
        }
        var warning: Warning?
        var rows: [Row]
    }

    /// `GET /v1/trend`.
    struct Trend: Decodable {
        struct Series: Decodable {
            var points: [Point]
        }
        struct Point: Decodable {
            var period: Span
            var amount: String
            var inflection: Inflection?
        }
        struct Inflection: Decodable {
            var status: String
        }
        struct Event: Decodable {
            var date: String
        }
        var series: [Series]
        var events: [Event]
    }

    /// `GET /v1/peak`.
    struct Peak: Decodable {
        struct Row: Decodable {
            var tenant: String?
            var users: String?
            var totalTokens: String
        }
        var rows: [Row]
    }

    struct Missing: Error, CustomStringConvertible {
        var what: String
        var description: String { "missing: \(what)" }
    }
}
