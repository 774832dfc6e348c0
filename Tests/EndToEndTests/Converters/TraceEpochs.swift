/// The moments at which traces without wall-clock times are taken to begin.
///
/// Upstream publishes times relative to the start of a trace or of a session (see the README beside the data). The
/// choice is ours, it changes no total, and it is part of what these tests state: minute *n* of a trace is the epoch
/// plus *n* minutes. Every epoch is a whole hour in UTC.
enum TraceEpochs {
    /// Mooncake: the first request's moment, 2024-11-05T02:00:00Z.
    static let mooncake = "2024-11-05T02:00:00Z"
    /// ServeGen `m-small`: slot 0 of its 14 days, 2025-01-06T00:00:00Z.
    static let serveGenSmallSecond: Int64 = 1_736_121_600
    /// ServeGen `deepseek-r1`: slot 0 of its 24 hours, 2025-02-20T00:00:00Z.
    static let serveGenReasonSecond: Int64 = 1_740_009_600
    /// The agentic sessions all begin at 2025-10-01T00:00:00Z.
    static let agenticSecond: Int64 = 1_759_276_800

    /// Minutes since 1970 at Mooncake's epoch.
    static let mooncakeMinute: Int64 = 1_730_772_000 / 60
}
