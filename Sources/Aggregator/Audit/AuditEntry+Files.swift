internal import Crypto
internal import Postgres
internal import Store
internal import TextFormats
internal import UsageModel

extension AuditEntry {
    /// What the audit log says of a file that came or went: its SHA-256, its size, and the person.
    static func file(_ bytes: [UInt8], of caller: TokenRecord) -> [JSONMember] {
        file(digest: Array(SHA256.hash(data: bytes)), bytes: bytes.count, of: caller)
    }

    private static func file(digest: [UInt8]?, bytes: Int, of caller: TokenRecord) -> [JSONMember] {
        [
            JSONMember("sha256", .optional(digest.map(Hexadecimal.text))), JSONMember("bytes", .integer(Int64(bytes))),
        ] + caller.auditMembers
    }

    fileprivate static func file(_ answer: StoredAnswer, of caller: TokenRecord) -> [JSONMember] {
        precondition(answer.digest != nil, "an export that was not hashed")
        return file(digest: answer.digest, bytes: answer.count, of: caller)
    }
}

extension Store {
    /// Writes an export down before it leaves.
    ///
    /// - Parameter answer: hashed as it was written.
    func noteExport(_ name: String, of answer: StoredAnswer, by caller: TokenRecord, now: Timestamp) async throws {
        let entry = AuditEntry(
            at: now, actor: caller.actor, action: .exported, subject: name,
            detail: AuditEntry.file(answer, of: caller))
        try await transaction { try $0.audit(entry) }
    }
}
