internal import ArgumentParser
internal import Foundation
internal import Identity
internal import Scopes
internal import TextFormats

/// Runs the command line and turns every way it can end into an exit code of ``ExitStatus``.
@main enum Main {
    static func main() async {
        CoreDumps.forbid()
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try Steelyard.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            exit(report(error).rawValue)
        }
    }

    /// Says what went wrong, on standard error, and which exit code that is.
    static func report(_ error: any Error) -> ExitStatus {
        switch error {
        case let error as CommandError:
            Terminal.note("steelyard: \(error.message)")
            return error.status
        case let error as IdentityError:
            Terminal.note("steelyard: \(error.message)")
            return .failure
        case let problems as FileProblems:
            Terminal.note("\(problems)")
            return .refusedInput
        default:
            return reportParsing(error)
        }
    }

    private static func reportParsing(_ error: any Error) -> ExitStatus {
        let code = Steelyard.exitCode(for: error)
        let message = Steelyard.fullMessage(for: error)
        if code == .success {
            Terminal.out(message + "\n")
            return .success
        }
        Terminal.note(message)
        return code == .validationFailure ? .usage : .failure
    }
}
