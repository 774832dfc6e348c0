internal import HTTPSupport
internal import Settings
internal import SourceFormats

/// Who may push into a source.
package struct PushAccess: Sendable, Equatable {
    /// Files with one bearer token each; any of them will do.
    package var tokenFiles: [String] = []
    /// DNS names and URIs of client certificates; any of them will do.
    package var clientNames: [String] = []

    /// Whether nothing is said.
    package var isEmpty: Bool { tokenFiles.isEmpty && clientNames.isEmpty }
}

/// What must hold between the listener's address, its TLS, and who may push into which source.
struct PushAccessCheck {
    let settings: ResolvedSettings<CollectorKeys>
    let http: CollectorSettings.HTTP
    let grpc: CollectorSettings.GRPC?

    /// The certificate files, where they are given in full.
    static func readTLS(
        _ settings: ResolvedSettings<CollectorKeys>, _ problems: inout [SettingsProblem]
    ) -> TLSFiles? {
        let keys = settings.keys.http
        guard let certificateFile = settings[keys.certificateFile], let keyFile = settings[keys.keyFile] else {
            for (given, missing) in [(keys.certificateFile, keys.keyFile), (keys.keyFile, keys.certificateFile)]
            where settings.isGiven(given) {
                problems.append(
                    settings.problem(
                        at: given, "needs \(missing.path)", remedy: "give both files, of one certificate and its key"))
            }
            if !settings.isGiven(keys.certificateFile), !settings.isGiven(keys.keyFile),
                settings.isGiven(keys.clientCAFile)
            {
                problems.append(
                    settings.problem(
                        at: keys.clientCAFile, "has no effect without TLS",
                        remedy: "give \(keys.certificateFile.path) and \(keys.keyFile.path) as well"))
            }
            return nil
        }
        return TLSFiles(
            certificateFile: certificateFile, keyFile: keyFile, clientCAFile: settings[keys.clientCAFile],
            needsClientCertificate: false)
    }

    /// That nobody can push who wasn't meant to, and that what is said has an effect.
    func check(_ sources: [SourceSettings], _ problems: inout [SettingsProblem]) {
        let keys = settings.keys.http
        if http.tls?.clientCAFile == nil {
            if !http.access.clientNames.isEmpty {
                problems.append(
                    settings.problem(
                        at: keys.clientNames, Self.namesWithoutAuthority, remedy: "give \(keys.clientCAFile.path)"))
            }
            for entry in entries(sources, where: { !$0.clientNames.isEmpty }) {
                problems.append(
                    entry.problem(
                        at: entry.keys.clientNames, Self.namesWithoutAuthority,
                        remedy: "give \(keys.clientCAFile.path)"))
            }
        }
        checkReach(sources, &problems)
        checkGRPC(sources, &problems)
    }

    /// What must hold of the HTTP listener where others than this machine reach it.
    private func checkReach(_ sources: [SourceSettings], _ problems: inout [SettingsProblem]) {
        guard !http.listen.isLoopback else { return }
        let keys = settings.keys.http
        checkEncryption(of: http.listen, at: keys.listen, &problems)
        guard http.access.isEmpty else { return }
        if http.servesUnnamedSource {
            problems.append(
                settings.problem(
                    at: keys.listen,
                    "whoever reaches \(http.listen) could push into POST /v1/events",
                    remedy: "give \(keys.tokenFiles.path) or \(keys.clientNames.path), or set "
                        + "\(keys.unnamedSource.path): false where all sources have names"))
        }
        refuseOpen(sources, at: http.listen, &problems)
    }

    /// The same of OTLP/gRPC, which leads to sources of one format alone.
    private func checkGRPC(_ sources: [SourceSettings], _ problems: inout [SettingsProblem]) {
        let keys = settings.keys.grpc
        guard let grpc else {
            if settings.isGiven(keys.maxConnections) {
                problems.append(
                    settings.problem(
                        at: keys.maxConnections, "has no effect without \(keys.listen.path)",
                        remedy: "give \(keys.listen.path) as well"))
            }
            return
        }
        let served = sources.filter(\.takesGRPC)
        // A source that can't be read for another reason is told of there.
        if served.isEmpty, problems.isEmpty {
            problems.append(
                settings.problem(
                    at: keys.listen, "no source takes what comes there",
                    remedy: "add a source with type: http and format: \(OTLPFormat.name), or remove it"))
        }
        guard !grpc.listen.isLoopback else { return }
        checkEncryption(of: grpc.listen, at: keys.listen, &problems)
        // What the HTTP listener's address says of a source isn't said twice.
        if http.access.isEmpty, http.listen.isLoopback { refuseOpen(served, at: grpc.listen, &problems) }
    }

    private func checkEncryption(
        of address: ListenAddress, at setting: some AnySetting, _ problems: inout [SettingsProblem]
    ) {
        guard http.tls == nil, !http.acceptsPlainText else { return }
        let keys = settings.keys.http
        problems.append(
            settings.problem(
                at: setting, "others than this machine reach \(address), and nothing is encrypted there",
                remedy:
                    "give \(keys.certificateFile.path) and \(keys.keyFile.path), listen on loopback, or set "
                    + "\(keys.acceptPlainText.path): true where something else encrypts on the way"))
    }

    private func refuseOpen(
        _ sources: [SourceSettings], at address: ListenAddress, _ problems: inout [SettingsProblem]
    ) {
        for entry in entries(sources, where: \.isEmpty) {
            problems.append(
                entry.problem(
                    at: entry.keys.type, "whoever reaches \(address) could push into it",
                    remedy: "give \(entry.path(of: entry.keys.tokenFiles)) or "
                        + "\(entry.path(of: entry.keys.clientNames))"))
        }
    }

    private static let namesWithoutAuthority = "no client certificate can be checked without an authority"

    private func entries(
        _ sources: [SourceSettings], where isMeant: (PushAccess) -> Bool
    ) -> [ResolvedSettings<SourceKeys>] {
        let names = sources.filter { isMeant($0.access) }.map(\.name)
        return settings[\.sources].filter { names.contains($0.name) }
    }
}
