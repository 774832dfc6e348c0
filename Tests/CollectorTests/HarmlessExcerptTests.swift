import Testing

@testable import Collector

@Suite struct HarmlessExcerptTests {
    @Test(arguments: [
        (#"{"time":"2025","n":-5.5,"ok":true,"a":[null,"x"]}"#, #"{"time":"…","n":-5.5,"ok":true,"a":[null,"…"]}"#),
        (#"{"a" : "it \"says\": {", "b":1}"#, #"{"a" : "…", "b":1}"#),
        (#"{"prompt":"torn in the mid"#, #"{"prompt":"…""#),
        (#"{"prompt":"torn in an escape\"#, #"{"prompt":"…""#),
        (
            "2025-06-01T08:00:00Z stdout F {\"prompt\":\"Geheim\"}",
            "0000-00-00x00:00:00x xxxxxx x {\"xxxxxx\":\"xxxxxx\"}"
        ),
        ("a;b\t中\u{1B}[31m", "x;x ···" + "·[00x"), ("", ""),
    ])
    func `the form shows and nothing that is said`(record: String, shown: String) {
        #expect(HarmlessExcerpt.of(Array(record.utf8)) == shown)
    }

    @Test func `long records are cut`() {
        let excerpt = HarmlessExcerpt.of(Array(String(repeating: "[", count: 1_000).utf8))
        #expect(excerpt == String(repeating: "[", count: HarmlessExcerpt.maxBytes) + "…")
    }
}
