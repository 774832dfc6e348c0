internal import Usage

/// Everything that was ever held true of a tenant, found by asking for what was known before each change.
enum TenantHistory {
    /// The most changes that are followed back.
    static let maxChanges = 1_000

    /// The assertions, newest record first, each once.
    static func assertions(
        of tenant: String, at provider: String, from client: APIClient
    ) async throws -> [TenantsAnswer.Tenant] {
        var found: [TenantsAnswer.Tenant] = []
        var knownAt: String?
        for _ in 0..<maxChanges {
            let query = [("provider", provider), ("as-known-at", knownAt)]
            let response = try await client.get("/v1/tenants", query)
            let held = try response.decoded(TenantsAnswer.self).tenants.filter { $0.tenant == tenant }
            for assertion in held where !found.contains(assertion) { found.append(assertion) }
            guard let latest = held.map(\.recordedAt).max(), let before = Moment.before(latest) else { break }
            knownAt = before
        }
        return found.sorted { ($0.recordedAt, $0.effectiveFrom) > ($1.recordedAt, $1.effectiveFrom) }
    }
}

/// Arithmetic on the server's times.
enum Moment {
    /// One microsecond before a time such as `2025-06-01T00:00:00.123Z`, or `nil` where it isn't of that form.
    static func before(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z"), let date = CalendarDate(String(text.prefix(10))),
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]), let second = number(bytes[17..<19])
        else { return nil }
        let digits = bytes.dropFirst(20).dropLast()
        guard digits.count <= 6, let fraction = digits.isEmpty ? 0 : number(digits) else { return nil }
        let scale = (digits.count..<6).reduce(Int64(1)) { value, _ in value * 10 }
        let seconds = date.days * CivilTime.secondsPerDay + hour * 3_600 + minute * 60 + second
        return rendered(microseconds: seconds * 1_000_000 + fraction * scale - 1)
    }

    private static func rendered(microseconds: Int64) -> String {
        let perDay = CivilTime.secondsPerDay * 1_000_000
        let day = microseconds >= 0 ? microseconds / perDay : (microseconds - perDay + 1) / perDay
        let rest = microseconds - day * perDay
        let second = rest / 1_000_000
        let clock = [second / 3_600, second / 60 % 60, second % 60].map { padded($0, 2) }.joined(separator: ":")
        return "\(CalendarDate(days: day))T\(clock).\(padded(rest % 1_000_000, 6))Z"
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for byte in bytes {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            value = value * 10 + Int64(byte - 0x30)
        }
        return value
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
