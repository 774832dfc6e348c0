internal import Foundation
internal import TestHarness
internal import TestSupport
internal import Testing

extension EndToEndTests {
    /// An aggregator that starts before its database does.
    @Suite struct StartTests {
        @Test func `an aggregator without its database says so and stops cleanly`() async throws {
            try await ScratchDirectory.with("e2e-start") { directory in
                let authority = try Authority(directory: "\(directory)/ca")
                // Nobody listens on port 1.
                let files = InstallationFiles(
                    directory: directory, databaseURL: "postgresql://nobody@127.0.0.1:1/nowhere",
                    authorityFile: authority.certificateFile)
                let aggregator = try AggregatorProcess(name: "early", installation: files, authority: authority)
                let program = try aggregator.launch()
                do {
                    let query = try await Self.queryAddress(of: program)
                    try await eventually("it has looked for its database") {
                        try Self.log(of: program).contains("the database is not available yet")
                    }
                    #expect(try await HTTPCaller().get("http://\(query)/livez").status == 200)
                    for path in ["/readyz", "/v1/collectors"] {
                        let answer = try await HTTPCaller().get("http://\(query)\(path)")
                        #expect(answer.status == 503 && answer.problemCode == "not-ready", "\(path): \(answer.text)")
                    }
                    try await program.stop()
                } catch {
                    await aggregator.end()
                    throw error
                }
            }
        }

        @Test func `an aggregator that started before its database works once that is there`() async throws {
            try await ScratchDirectory.with("e2e-late") { directory in
                try await Database.with { beside in
                    let authority = try Authority(directory: "\(directory)/ca")
                    let name = "late\(UInt32.random(in: 0...UInt32.max))"
                    let files = InstallationFiles(
                        directory: directory, databaseURL: "\(beside.connectionString) dbname=\(name)",
                        authorityFile: authority.certificateFile)
                    let aggregator = try AggregatorProcess(name: "late", installation: files, authority: authority)
                    let program = try aggregator.launch()
                    do {
                        let query = try await Self.queryAddress(of: program)
                        try await eventually("it has looked for its database") {
                            try Self.log(of: program).contains("the database is not available yet")
                        }
                        try await beside.createDatabase(name)
                        _ = try await program.waitForListeningFile(aggregator.listeningFile)
                        #expect(try await HTTPCaller().get("http://\(query)/readyz").status == 200)
                        try await program.stop()
                        try await beside.dropDatabase(name)
                    } catch {
                        await aggregator.end()
                        throw error
                    }
                }
            }
        }

        private static func log(of program: RunningProgram) throws -> String {
            String(decoding: try Data(contentsOf: URL(fileURLWithPath: program.logPath)), as: UTF8.self)
        }

        /// The query listener's address, from the log: the listening file is only written once every listener is bound.
        private static func queryAddress(of program: RunningProgram) async throws -> String {
            var found: String?
            try await eventually("\(program.name) listens") {
                guard program.isRunning else { throw program.ended("ended") }
                for line in try log(of: program).split(separator: "\n") where line.contains("source=query") {
                    let field = line.split(separator: " ").first { $0.hasPrefix("address=") }
                    found = field.map { String($0.dropFirst("address=".count)) }
                }
                return found != nil
            }
            return try #require(found)
        }
    }
}
