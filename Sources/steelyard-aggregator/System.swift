internal import Foundation
internal import UsageModel

/// The system's wall clock.
struct SystemClock: WallClock {
    func nowMilliseconds() -> Int64 {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
    }
}

func processEnvironment() -> [String: String] { ProcessInfo.processInfo.environment }

func writeError(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}
