internal import Postgres

/// The role that questions run as, which sees only the rows of one provider: its grants and policies, and what a login
/// that uses them must not be able to do.
enum ReaderRole {
    static let name = "steelyard_reader"

    /// An advisory lock of its own, so that instances that start together take turns.
    static let lockKey: Int64 = 0x7374_6565_6C72_6F6C

    /// What readers may read whole: it tells nothing of one provider.
    static let open = ["model", "region", "reporting_calendar", "rollup_state", "sums_floor", "cube_calendar"]

    /// What questions read, under row security.
    static let restricted = [
        "provider", "tenant", "tenant_kind", "cube", "cube_change", "registry_version", "collector",
        "collector_epoch", "collector_heartbeat", "ledger", "ledger_payload", "batch_quarantine", "rollup_queue",
        "new_names", "fact", "statement", "statement_decision", "api_token", "audit_log", "segment_queue",
        "segment_range", "segment_hour", "segment_minute", "tenant_day", "tenant_month",
    ]

    /// Makes role, grants and policies where they aren't as this program has them. Policies are made under locks that
    /// wait for every other user of their tables.
    ///
    /// - Parameter version: of the schema: with new columns there are new grants.
    /// - Returns: `false` where the login has no privilege to.
    static func install(_ sql: String, version: Int, on connection: Connection) throws -> Bool {
        do {
            try connection.transaction { connection in
                try connection.query("SELECT pg_advisory_xact_lock($1)", [.int(lockKey)])
                let stamp: String = try connection.query(
                    """
                    SELECT 'row security ' || encode(sha256($1 || convert_to(current_user || $2::text, 'UTF8')), 'hex')
                    """, [.bytes(Array(sql.utf8)), .int(version)]
                ).one().decode(0)
                guard try !isInstalled(stamp, on: connection) else { return }
                // Grants and policies change the same rows of the catalogue as attaching a partition does, which
                // PostgreSQL answers with "tuple concurrently updated" instead of waiting.
                try connection.query("SELECT pg_advisory_xact_lock($1)", [.int(PartitionCache.lockKey)])
                try connection.execute(sql)
                try connection.execute("COMMENT ON TABLE reporting_calendar IS '\(stamp)'")
            }
            return true
        } catch let error as PostgresError where error.code == .insufficientPrivilege {
            return false
        }
    }

    private static func isInstalled(_ stamp: String, on connection: Connection) throws -> Bool {
        let row = try connection.query(
            """
            SELECT coalesce(obj_description('reporting_calendar'::regclass, 'pg_class'), '') = $1,
                   EXISTS (SELECT FROM pg_roles WHERE rolname = $2), current_schema()
            """, [.text(stamp), .text(name)]
        ).one()
        guard try row.decode(0), try row.decode(1) else { return false }
        return try faults(of: name, schema: row.decode(2), on: connection).isEmpty
    }

    /// Why a login isn't fit for questions, each as the end of a sentence that begins with its name; empty where it is.
    static func faults(of login: String, schema: String, on connection: Connection) throws -> [String] {
        try connection.query(
            faultsSQL,
            [.text(login), .text(schema), .text(name), .textArray(open), .textArray(restricted)]
        ).map { try $0.decode(0) }
    }

    /// `$1`: the login; `$2`: the schema; `$3`: the reader role; `$4`: tables that it may read whole; `$5`: tables that
    /// it must be able to read, under row security.
    private static let faultsSQL = """
        WITH login AS (SELECT * FROM pg_roles WHERE rolname = $1),
        tables AS (
            SELECT c.oid, c.relname, c.relowner, c.relrowsecurity AND c.relforcerowsecurity AS is_secured
              FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
               AND NOT EXISTS (SELECT FROM pg_depend d
                                WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))
        SELECT 'is a superuser or may bypass row security, make roles or databases, or replicate' FROM login
         WHERE rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication
        UNION ALL
        SELECT 'is not ' || $3 || ' and has not its rights' FROM login WHERE NOT pg_has_role(login.oid, $3, 'USAGE')
        UNION ALL
        SELECT 'may act as the owner of tables' FROM login
         WHERE EXISTS (SELECT FROM tables WHERE pg_has_role(login.oid, relowner, 'MEMBER'))
        UNION ALL
        SELECT 'may act as the role ' || r.rolname FROM login, pg_roles r
         WHERE r.oid <> login.oid AND NOT login.rolsuper AND pg_has_role(login.oid, r.oid, 'MEMBER')
           AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication
                OR r.rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program',
                                 'pg_signal_backend', 'pg_write_all_data', 'pg_create_subscription', 'pg_maintain'))
        UNION ALL
        SELECT 'may create objects in the schema ' || $2 FROM login WHERE has_schema_privilege(login.oid, $2, 'CREATE')
        UNION ALL
        SELECT 'may create schemas or temporary tables in the database' FROM login
         WHERE has_database_privilege(login.oid, current_database(), 'CREATE, TEMPORARY')
        UNION ALL
        SELECT 'may change the table ' || relname FROM login, tables
         WHERE has_table_privilege(login.oid, tables.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        UNION ALL
        SELECT 'reads the table ' || relname || ', which has no row security' FROM login, tables
         WHERE has_any_column_privilege(login.oid, tables.oid, 'SELECT') AND NOT is_secured AND relname <> ALL ($4)
        UNION ALL
        SELECT 'can''t read the table ' || expected FROM login, unnest($5 || $4) AS expected
         WHERE NOT EXISTS (
             SELECT FROM tables
              WHERE relname = expected AND has_any_column_privilege(login.oid, tables.oid, 'SELECT'))
        UNION ALL
        SELECT 'reads the hashes of tokens'' secrets' FROM login, tables
         WHERE relname = 'api_token' AND has_column_privilege(login.oid, tables.oid, 'secret_hash', 'SELECT')
        UNION ALL
        SELECT 'is let into the table ' || relname || ' by the policy ' || polname
          FROM tables JOIN pg_policy ON polrelid = tables.oid
         WHERE CASE polname WHEN 'reader' THEN pg_get_expr(polqual, polrelid) NOT LIKE '%steelyard.provider%'
                            WHEN 'writer' THEN 0 = ANY (polroles) ELSE true END
        """
}
