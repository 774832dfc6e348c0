internal import Foundation

extension EmbeddedCluster {
    /// Runs `initdb` in a directory beside the cluster's and renames it when done, so that an interrupted one leaves
    /// nothing that looks like a cluster.
    func initialise(_ layout: ClusterLayout) async throws {
        let draft = "\(layout.dataDirectory)/cluster.new"
        // As the server's user, to whom the directory belongs: root would go wherever it leads.
        for command in [["rm", "-rf", "--", draft], ["mkdir", "-m", "0700", "--", draft]] {
            let made = try await layout.run(command[0], Array(command.dropFirst()))
            guard made.isSuccess else {
                throw EmbeddedError(.directoryUnusable, "The directory \(draft) can't be made: \(made.output)")
            }
        }
        var arguments = [
            "-D", draft, "-U", ClusterLayout.role, "-A", "trust", "--encoding=UTF8", "--locale=C",
        ]
        if options.settings["fsync"] == "off" { arguments.append("--no-sync") }
        let result = try await layout.run("initdb", arguments)
        guard result.isSuccess else {
            throw EmbeddedError(
                .cannotInitialise,
                """
                initdb failed in \(draft) as user \(layout.user.name): \(result.output). The user must be able to reach \
                the directory: every directory above it needs execute permission.
                """)
        }
        try FileManager.default.moveItem(atPath: draft, toPath: layout.clusterDirectory)
    }

    func isRunning(_ layout: ClusterLayout) async throws -> Bool {
        guard layout.isInitialised else { return false }
        return try await layout.run("pg_ctl", ["status", "-D", layout.clusterDirectory]).isSuccess
    }

    /// Whether the server that ``start()`` left behind still runs. Reads two small files and starts no program, so that
    /// it can be asked several times a second.
    package func isAlive() -> Bool {
        guard let layout, let process = layout.serverProcess, process > 1 else { return false }
        // Where this is a container's first process, an ended server is its child and stays a zombie until it is waited
        // for.
        var status: Int32 = 0
        unsafe waitpid(process, &status, WNOHANG)
        return ClusterLayout.isServer(process)
    }

    func launch(_ layout: ClusterLayout) async throws {
        let result = try await layout.run(
            "pg_ctl",
            [
                "start", "-D", layout.clusterDirectory, "-l", layout.logFile, "-w", "-s", "-t",
                String(options.startTimeoutSeconds),
            ])
        guard result.isSuccess else {
            let log = ClusterLayout.ownText(layout.logFile) ?? ""
            let tail = log.split(separator: "\n").suffix(8).joined(separator: "\n")
            throw EmbeddedError(
                .cannotStart, "PostgreSQL did not start in \(layout.clusterDirectory): \(result.output)\n\(tail)")
        }
    }
}

extension ClusterLayout {
    /// The server's process id, from the file that it keeps while it runs.
    var serverProcess: Int32? {
        let text = Self.ownText("\(clusterDirectory)/postmaster.pid")
        return text?.split(separator: "\n").first.flatMap { Int32($0) }
    }

    /// Whether the process is a PostgreSQL that hasn't ended. Its id alone proves nothing: the file of a killed server
    /// stays, and the id may be somebody else's by now.
    static func isServer(_ process: Int32) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"), open < close
        else { return false }
        let name = text[open..<close].dropFirst()
        let state = text[close...].dropFirst(2).first
        return name.hasPrefix("postgres") && state != "Z" && state != "X"
    }

    /// Ours first, so that the options' win.
    private var allSettings: [(name: String, value: String)] {
        let own = [
            "listen_addresses": "''", "unix_socket_directories": quoted(socketDirectory),
            "unix_socket_permissions": "0700", "port": String(Self.port), "max_connections": "100",
            "shared_buffers": "'128MB'", "max_wal_size": "'2GB'", "wal_compression": "on", "jit": "off",
            "timezone": "'UTC'", "log_timezone": "'UTC'", "random_page_cost": "1.1",
            "log_line_prefix": "'%m [%p] %a '", "log_statement": "none", "logging_collector": "off",
        ]
        return own.merging(settings) { $1 }.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
    }

    /// Writes the settings to a file of our own that `postgresql.conf` includes. The file is replaced at each start:
    /// what an administrator changes belongs into `postgresql.conf` after the include.
    func writeConfiguration() throws {
        let text =
            "# Written at every start of the private cluster; see EmbeddedOptions.settings.\n"
            + allSettings.map { "\($0.name) = \($0.value)\n" }.joined()
        let include = "include_if_exists = 'steelyard.conf'"
        let cluster = try openOwn(clusterDirectory)
        defer { close(cluster) }
        guard let current = Self.ownText("\(clusterDirectory)/postgresql.conf") else {
            throw EmbeddedError(.directoryUnusable, "\(clusterDirectory)/postgresql.conf can't be read.")
        }
        try put(text, as: "steelyard.conf", in: cluster)
        if !current.contains(include) { try put("\(current)\n\(include)\n", as: "postgresql.conf", in: cluster) }
    }

    /// Puts a file of the server's user in the place of the one that is there, or of a link.
    private func put(_ text: String, as name: String, in directory: Int32) throws {
        let draft = "\(name).new"
        _ = unsafe unlinkat(directory, draft, 0)
        let descriptor = unsafe openat(directory, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw unwritable(name) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data(text.utf8))
        } catch {
            throw unwritable(name)
        }
        guard fchown(descriptor, user.userID, user.groupID) == 0,
            unsafe renameat(directory, draft, directory, name) == 0
        else { throw unwritable(name) }
    }

    private func unwritable(_ name: String) -> EmbeddedError {
        let reason = unsafe String(cString: strerror(errno))
        return EmbeddedError(.directoryUnusable, "\(clusterDirectory)/\(name) can't be written: \(reason)")
    }

    private func quoted(_ text: String) -> String { "'\(text.replacingOccurrences(of: "'", with: "''"))'" }
}
