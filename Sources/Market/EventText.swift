internal import UsageModel

/// Writes native usage events as JSON lines, byte by byte.
enum EventText {
    /// The part of a line that stays the same for a tenant's route. Names keep to the rule for names, which allows
    /// nothing that JSON would have to escape.
    static func fragment(
        provider: String, tenant: String, model: MarketModel, region: String, layer: Layer, workload: Workload
    ) -> [UInt8] {
        let text =
            "\"provider\":\"\(provider)\",\"tenant\":\"\(tenant)\",\"model\":\"\(model.name)\",\"region\":\"\(region)\","
            + "\"layer\":\"\(layer.name)\",\"workload\":\"\(workload.name)\",\"modality\":\"\(model.modality.name)\","
        return Array(text.utf8)
    }

    /// Appends one event and its line feed. `second` is seconds since 1970-01-01T00:00Z.
    static func append(second: Int64, fragment: [UInt8], counts: TokenCounts, to buffer: inout [UInt8]) {
        buffer += "{\"time\":\"".utf8
        appendTime(second, to: &buffer)
        buffer += "\",".utf8
        buffer += fragment
        append("\"requests\":", counts.requests, to: &buffer)
        append(",\"input_tokens\":", counts.input, to: &buffer)
        append(",\"cached_input_tokens\":", counts.cachedInput, to: &buffer)
        append(",\"output_tokens\":", counts.output, to: &buffer)
        append(",\"reasoning_output_tokens\":", counts.reasoningOutput, to: &buffer)
        buffer += "}\n".utf8
    }

    private static func append(_ key: String, _ value: UInt64, to buffer: inout [UInt8]) {
        buffer += key.utf8
        var divisor: UInt64 = 1
        while value / divisor >= 10 { divisor *= 10 }
        var rest = value
        while divisor > 0 {
            buffer.append(0x30 + UInt8(rest / divisor))
            rest %= divisor
            divisor /= 10
        }
    }

    /// `2025-01-31T16:00:00Z`.
    private static func appendTime(_ second: Int64, to buffer: inout [UInt8]) {
        let day = second.flooredDivision(by: CivilTime.secondsPerDay)
        let rest = Int(second - day * 86_400)
        let (year, month, dayOfMonth) = CivilTime.date(days: day)
        appendPadded(year / 100, to: &buffer)
        appendPadded(year % 100, to: &buffer)
        buffer.append(UInt8(ascii: "-"))
        appendPadded(month, to: &buffer)
        buffer.append(UInt8(ascii: "-"))
        appendPadded(dayOfMonth, to: &buffer)
        buffer.append(UInt8(ascii: "T"))
        appendPadded(rest / 3_600, to: &buffer)
        buffer.append(UInt8(ascii: ":"))
        appendPadded(rest / 60 % 60, to: &buffer)
        buffer.append(UInt8(ascii: ":"))
        appendPadded(rest % 60, to: &buffer)
        buffer.append(UInt8(ascii: "Z"))
    }

    private static func appendPadded(_ value: Int, to buffer: inout [UInt8]) {
        buffer.append(0x30 + UInt8(value / 10 % 10))
        buffer.append(0x30 + UInt8(value % 10))
    }
}
