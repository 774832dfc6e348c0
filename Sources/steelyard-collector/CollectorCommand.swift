internal import ArgumentParser
internal import Collector
internal import DaemonSupport
internal import Foundation
internal import Identity
internal import Logging
internal import Telemetry
internal import UsageModel

@main enum Main {
    static func main() async {
        CoreDumps.forbid()
        await CollectorCommand.main()
    }
}

struct CollectorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "steelyard-collector", abstract: "Counts LLM usage where it happens, and ships it exactly once.",
        discussion: """
            Exit codes: 0 done; 1 failed, or not ready; 64 wrong arguments; 78 the configuration is wrong.
            """,
        version: SoftwareVersion.text, subcommands: [Run.self, CheckConfig.self, Try.self, Status.self])
}

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the collector until SIGTERM or SIGINT; SIGHUP reloads what can be reloaded.")

    @OptionGroup var options: ConfigurationOptions<CollectorSettings>

    func run() async throws {
        let (settings, logger) = try options.start(label: "collector")
        try options.refuse(settings.keyProblems())
        // Counting goes on without a good certificate; only shipping waits.
        for problem in settings.certificateProblems(now: Date()) {
            logger.error("a certificate won't do", [.detail: "\(problem)"])
        }
        for note in settings.sources.flatMap(\.notes) {
            logger.info("a source has a setting from the collector", [.detail: "\(note)"])
        }
        let options = options
        let process = CollectorProcess(
            settings: settings, version: SoftwareVersion.text, logger: logger, readAgain: { try options.load() })
        do {
            try await process.run()
        } catch {
            logger.error("the collector stopped", [.error: "\(error)"])
            throw ExitCode.failure
        }
    }
}

struct CheckConfig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Checks the configuration and its certificates; names file, line, key and remedy of what is wrong.")

    @OptionGroup var options: ConfigurationOptions<CollectorSettings>

    func run() async throws {
        let settings = try options.loadOrExit()
        try options.refuse(settings.certificateProblems(now: Date()))
        for name in settings.passedOverVariables {
            writeError("\(name) is passed over: Kubernetes makes it for a Service, and no setting has it")
        }
        for note in settings.sources.flatMap(\.notes) { print("\(note).") }
        let sources = settings.sources.map(\.name).joined(separator: ", ")
        print(
            "The configuration is fine: provider \(settings.provider), collector \(settings.collector), ",
            terminator: "")
        print(sources.isEmpty ? "no sources besides POST /v1/events." : "sources \(sources).")
    }
}

struct Try: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "try",
        abstract: "Shows what each record of a sample becomes under a source's settings, or why it isn't counted.",
        discussion: "Nothing is kept, written or sent. A sample whose name ends in .gz or .zst is decompressed.")

    @OptionGroup var options: ConfigurationOptions<CollectorSettings>

    @Option(help: "The source whose settings hold; http is the one of POST /v1/events.")
    var source: String

    @Flag(help: "Print one JSON object a record instead of a block of lines.")
    var json = false

    @Argument(help: "The sample: a file as the source would bring it.")
    var file: String

    func run() async throws {
        let settings = try options.loadOrExit()
        do {
            var trial = try SourceTrial(
                settings: settings, source: source, output: json ? .json : .text,
                nowMilliseconds: Int64(Date().timeIntervalSince1970 * 1_000), print: { print($0) })
            try trial.run(path: file)
        } catch {
            writeError("\(error)")
            throw ExitCode.failure
        }
    }
}

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Asks the running collector how it does. Exits 0 when it is ready, 1 when it is not or doesn't run.")

    @OptionGroup var options: ConfigurationOptions<CollectorSettings>

    @Flag(help: "Print the answer as JSON instead of a table.")
    var json = false

    func run() async throws {
        let settings = try options.loadOrExit()
        let readiness: Readiness
        do {
            readiness = try await CollectorStatus.fetch(directory: settings.storage.directory)
        } catch {
            writeError("\(error)")
            throw ExitCode.failure
        }
        print(json ? CollectorStatus.json(readiness) : CollectorStatus.table(readiness))
        if !readiness.ready { throw ExitCode.failure }
    }
}
