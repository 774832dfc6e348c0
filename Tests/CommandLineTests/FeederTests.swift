import Foundation
import Testing

@testable import steelyard

@Suite struct FeederTests {
    private func refusal(_ body: String) throws -> CommandError {
        let answer = try JSONDecoder().decode(EventsAnswer.self, from: Data(body.utf8))
        return Feeder.refusal(answer, sent: 2_000, url: "http://127.0.0.1:4680")
    }

    @Test func `a collector of another provider is named as the reason`() throws {
        // As the collector answers 400 `all-rejected`.
        let error = try refusal(
            """
            {"type":"urn:steelyard:problem:all-rejected","title":"All events were rejected","status":400,
             "detail":"None of the events can be counted; see `rejected`.","code":"all-rejected",
             "accepted":0,"rejected_count":2000,"rejected":[
             {"line":1,"reason":"wrong-provider","field":"provider","detail":"of another provider"}]}
            """)
        #expect(error.status == .refusedInput)
        #expect(
            error.message == """
                the collector at http://127.0.0.1:4680 took 0 of 2000 events, the first one refused with \
                wrong-provider: of another provider. Send them to a collector of the provider that --provider names
                """)
    }

    @Test func `only times that are too old lead to the window`() throws {
        let old = #"{"accepted":7,"rejected_count":1,"rejected":[{"line":3,"reason":"time-too-old","detail":"old"}]}"#
        #expect(try refusal(old).message.contains("--window-back 1100d"))
        let silent = try refusal(#"{"accepted":7}"#)
        #expect(silent.message == "the collector at http://127.0.0.1:4680 took 7 of 2000 events.")
        let many = #"{"accepted":7,"rejected":[{"line":3,"reason":"too-many-names","detail":"fewer."}]}"#
        #expect(try refusal(many).message.hasSuffix("too-many-names: fewer."))
    }
}
