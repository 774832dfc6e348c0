/// How to reach the server, and what holds for every statement of a connection.
package struct ConnectionOptions: Sendable {
    /// A libpq connection string or `postgresql://` URI; several hosts are allowed. Keep passwords out of it: use
    /// ``passwordFile`` or libpq's own means.
    package var connectionString: String
    /// A libpq password file (`hostname:port:database:username:password` lines, mode 0600), or `nil` for libpq's
    /// default.
    package var passwordFile: String?
    /// Shown in `pg_stat_activity` and the server's log.
    package var applicationName: String
    /// How long a connection attempt to one host may take, in seconds.
    package var connectTimeoutSeconds: Int
    /// How long a statement may run, in milliseconds; 0 for no limit. COMMIT is exempt.
    package var statementTimeoutMilliseconds: Int
    /// How long a statement may wait for a lock, in milliseconds; 0 for no limit.
    package var lockTimeoutMilliseconds: Int
    /// How long a transaction may sit idle before the server ends the session, in milliseconds; 0 for no limit.
    package var idleInTransactionTimeoutMilliseconds: Int
    /// Whether the connection must be to a server that takes writes, unless the connection string says otherwise.
    package var requiresReadWrite: Bool
    /// Whether every command goes through the extended protocol, which takes one statement a message: text that
    /// somebody smuggled a second statement into is refused by the server.
    package var takesOneStatementPerMessage: Bool
    /// Further statements that are run once on each new connection.
    package var setup: [String] = []

    package init(
        connectionString: String, passwordFile: String? = nil, applicationName: String = "steelyard",
        connectTimeoutSeconds: Int = 10, statementTimeoutMilliseconds: Int = 60_000,
        lockTimeoutMilliseconds: Int = 10_000, idleInTransactionTimeoutMilliseconds: Int = 60_000,
        requiresReadWrite: Bool = true, takesOneStatementPerMessage: Bool = false
    ) {
        self.connectionString = connectionString
        self.passwordFile = passwordFile
        self.applicationName = applicationName
        self.connectTimeoutSeconds = connectTimeoutSeconds
        self.statementTimeoutMilliseconds = statementTimeoutMilliseconds
        self.lockTimeoutMilliseconds = lockTimeoutMilliseconds
        self.idleInTransactionTimeoutMilliseconds = idleInTransactionTimeoutMilliseconds
        self.requiresReadWrite = requiresReadWrite
        self.takesOneStatementPerMessage = takesOneStatementPerMessage
    }

    /// How long sent bytes may stay unacknowledged on TCP before the connection counts as lost, in milliseconds.
    static let tcpUserTimeoutMilliseconds = 30_000
    /// Seconds of silence before TCP asks whether the other side is still there.
    static let tcpKeepaliveIdleSeconds = 30

    /// What is set where the connection string doesn't set it.
    var defaults: [(keyword: String, value: String)] {
        var list = [
            ("fallback_application_name", applicationName),
            ("connect_timeout", String(connectTimeoutSeconds)),
            ("tcp_user_timeout", String(Self.tcpUserTimeoutMilliseconds)),
            ("keepalives_idle", String(Self.tcpKeepaliveIdleSeconds)),
        ]
        if requiresReadWrite { list.append(("target_session_attrs", "read-write")) }
        if let passwordFile { list.append(("passfile", passwordFile)) }
        return list.map { (keyword: $0.0, value: $0.1) }
    }

    /// Run once on each new connection. A session may not weaken what an acknowledgement means, so
    /// `synchronous_commit` is raised where the server's default is below `on`.
    var sessionSetup: [String] {
        [
            "SET client_encoding = 'UTF8'", "SET TimeZone = 'UTC'",
            "SET statement_timeout = \(statementTimeoutMilliseconds)", "SET lock_timeout = \(lockTimeoutMilliseconds)",
            "SET idle_in_transaction_session_timeout = \(idleInTransactionTimeoutMilliseconds)",
            """
            SELECT set_config('synchronous_commit', 'on', false)
             WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')
            """,
        ] + setup
    }
}
