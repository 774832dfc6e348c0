internal import Foundation
internal import TestHarness

/// The sources that read the traces, as configuration: upstream's own files through `mapped`, converted ones as native
/// events. No trace names its region or whose calls they are; what stands here are this project's assumptions.
enum TraceSources {
    static let azureTenant = "azure-conversation"
    static let azureModel = "not-published"
    static let mooncakeTenant = "kimi-app"
    static let mooncakeModel = "kimi"

    /// Azure's CSV: no zone is given, and it is taken as UTC; CRLF line ends, seven digits, no last line end.
    static func azure(path: String, isWhole: Bool) -> String {
        """
          azure-csv:
            type: file
            paths: ["\(path)"]
            \(ending(isWhole))
            format: mapped
            layout: csv
            tenant: \(azureTenant)
            model: \(azureModel)
            time:
              format: wall-clock
              zone: UTC
            fields:
              time: TIMESTAMP
              input-tokens: ContextTokens
              output-tokens: GeneratedTokens

        """
    }

    /// Mooncake's JSON lines: milliseconds from the start of the trace.
    static func mooncake(path: String, isWhole: Bool) -> String {
        """
          mooncake-jsonl:
            type: file
            paths: ["\(path)"]
            \(ending(isWhole))
            format: mapped
            layout: json-lines
            tenant: \(mooncakeTenant)
            model: \(mooncakeModel)
            time:
              format: milliseconds
              start: "\(TraceEpochs.mooncake)"
            fields:
              time: timestamp
              input-tokens: input_length
              output-tokens: output_length

        """
    }

    /// Native events in one file.
    static func native(name: String = "events", path: String, isWhole: Bool) -> String {
        """
          \(name):
            type: file
            paths: ["\(path)"]
            \(ending(isWhole))
            format: native

        """
    }

    private static func ending(_ isWhole: Bool) -> String {
        isWhole ? "whole: true" : "complete-last-line-after: 500ms"
    }
}

/// What each trace must come to in the database.
enum TraceChecks {
    /// Totals of a provider by minute, Azure's wall clock read as UTC.
    static func azureDifferences(_ database: Database, provider: String) async throws -> String {
        let expected = try Traces.totals(Traces.azure)
        return differences(try await database.byMinute(provider: provider), expected.byMinute ?? [:])
    }

    /// By minute number from the start, moved to the epoch.
    static func mooncakeDifferences(_ database: Database, provider: String) async throws -> String {
        let expected = try Traces.totals(Traces.mooncake)
        var byMinute: [String: Counts] = [:]
        for (minute, counts) in expected.byMinute ?? [:] {
            let moment = (TraceEpochs.mooncakeMinute + (Int64(minute) ?? 0)) * 60_000
            let text = rfc3339(milliseconds: moment).prefix(16)
            byMinute[text.replacingOccurrences(of: "T", with: " ")] = counts
        }
        return differences(try await database.byMinute(provider: provider), byMinute)
    }

    /// By client; clients that were idle throughout have no row.
    static func serveGenDifferences(
        _ database: Database, provider: String, trace: String, model: String
    ) async throws -> String {
        let expected = (try Traces.totals(trace).byClient ?? [:]).filter { $0.value.requests > 0 }
        return differences(try await database.byTenant(provider: provider, model: model), expected)
    }

    /// By session and by model.
    static func agenticDifferences(_ database: Database, provider: String) async throws -> String {
        let expected = try Traces.totals(Traces.agentic)
        return differences(try await database.byTenant(provider: provider), expected.bySession ?? [:])
            + differences(try await database.byModel(provider: provider), expected.byModel ?? [:])
    }
}
