internal import Crypto
internal import Postgres
internal import Store
internal import TextFormats
internal import UsageModel

extension AuditEntry {
    /// What the audit log says of a file that came or went: its SHA-256, its size, and the person.
    static func file(_ bytes: [UInt8], of caller: TokenRecord) -> [JSONMember] {
        [
            JSONMember("sha256", .string(Hexadecimal.text(Array(SHA256.hash(data: bytes))))),
            JSONMember("bytes", .integer(Int64(bytes.count))),
        ] + caller.auditMembers
    }
}

extension Store {
    /// Writes an export down before it leaves.
    func noteExport(_ name: String, of bytes: [UInt8], by caller: TokenRecord, now: Timestamp) async throws {
        let entry = AuditEntry(
            at: now, actor: caller.actor, action: .exported, subject: name,
            detail: AuditEntry.file(bytes, of: caller))
        try await transaction { try $0.audit(entry) }
    }
}
