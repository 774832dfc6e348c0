import Reporting
import Synchronization
import Testing
import UsageModel

@Suite struct SeparationOfDutiesTests {
    private static func token(
        _ id: String, of holder: String?, mints: Bool = false, isLive: Bool = true, by minter: String? = nil
    ) -> TokenHolding {
        TokenHolding(id: id, holder: holder, mints: mints, isLive: isLive, mintedBy: minter)
    }

    /// Ann proposes through "a1", Bob approves through "b1", with these tokens in the database.
    private static func refusal(_ tokens: [TokenHolding]) async throws -> StatementRefusal.Code? {
        let database = June.complete()
        database.content.withLock { $0.tokens = tokens }
        let reports = Reports(database)
        let refused = try await June.refusal {
            let proposed = try await reports.propose(June.proposal())
            _ = try await reports.approve(proposed.header.id, by: June.bob, rules: June.rules, now: June.july)
        }
        return refused?.code
    }

    @Test func `tokens that a third person made are independent`() async throws {
        let minter = Self.token("m", of: "Mia", mints: true)
        let (ann, bob) = (June.ann.token, June.bob.token)
        #expect(
            try await Self.refusal([
                minter, Self.token(ann, of: "Ann", by: "m"), Self.token(bob, of: "Bob", by: "m"),
            ]) == nil)
        #expect(try await Self.refusal([]) == nil)
    }

    @Test func `whoever holds a token that makes tokens neither proposes nor approves`() async throws {
        for holder in ["Ann", "ＡＮＮ", "Bob", "Воb"] {
            #expect(try await Self.refusal([Self.token("m", of: holder, mints: true)]) == .mintsTokens, "\(holder)")
            #expect(try await Self.refusal([Self.token("m", of: holder, mints: true, isLive: false)]) == nil)
        }
    }

    @Test func `neither token may have been made by the other person, through whatever tokens`() async throws {
        let (ann, bob) = (June.ann.token, June.bob.token)
        // Her token that made his was revoked since.
        let hers = Self.token("m", of: "аnn", mints: true, isLive: false)
        #expect(try await Self.refusal([hers, Self.token(bob, of: "Bob", by: "m")]) == .mintedByOther)
        #expect(
            try await Self.refusal([
                hers, Self.token("n", of: "Mia", mints: true, by: "m"), Self.token(bob, of: "Bob", by: "n"),
            ]) == .mintedByOther)
        let his = Self.token("m", of: "Bob", mints: true, isLive: false)
        #expect(try await Self.refusal([his, Self.token(ann, of: "Ann", by: "m")]) == .mintedByOther)
        // A circle ends.
        #expect(
            try await Self.refusal([
                Self.token("x", of: nil, mints: true, by: "y"), Self.token("y", of: nil, mints: true, by: "x"),
                Self.token(bob, of: "Bob", by: "x"),
            ]) == nil)
    }
}
