internal import CLibPQ

/// One connection to PostgreSQL, blocking, for one thread at a time. Get it from a ``ConnectionPool``.
///
/// Statements are prepared once per connection and executed with binary parameters and binary results.
@safe package final class Connection {
    /// The most statements that stay prepared on one connection; beyond it all are dropped and prepared anew.
    static let maxPreparedStatements = 256

    let handle: OpaquePointer
    var prepared: [StatementKey: String] = [:]
    let notices: NoticeLog
    /// See ``ConnectionOptions/takesOneStatementPerMessage``.
    let takesOneStatementPerMessage: Bool
    /// Set once the connection must not be used again; the pool then closes it.
    package internal(set) var isBroken = false

    /// When no further statement may begin; `nil` for no end. Whoever sets it takes it away again.
    package var lastBegin: ContinuousClock.Instant?

    /// - Throws: ``PostgresError`` where the connection was lost, or where the time for statements is over.
    func requireUsable() throws(PostgresError) {
        guard !isBroken else {
            throw PostgresError(.connectionFailure, "The connection was lost earlier and may not be used again.")
        }
        if let lastBegin, ContinuousClock.now > lastBegin {
            throw PostgresError(.queryCanceled, "The statements of a question took longer together than they may.")
        }
    }

    /// Makes the pool close this connection instead of handing it out again, because its session holds something
    /// (a lock, a setting, a temporary table) that the next user must not inherit.
    package func discardAfterUse() {
        isBroken = true
    }

    struct StatementKey: Hashable {
        var sql: String
        var types: [UInt32]
    }

    /// Connects. Blocks until the server answers or the timeout passes.
    ///
    /// - Throws: ``PostgresError`` with libpq's own words about each host that was tried.
    package init(_ options: ConnectionOptions) throws {
        let parameters = try Self.parse(options)
        unsafe handle = try unsafe Self.connect(parameters)
        notices = NoticeLog()
        takesOneStatementPerMessage = options.takesOneStatementPerMessage
        unsafe PQsetNoticeReceiver(handle, noteNotice, Unmanaged.passUnretained(notices).toOpaque())
        if options.takesOneStatementPerMessage {
            for statement in options.sessionSetup { try execute(statement) }
        } else {
            try execute(options.sessionSetup.joined(separator: ";\n"))
        }
    }

    deinit {
        unsafe PQfinish(handle)
    }

    /// The server's version as libpq tells it: 150018 for 15.18.
    package var serverVersion: Int { Int(unsafe PQserverVersion(handle)) }

    /// The process id of the server's side of this connection.
    package var backendProcessID: Int32 { unsafe PQbackendPID(handle) }

    /// Whether the connection can take a new transaction. Looks at the socket, without a round trip, so that a server
    /// that closed the connection meanwhile is noticed before it is used.
    package var isUsable: Bool {
        guard !isBroken, unsafe PQstatus(handle) == CONNECTION_OK else { return false }
        // A server that ends a connection says so first: its words come with one read, the end with the next.
        for _ in 0..<2 {
            guard unsafe PQconsumeInput(handle) == 1, unsafe PQstatus(handle) == CONNECTION_OK else { return false }
        }
        return unsafe PQtransactionStatus(handle) == PQTRANS_IDLE
    }

    var isLost: Bool { unsafe PQstatus(handle) != CONNECTION_OK }

    // MARK: Connecting

    private static func parse(_ options: ConnectionOptions) throws -> [(keyword: String, value: String)] {
        var message: UnsafeMutablePointer<CChar>?
        guard let list = unsafe PQconninfoParse(options.connectionString, &message) else {
            let text = unsafe message.map { unsafe String(cString: $0) } ?? "out of memory"
            unsafe PQfreemem(message)
            throw PostgresError(
                .connectionFailure, "The database connection string can't be read: \(text.trimmedLines)",
                hint: "Use a libpq connection string or a postgresql:// URI.")
        }
        defer { unsafe PQconninfoFree(list) }
        var parameters: [(keyword: String, value: String)] = []
        var cursor = unsafe list
        while let keyword = unsafe cursor.pointee.keyword {
            if let value = unsafe cursor.pointee.val {
                unsafe parameters.append((keyword: String(cString: keyword), value: String(cString: value)))
            }
            unsafe cursor += 1
        }
        for item in options.defaults where !parameters.contains(where: { $0.keyword == item.keyword }) {
            parameters.append(item)
        }
        return parameters
    }

    private static func connect(_ parameters: [(keyword: String, value: String)]) throws -> OpaquePointer {
        var flat: [UInt8] = []
        var offsets: [(keyword: Int, value: Int)] = []
        for item in parameters {
            let start = flat.count
            flat += Array(item.keyword.utf8) + [0]
            offsets.append((keyword: start, value: flat.count))
            flat += Array(item.value.utf8) + [0]
        }
        let made: OpaquePointer? = unsafe flat.withUnsafeBytes { buffer in
            let base = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            var keywords = unsafe offsets.map { entry in unsafe base.map { unsafe $0 + entry.keyword } }
            var values = unsafe offsets.map { entry in unsafe base.map { unsafe $0 + entry.value } }
            unsafe keywords.append(nil)
            unsafe values.append(nil)
            return unsafe PQconnectdbParams(keywords, values, 0)
        }
        guard let made = unsafe made else {
            throw PostgresError(.connectionFailure, "libpq could not allocate a connection.")
        }
        guard unsafe PQstatus(made) == CONNECTION_OK else {
            let text = unsafe String(cString: PQerrorMessage(made)).trimmedLines
            unsafe PQfinish(made)
            throw PostgresError(connectionCode(text), "Could not connect to PostgreSQL: \(text)")
        }
        return unsafe made
    }

    /// libpq gives no SQLSTATE for a refused connection; the few that matter are known by their text.
    private static func connectionCode(_ text: String) -> PostgresError.Code {
        if text.contains("too many clients") || text.contains("remaining connection slots") {
            return .tooManyConnections
        }
        return .connectionFailure
    }
}

/// The warnings that the server sent since they were last taken.
final class NoticeLog {
    var warnings: [String] = []
}

private let noteNotice: @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?) -> Void = { context, result in
    guard let context = unsafe context, let result = unsafe result else { return }
    let log = unsafe Unmanaged<NoticeLog>.fromOpaque(context).takeUnretainedValue()
    guard let severity = unsafe PQresultErrorField(result, Int32(UInt8(ascii: "V"))) else { return }
    guard unsafe String(cString: severity) == "WARNING" else { return }
    let message = unsafe PQresultErrorField(result, Int32(UInt8(ascii: "M")))
    unsafe log.warnings.append(message.map { unsafe String(cString: $0) } ?? "")
}

extension String {
    /// libpq's messages span lines; ours don't.
    var trimmedLines: String {
        split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " || $0 == "\t" } }.joined(separator: "; ")
    }
}
