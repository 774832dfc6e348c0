package import ArgumentParser
internal import Foundation

/// How the daemons' commands end beside 0, 1 (`failure`) and 64 (`validationFailure`, wrong arguments).
extension ExitCode {
    /// The configuration is wrong: `EX_CONFIG` of sysexits.h.
    package static let configuration = ExitCode(78)
    /// Two things that should be equal are not, and nothing was changed.
    package static let difference = ExitCode(3)
}

/// Writes a line to standard error.
package func writeError(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}
