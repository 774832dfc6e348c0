import Testing

@testable import steelyard

@Suite struct ConfigurationsTests {
    @Test func `quotes whatever a path holds`() {
        #expect(Configurations.quoted(#"/a b/"c"\d"#) == #""/a b/\"c\"\\d""#)
        #expect(Configurations.quoted("a\nb\u{7F}") == #""a\x0ab\x7f""#)
        #expect(Configurations.quoted("数据") == "\"数据\"")
    }

    @Test func `ports are laid out from the base`() throws {
        let base = try freeBase()
        let ports = try Ports(base: base, providerCount: 3)
        #expect(ports.collectors == [base, base + 3, base + 4])
        #expect((ports.ingest, ports.query) == (base + 1, base + 2))
    }

    @Test func `free ports are all different`() throws {
        let ports = try Ports(base: 0, providerCount: 4)
        #expect(Set(ports.collectors + [ports.ingest, ports.query]).count == 6)
    }

    @Test func `a taken port is named`() throws {
        let base = try freeBase()
        guard let holder = ListeningSocket(port: base + 2) else {
            Issue.record("port \(base + 2) was taken already")
            return
        }
        #expect { try Ports(base: base, providerCount: 1) } throws: { error in
            (error as? CommandError)?.message.contains("port \(base + 2) is taken") == true
        }
        #expect(holder.port == base + 2)
    }

    @Test(arguments: [1, 80, 1_023, 65_534, 70_000, -1])
    func `refuses bases outside the ports`(_ base: Int) {
        #expect { try Ports(base: base, providerCount: 1) } throws: { ($0 as? CommandError)?.status == .usage }
    }

    /// A base with five free ports in a row.
    private func freeBase() throws -> Int {
        for base in stride(from: 21_000, to: 60_000, by: 7) {
            if (0..<5).allSatisfy({ ListeningSocket(port: base + $0) != nil }) { return base }
        }
        throw CommandError(.failure, "no five free ports in a row")
    }
}
