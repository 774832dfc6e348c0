internal import Postgres
package import Reporting

/// The role that questions run as, which sees only the rows of one provider.
enum ReaderRole {
    /// An advisory lock of its own, so that instances that start together take turns.
    static let lockKey: Int64 = 0x7374_6565_6C72_6F6C

    /// Makes role, grants and policies.
    ///
    /// - Returns: `false` where the login has no privilege to; the application's own restriction then stands alone.
    static func install(_ sql: String, on connection: Connection) throws -> Bool {
        do {
            try connection.transaction { connection in
                try connection.query("SELECT pg_advisory_xact_lock($1)", [.int(lockKey)])
                // Grants and policies change the same rows of the catalogue as attaching a partition does, which
                // PostgreSQL answers with "tuple concurrently updated" instead of waiting.
                try connection.query("SELECT pg_advisory_xact_lock($1)", [.int(PartitionCache.lockKey)])
                try connection.execute(sql)
            }
            return true
        } catch let error as PostgresError where error.code == .insufficientPrivilege {
            return false
        }
    }
}

extension StoreSession {
    /// Restricts the rest of the transaction to what may be seen: the setting that the policies read, and the role.
    package func restrict(to visibility: Visibility) throws {
        try connection.query(
            """
            SELECT set_config('steelyard.provider', $1, true),
                   CASE WHEN EXISTS (
                       SELECT FROM pg_roles
                        WHERE rolname = 'steelyard_reader' AND pg_has_role(current_user, oid, 'MEMBER')
                          AND has_table_privilege(oid, 'usage_day', 'SELECT'))
                   THEN set_config('role', 'steelyard_reader', true) END
            """, [.text(visibility.setting)])
    }

    /// Ends the restriction before the transaction ends, for work that reads what everybody may see and then writes.
    package func liftRestriction() throws {
        try connection.query("SELECT set_config('role', 'none', true)")
    }
}
