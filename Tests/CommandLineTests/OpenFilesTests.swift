import Foundation
import Testing

/// A process that may open few files says so, and one that is out of them refuses instead of dying.
@Suite struct OpenFilesTests {
    @Test func `a hard limit that is too low is told with the remedy`() async throws {
        try await withScratchDirectory("files") { scratch in
            let command =
                "ulimit -n 100; exec \(Built.program("steelyard-collector")) run --set provider=p "
                + "--set collector=c --set data=\(scratch)/data --set listen=127.0.0.1:0"
            let outcome = try await Program.run(path: "/bin/sh", list: ["-c", command])
            #expect(outcome.exitCode == 1, "\(outcome.errors)")
            #expect(outcome.errors.contains("may open 100 files") && outcome.errors.contains("LimitNOFILE="))
        }
    }
}
