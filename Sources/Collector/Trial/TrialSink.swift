internal import CollectorCore
internal import TextFormats
internal import UsageModel

/// Says what each record becomes.
struct TrialSink: UsageEventSink {
    let window: TimeWindow
    let output: SourceTrial.Output
    let print: (String) -> Void
    private var counted: UInt64 = 0
    private var rejected: UInt64 = 0
    private var ignored = IgnoredRecords()

    init(window: TimeWindow, output: SourceTrial.Output, print: @escaping (String) -> Void) {
        self.window = window
        self.output = output
        self.print = print
    }

    /// The number of the record that is next, from 1.
    private var number: UInt64 { counted + rejected + ignored.total + 1 }

    mutating func accept(_ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan) throws(Rejection) {
        if let problem = window.problem(minute: event.minute) { throw problem }
        func text(_ range: FieldRange) -> String {
            let bytes = range.isInScratch ? scratch : record
            return String(
                decoding: (0..<Int(range.count)).map { bytes.byte(at: Int(range.start) + $0) }, as: UTF8.self)
        }
        func count(_ value: UInt64) -> JSONValue { .integer(Int64(clamping: value)) }
        let second = CivilTime.clockText(second: event.minute * 60)
        var members = [
            JSONMember("minute", .string("\(second.dropLast(3))Z")),
            JSONMember("tenant", .string(NameRule.kept(text(event.tenant)))),
            JSONMember("model", .string(NameRule.kept(text(event.model)))),
            JSONMember("region", .string(NameRule.kept(text(event.region)))),
            JSONMember("layer", .string(event.layer.name)), JSONMember("workload", .string(event.workload.name)),
            JSONMember("modality", .string(event.modality.name)), JSONMember("requests", count(event.counts.requests)),
            JSONMember("input_tokens", count(event.counts.input)),
            JSONMember("cached_input_tokens", count(event.counts.cachedInput)),
            JSONMember("output_tokens", count(event.counts.output)),
            JSONMember("reasoning_output_tokens", count(event.counts.reasoningOutput)),
        ]
        if event.isEstimated { members.append(JSONMember("estimated", .bool(true))) }
        if event.isTakenBack { members.append(JSONMember("taken_back", .bool(true))) }
        if let repair = event.repair { members.append(JSONMember("rule", .string(repair.name))) }
        if event.id.count > 0 { members.append(JSONMember("id", .string(text(event.id)))) }
        say("counted", line: nil, members)
        counted += 1
    }

    mutating func reject(_ rejection: Rejection, record: RawSpan, position: RecordPosition) {
        say(
            "rejected", line: position.line,
            [
                JSONMember("reason", .string(rejection.reason.rawValue)), JSONMember("field", .string(rejection.field)),
                JSONMember("detail", .string(rejection.detail)),
            ])
        rejected += 1
    }

    mutating func ignore(_ reason: IgnoredReason, record: RawSpan, position: RecordPosition) {
        say("ignored", line: position.line, [JSONMember("reason", .string(reason.rawValue))])
        ignored.add(reason)
    }

    private func say(_ result: String, line: UInt64?, _ members: [JSONMember]) {
        let place = line.map { [JSONMember("line", .integer(Int64(clamping: $0)))] } ?? []
        switch output {
        case .json:
            let head = [
                JSONMember("record", .integer(Int64(clamping: number))), JSONMember("result", .string(result)),
            ]
            print(String(decoding: JSONValue.object(head + place + members).encoded, as: UTF8.self))
        case .text:
            print("record \(number)\(line.map { ", line \($0)" } ?? ""): \(result)")
            let width = members.map(\.name.count).max() ?? 0
            for member in members {
                let value: String? =
                    switch member.value {
                    case .string(let text): text.isEmpty ? nil : text
                    case .integer(let number): String(number)
                    case .bool(let isSo): isSo ? "yes" : "no"
                    default: nil
                    }
                guard let value else { continue }
                let blanks = String(repeating: " ", count: width - member.name.count + 2)
                print("  \(member.name)\(blanks)\(Self.printable(value))")
            }
        }
    }

    /// The text with `?` for what would move the cursor or hide.
    private static func printable(_ text: String) -> String {
        if text.isOneLine { return text }
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { shown.append(scalar.value > 0x1F && scalar.value < 0x7F ? scalar : "?") }
        return String(shown)
    }

    /// Says how many records there were of each kind.
    func finish() {
        let reasons = IgnoredReason.allCases.filter { ignored[$0] > 0 }.map { "\(ignored[$0]) \($0.rawValue)" }
        let detail = reasons.isEmpty ? "" : " (\(reasons.joined(separator: ", ")))"
        guard output == .text else { return }
        print("\(number - 1) records: \(counted) counted, \(ignored.total) ignored\(detail), \(rejected) rejected")
    }
}
