/// Bounds of the HTTP service, each with its unit. Settings override those that say so.
package enum APILimits {
    /// From the start of a connection to its first complete request head, TLS handshake included, in seconds.
    package static let headerDeadlineSeconds = 5
    /// From a request's head to the end of its body, in seconds.
    package static let bodyDeadlineSeconds = 30
    /// How often a body's rate is looked at, in seconds.
    package static let bodyRateWindowSeconds = 5
    /// A body that brings fewer bytes than this in one window is cut off, in bytes: 4 KiB/s.
    package static let minBodyBytesPerWindow = 20 << 10
    /// A reader that takes less than a part of ``responsePartBytes`` in so many seconds is cut off: 4 KiB/s. The whole
    /// answer has ``answerDeadlineSeconds``.
    package static let responseWindowSeconds = 16
    /// The parts in which answers are written, in bytes.
    package static let responsePartBytes = 64 << 10
    /// The largest answer, in bytes; a larger one is refused with what to ask instead.
    package static let maxAnswerBytes = 64 << 20
    /// How long the reader of an answer may take for all of it, in seconds: 110 KB/s for the largest.
    package static let answerDeadlineSeconds = 600
    /// Bytes of one token's answers that are stored until they are read, on disk. A setting; its default.
    package static let defaultUnreadBytesPerToken = 256 << 20
    /// The same for all tokens. A setting; its default.
    package static let defaultUnreadBytes = 1 << 30
    /// Answers of one token that its readers haven't taken whole, count: each is an open file and a part in memory.
    package static let maxUnreadAnswersPerToken = 32
    /// The same for all tokens.
    package static let maxUnreadAnswers = 256
    /// Questions of one token that are being answered at once. A setting; its default, which leaves connections of the
    /// default pool to others.
    package static let defaultQuestionsPerToken = 6
    /// The same for all tokens. A setting; its default.
    package static let defaultQuestions = 32
    /// Imports, previews of imports and steps of closing of one token at once: they take turns in the database anyway.
    package static let maxChangesPerToken = 1
    /// The same for all tokens: two of the connections that they, tokens and the audit log share stay free.
    package static let maxChanges = AggregatorDaemon.administrationConnections - 2
    /// Rows that the questions of one token keep in memory at once to be evaluated, about 250 bytes each. A setting;
    /// its default.
    package static let defaultKeptRowsPerToken = 1_000_000
    /// The same for all tokens. A setting; its default.
    package static let defaultKeptRows = 2_000_000
    /// Facts in one export or history, count. More is refused, never cut.
    package static let maxFactRows = 200_000
    /// How long a connection may do nothing, in seconds.
    package static let idleTimeoutSeconds = 60
    /// How long a connection may live at all, in seconds: certificates are looked at again at least hourly.
    package static let maxConnectionAgeSeconds = 3_600
    /// How often the file of revoked certificates is looked at, in seconds, beside SIGHUP.
    package static let revocationCheckSeconds: Int64 = 30
    /// The largest file of revoked certificates, in bytes.
    package static let maxRevocationFileBytes = 16 << 20
    /// Header fields per request, count.
    package static let maxHeaderFields = 64
    /// All header fields of a request together, in bytes.
    package static let maxHeaderBytes = 16 << 10
    /// Open connections per listener. A setting; this is its default.
    package static let defaultMaxConnections = 1_024
    /// Open connections of `metrics.listen`.
    package static let maxMetricsConnections = 16
    /// Batches that are being received, decoded or committed at once in this process. A setting; its default.
    package static let defaultMaxBatchesInFlight = 32
    /// The same for one collector: it ships in order, so more than a few are of no use to it.
    package static let maxBatchesInFlightPerCollector = 4
    /// The most digests in one look-up, count.
    package static let maxLookupDigests = 10_000
    /// The largest JSON body on the ingest listener: a full look-up fits, in bytes.
    package static let maxControlBodyBytes = 1 << 20
    /// The largest import of facts, in bytes.
    package static let maxFactsBodyBytes = 32 << 20
    /// The largest heartbeat, in bytes.
    package static let maxHeartbeatBytes = 4 << 10
    /// The largest JSON body on the query listener, in bytes.
    package static let maxQueryBodyBytes = 16 << 10
    /// The longest query string, in bytes.
    package static let maxQueryStringBytes = 8 << 10
    /// Rows in one answer of `GET /v1/usage`, count: the default of `limit` and its maximum. More is refused, never
    /// cut.
    package static let defaultUsageRows = 10_000
    package static let maxUsageRows = 200_000
    /// The most rows that `top` of `GET /v1/usage` may ask for, count.
    package static let maxTopRows = 10_000
    /// The most values that one filter may list, count.
    package static let maxFilterValues = 100
    /// Scopes that one `GET /v1/rank` puts beside each other, count: those built in and some dozens of the house.
    package static let maxRankScopes = 60
    /// Steps of one trend, count: a year of days, and a month.
    package static let maxTrendSteps = 400
    /// Entities of one trend, count.
    package static let maxTrendEntities = 20
    /// Peaks in one answer, count: the default of `top` and its maximum.
    package static let defaultPeakCount = 10
    package static let maxPeakCount = 1_000
    /// The most tokens a minute that one user may be said to need.
    package static let maxUserRate: Int64 = 1_000_000_000_000
    /// How long a provider or collector may bring nothing before it counts as silent, in minutes. A setting; its
    /// default.
    package static let defaultSilenceMinutes: Int64 = 60
    /// The longest that it may be set to, in minutes: a week.
    package static let maxSilenceMinutes: Int64 = 10_080
    /// How long `wait-for` waits for its position before 503, in seconds.
    package static let maxWaitSeconds = 30
    /// When a client should come back after 429 and 503, in seconds.
    package static let retryAfterSeconds = 1
    /// The same after 503 `busy`, drawn for each answer: collectors that were refused together come back apart.
    package static let busyRetryAfterSeconds = 1...5
    /// The most bytes of a bearer token.
    package static let maxTokenBytes = 256
}
