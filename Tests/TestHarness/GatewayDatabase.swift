internal import Foundation
internal import Postgres
internal import TestSupport

/// A gateway's own database with its table `logs`, as gorm makes it of new-api's and one-api's `model/log.go`.
package final class GatewayDatabase: Sendable {
    package enum Gateway: String, Sendable, CaseIterable {
        case newAPI = "new-api"
        case oneAPI = "one-api"

        var definition: String {
            let own =
                switch self {
                case .newAPI:
                    "use_time bigint DEFAULT 0, is_stream boolean, \"group\" text, ip text DEFAULT '', other text"
                case .oneAPI:
                    "request_id text DEFAULT '', elapsed_time bigint DEFAULT 0, is_stream boolean DEFAULT false"
                }
            return """
                CREATE TABLE logs (id bigserial PRIMARY KEY, user_id bigint, created_at bigint, type bigint, content text,
                    username text DEFAULT '', token_name text DEFAULT '', model_name text DEFAULT '',
                    quota bigint DEFAULT 0, prompt_tokens bigint DEFAULT 0, completion_tokens bigint DEFAULT 0,
                    channel_id bigint, token_id bigint DEFAULT 0, \(own));
                CREATE INDEX idx_created_at_type ON logs (created_at, type)
                """
        }
    }

    package let gateway: Gateway
    package let connectionString: String

    /// A new table in a database.
    package init(_ gateway: Gateway, connectionString: String) throws {
        self.gateway = gateway
        self.connectionString = connectionString
        try execute(gateway.definition)
    }

    /// Runs `body` with a gateway's table in a database of its own.
    package static func with(_ gateway: Gateway, _ body: (GatewayDatabase) async throws -> Void) async throws {
        try await TestDatabase.withDatabase { database in
            try await body(try GatewayDatabase(gateway, connectionString: database.connectionString))
        }
    }

    /// YAML below `sources:` of a source that reads the table often.
    ///
    /// - Parameters:
    ///   - extra: more YAML lines of the source.
    ///   - url: a connection string in its own one's stead.
    package func source(named name: String = "gateway", extra: String = "", url: String? = nil) -> String {
        """
          \(name):
            type: database
            format: \(gateway.rawValue)
            database:
              url: "\(url ?? connectionString)"
              interval: 100ms
        \(extra)

        """
    }

    /// Runs statements on a connection of their own.
    package func execute(_ sql: String) throws {
        try Connection(ConnectionOptions(connectionString: connectionString)).execute(sql)
    }

    /// What its rows of usage come to, by tenant.
    package func usage() throws -> [String: Counts] {
        let connection = try Connection(ConnectionOptions(connectionString: connectionString))
        let rows = try connection.query(
            """
            SELECT username, count(*), sum(prompt_tokens)::int8, sum(completion_tokens)::int8 FROM logs
             WHERE type = 2 GROUP BY username
            """)
        var usage: [String: Counts] = [:]
        for row in rows {
            usage[try row.decode(0, as: String.self)] = Counts(
                try row.decode(1), try row.decode(2), try row.decode(3))
        }
        return usage
    }

    /// A connection of a writer's own.
    package func connect() throws -> Writer {
        Writer(connection: try Connection(ConnectionOptions(connectionString: connectionString)))
    }

    /// One of the gateway's connections.
    package struct Writer {
        let connection: Connection

        package func execute(_ sql: String) throws { try connection.execute(sql) }

        /// Adds rows of usage, as calls of tenants `u0`, `u1`, … with `tokens` input tokens and one output token each.
        package func add(tenant: String, tokens: Int, type: Int = 2) throws {
            try connection.query(
                """
                INSERT INTO logs (user_id, created_at, type, content, username, token_name, model_name, quota,
                                  prompt_tokens, completion_tokens, channel_id, token_id)
                VALUES (1, extract(epoch FROM now())::bigint, $3, 'said nothing', $1, 'key', 'gpt-4o', 90, $2, 1, 1, 1)
                RETURNING id
                """, [.text(tenant), .int(tokens), .int(type)])
        }
    }
}
