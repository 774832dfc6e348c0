internal import Postgres
internal import TableReading

/// Answers a collector's requests, on one connection that is kept as long as it works.
final class TableReader {
    /// Why there are no rows.
    struct Problem: Error {
        var outcome: TableAnswer.Outcome
        var detail: String
    }

    /// How long a connection attempt to one host may take, in seconds.
    private static let connectTimeoutSeconds = 10

    private var connection: (server: TableRequest.Server, connection: Connection)?
    private var settled = SettledIDs()

    func answer(_ request: TableRequest) -> (answer: TableAnswer, rows: [UInt8]) {
        do {
            return try read(request, on: try connect(to: request.server))
        } catch let problem as Problem {
            return (TableAnswer(problem.outcome, detail: problem.detail, highestID: settled.highest), [])
        } catch let error as PostgresError {
            return (TableAnswer(error.outcome, detail: error.description), [])
        } catch {
            return (TableAnswer(.unreachable, detail: "\(error)"), [])
        }
    }

    /// The connection, made anew where there is none that works.
    private func connect(to server: TableRequest.Server) throws -> Connection {
        if let connection, connection.server == server, connection.connection.isUsable {
            return connection.connection
        }
        connection = nil
        settled = SettledIDs()
        var options = ConnectionOptions(
            connectionString: server.url, passwordFile: server.passwordFile,
            applicationName: "steelyard-table-reader", connectTimeoutSeconds: Self.connectTimeoutSeconds,
            statementTimeoutMilliseconds: server.statementTimeoutMilliseconds,
            lockTimeoutMilliseconds: server.statementTimeoutMilliseconds, requiresReadWrite: false)
        // Rows that a policy would hide would be lost without a word: then PostgreSQL refuses.
        options.setup = ["SET default_transaction_read_only = on", "SET row_security = off"]
        let made = try Connection(options)
        connection = (server, made)
        return made
    }

    private func read(_ request: TableRequest, on connection: Connection) throws -> (TableAnswer, [UInt8]) {
        let table = try FoundTable(named: request.table, on: connection)
        try settled.advance(table, behind: request.position.id, on: connection)
        // One snapshot for the rows and for what says that they go on behind the position.
        return try connection.transaction(.snapshot) { connection in
            let portion = try settled.bound.map { try table.rows(request, upTo: $0, on: connection) } ?? TablePortion()
            try table.check(request, on: connection)
            if let position = portion.position {
                return (
                    TableAnswer(
                        .rows, position: position, byteCount: portion.bytes.count, highestID: settled.highest),
                    portion.bytes
                )
            }
            settled.noteNothingLeft()
            let waits = settled.waitsFor
            return (
                TableAnswer(
                    waits == nil ? .nothingNew : .waiting, detail: waits ?? "", highestID: settled.highest), []
            )
        }
    }
}

extension PostgresError {
    /// Whether somebody has to change something, or it may go by.
    fileprivate var outcome: TableAnswer.Outcome {
        // Syntax errors and access rules, what isn't supported, and wrong data.
        ["42", "0A", "22", "SY"].contains { code.rawValue.hasPrefix($0) } ? .refused : .unreachable
    }
}
