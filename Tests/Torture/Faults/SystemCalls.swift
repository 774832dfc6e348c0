internal import Foundation
internal import TestHarness

/// Faults at chosen system calls of a child process, through strace.
struct SystemCalls: Sendable {
    /// Everything that changes what is on disk, and that the collector calls.
    static let changing = [
        "pwrite64", "write", "fsync", "fdatasync", "rename", "renameat2", "unlink", "unlinkat", "ftruncate", "mkdir",
    ]

    /// The n-th call of one name by one thread.
    struct Point: Hashable, Sendable, CustomStringConvertible {
        var call: String
        /// From 1.
        var number: Int

        var description: String { "\(call) \(number)" }
    }

    let strace: String

    init() throws {
        strace = try Tool.require("strace", package: "strace")
    }

    /// Arguments that note every changing call in a file.
    func noting(in file: String) -> [String] {
        [strace, "-f", "-qq", "-o", file, "-e", "trace=\(Self.changing.joined(separator: ","))", "-e", "signal=none"]
    }

    /// Arguments that end the process with SIGKILL when it enters a call.
    func killing(at point: Point) -> [String] { injecting("signal=SIGKILL", into: point.call, when: "\(point.number)") }

    /// Arguments that make a call fail.
    ///
    /// - Parameter when: strace's expression: `3` for the third call of a thread, `3+` for it and all after it.
    func injecting(_ fault: String, into call: String, when: String) -> [String] {
        [
            strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e", "signal=none", "-e",
            "inject=\(call):\(fault):when=\(when)",
        ]
    }

    /// Every point that the calls in a file of ``noting(in:)`` reached: strace counts by thread and name.
    static func points(in file: String) throws -> [Point] {
        var counts: [String: [String: Int]] = [:]
        for line in try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            guard words.count == 2, let call = words[1].drop(while: { $0 == " " }).split(separator: "(").first,
                !words[1].contains("resumed>")
            else { continue }
            counts[String(call), default: [:]][String(words[0]), default: 0] += 1
        }
        return changing.flatMap { call in
            (0..<(counts[call]?.values.max() ?? 0)).map { Point(call: call, number: $0 + 1) }
        }
    }

    /// The process that runs under strace: signals to strace itself would only detach it.
    static func traced(by program: RunningProgram) -> Int32? {
        let process = program.processIdentifier
        let children = try? String(contentsOfFile: "/proc/\(process)/task/\(process)/children", encoding: .utf8)
        return children?.split(separator: " ").first.flatMap { Int32($0) }
    }
}
