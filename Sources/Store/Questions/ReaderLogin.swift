/// The login that questions run as, where an administrator of the database makes it.
package struct ReaderLogin: Sendable {
    /// The role that grants and policies are for.
    package static let role = ReaderRole.name

    private let login: String
    private let database: String
    private let owner: String
    private let schema: String

    package init(login: String, database: String, owner: String, schema: String) {
        self.login = login
        self.database = database
        self.owner = owner
        self.schema = schema
    }

    /// What the administrator runs, once. It sets no password.
    package var sql: String {
        let (login, database) = (quoted(login), quoted(database))
        let (owner, schema) = (quoted(owner), quoted(schema))
        let rights = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
        let roles =
            self.login == Self.role
            ? "CREATE ROLE \(login) \(rights);"
            : """
            CREATE ROLE \(quoted(Self.role)) NOLOGIN;
            CREATE ROLE \(login) \(rights);
            GRANT \(quoted(Self.role)) TO \(login);
            """
        return """
            \(roles)
            GRANT CONNECT ON DATABASE \(database) TO \(login);
            GRANT TEMPORARY ON DATABASE \(database) TO \(owner);
            REVOKE CREATE, TEMPORARY ON DATABASE \(database) FROM PUBLIC;
            REVOKE CREATE ON SCHEMA \(schema) FROM PUBLIC;
            -- Give it a password, in psql: \\password \(login)
            """
    }

    private func quoted(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }
}
