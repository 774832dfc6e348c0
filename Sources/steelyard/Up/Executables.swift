internal import Foundation

/// The daemons' programs, which lie beside this one.
struct Executables: Sendable {
    var aggregator: String
    var collector: String

    /// The programs beside the running one.
    static func besideThis() throws(CommandError) -> Executables {
        guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            throw CommandError(.failure, "can't tell where this program lies: /proc isn't mounted")
        }
        return try inDirectory((own as NSString).deletingLastPathComponent)
    }

    static func inDirectory(_ directory: String) throws(CommandError) -> Executables {
        let programs = Executables(
            aggregator: "\(directory)/steelyard-aggregator", collector: "\(directory)/steelyard-collector")
        for path in [programs.aggregator, programs.collector]
        where !FileManager.default.isExecutableFile(atPath: path) {
            throw CommandError(
                .failure,
                "\(path) isn't there; build it with `swift build -c release --product "
                    + "\((path as NSString).lastPathComponent)`, or install the three programs into one directory")
        }
        return programs
    }
}
