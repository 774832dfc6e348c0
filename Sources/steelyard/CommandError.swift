/// How a command ended, as its exit code. Documented in `docs/command-line.md`; the numbers don't change.
enum ExitStatus: Int32, Sendable {
    case success = 0
    /// Something went wrong that the other codes don't name.
    case failure = 1
    /// The arguments can't be understood, or ask for what doesn't exist.
    case usage = 2
    /// The server knows the caller not, or doesn't let it.
    case denied = 3
    /// Nothing answers at the address.
    case unreachable = 4
    /// The input was read and refused; nothing of it was applied.
    case refusedInput = 5
    /// The answer holds nothing.
    case nothing = 6
}

/// Why a command failed: its exit code, and what was wrong and what to do, for a person.
struct CommandError: Error, Sendable, Equatable, CustomStringConvertible {
    var status: ExitStatus
    var message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    var description: String { message }
}
