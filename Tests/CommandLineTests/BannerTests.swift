import Testing

@testable import steelyard

@Suite struct BannerTests {
    private static let state = UpState(
        pid: 1, queryURL: "http://127.0.0.1:4682", ingestURL: "https://127.0.0.1:4681",
        collectors: [UpState.CollectorAddress(provider: "demo", url: "http://127.0.0.1:4680")], children: [],
        isReady: true)

    @Test func `the hints wait for what they sent`() throws {
        let banner = Banner(
            state: Self.state, directory: .standard(environment: [:]), zone: "Asia/Shanghai", program: "steelyard")
        let hints = banner.hints
        #expect(hints.map { $0.split(separator: " ")[0] } == ["curl", "sleep", "steelyard", "steelyard"])
        #expect(hints[1] == "sleep \(Configurations.sealAgeSeconds + 1)")
        #expect(
            hints[2]
                == "steelyard usage --period $(TZ=Asia/Shanghai date +%Y-%m) --group-by provider,tenant --wait-for latest"
        )
        #expect(banner.text.contains("seals after \(Configurations.sealAgeSeconds) s):\n  \(hints[0])\n  sleep "))
    }

    @Test func `directories and programs are quoted for the shell`() {
        let banner = Banner(
            state: Self.state, directory: DataDirectory("/srv/my data"), zone: "UTC", program: "/opt/it's/steelyard")
        #expect(banner.hints.last == #"'/opt/it'\''s/steelyard' collectors --data '/srv/my data'"#)
    }

    @Test(arguments: [
        ("steelyard", "steelyard"), ("/a-b/c_1.2:3@x+y", "/a-b/c_1.2:3@x+y"), ("", "''"), ("a b", "'a b'"),
        ("~/a", "'~/a'"), ("a$b", "'a$b'"), ("数据", "'数据'"), ("it's", #"'it'\''s'"#), ("a;b", "'a;b'"),
    ])
    func `words are quoted where the shell would read more`(_ text: String, _ word: String) {
        #expect(ShellWord.quoted(text) == word)
    }
}
