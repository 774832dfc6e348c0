internal import ArgumentParser
internal import Foundation
internal import Identity

/// How a command reaches the query API. Without any of it, the `up` of the data directory is asked.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Base URL of the query API; by default what `up` in the data directory serves.", valueName: "URL"))
    var url: String?

    @Option(
        help: ArgumentHelp(
            "File that holds the bearer token; by default the admin token of the data directory.", valueName: "FILE"))
    var tokenFile: String?

    @Option(
        help: ArgumentHelp("PEM file of authorities that the server's certificate may come from.", valueName: "FILE"))
    var caFile: String?

    @Option(help: ArgumentHelp("Data directory of `up`.", valueName: "DIR"))
    var data: String?

    var directory: DataDirectory { data.map { DataDirectory($0) } ?? .standard() }
}

/// Where a server is and what to show it.
struct Connection: Sendable, Equatable {
    /// Without a trailing slash.
    var baseURL: String
    var token: String
    var caFile: String?

    /// The query API's address where neither an option nor a running `up` says one.
    static let defaultURL = "http://127.0.0.1:4682"

    /// The connection that the options mean.
    ///
    /// A token is only ever read from a file, and the data directory's admin token goes to this machine only.
    static func resolve(_ options: ConnectionOptions) throws(CommandError) -> Connection {
        let baseURL = try checked(options.url ?? runningURL(options.directory) ?? defaultURL)
        if options.tokenFile == nil, !isLoopback(baseURL) {
            throw CommandError(
                .usage, "\(baseURL) is another machine: name the file that holds your token for it with --token-file")
        }
        if baseURL.hasPrefix("http://"), !isLoopback(baseURL) {
            throw CommandError(
                .usage,
                "a token would travel to \(baseURL) in clear; use https://, with --ca-file where the "
                    + "certificate is your own authority's")
        }
        let path = options.tokenFile ?? options.directory.adminToken
        return Connection(
            baseURL: baseURL, token: try readToken(path, isDefault: options.tokenFile == nil), caFile: options.caFile)
    }

    static func isLoopback(_ url: String) -> Bool {
        guard let host = URLComponents(string: url)?.host?.lowercased() else { return false }
        return host == "localhost" || host == "[::1]" || host == "::1" || isLoopbackIPv4(host)
    }

    /// 127.0.0.0/8 in full: a name may begin like an address.
    private static func isLoopbackIPv4(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    private static func runningURL(_ directory: DataDirectory) -> String? {
        (try? UpState.read(from: directory))?.queryURL
    }

    private static func checked(_ url: String) throws(CommandError) -> String {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme, ["http", "https"].contains(scheme),
            parts.host?.isEmpty == false, parts.query == nil, parts.fragment == nil, parts.user == nil
        else {
            throw CommandError(.usage, "--url \(url) is not of the form http://HOST:PORT or https://HOST:PORT")
        }
        return url.hasSuffix("/") ? String(url.dropLast()) : url
    }

    private static func readToken(_ path: String, isDefault: Bool) throws(CommandError) -> String {
        if isDefault, !FileManager.default.fileExists(atPath: path) {
            throw CommandError(
                .failure,
                "no token: \(path) isn't there. Start `steelyard up` first, or name your token's file with --token-file"
            )
        }
        let text: String
        do throws(CertificateFault) {
            text = try SecretFile.read(path, kind: "token")
        } catch {
            throw CommandError(.failure, "the token file \(error)")
        }
        let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard token.hasPrefix("sy_"), token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), token.utf8.count <= 256 else {
            throw CommandError(.failure, "\(path) doesn't hold a token: one is a single line that begins with sy_")
        }
        return token
    }
}
