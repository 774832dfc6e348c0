package import Foundation
package import HummingbirdHTTP2
package import Identity
package import NIOSSL
internal import Synchronization

/// Where a listener's certificate, key and client authority come from.
package struct TLSFiles: Sendable, Equatable {
    package var certificateFile: String
    package var keyFile: String
    /// PEM with the authorities whose client certificates are accepted; `nil` for a listener without client
    /// certificates.
    package var clientCAFile: String?
    /// Whether nobody gets through the handshake without such a certificate. Otherwise one that is shown must be good,
    /// and who may do what without one is decided later.
    package var needsClientCertificate: Bool

    package init(
        certificateFile: String, keyFile: String, clientCAFile: String? = nil, needsClientCertificate: Bool = true
    ) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.clientCAFile = clientCAFile
        self.needsClientCertificate = needsClientCertificate
    }

    /// Reads the files and makes the rules of a listener: TLS 1.3 and nothing older.
    ///
    /// - Throws: `CertificateFault`, which names the file.
    func configuration() throws -> TLSConfiguration {
        let read = try CertificateChain(certificateFile: certificateFile, keyFile: keyFile)
        if let clientCAFile { _ = try CertificateChain.certificates(in: clientCAFile) }
        let chain = try NIOSSLCertificate.fromPEMFile(certificateFile).map { NIOSSLCertificateSource.certificate($0) }
        let key = try NIOSSLPrivateKey(bytes: Array(read.keyPEM.utf8), format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv13
        if let clientCAFile {
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(clientCAFile))
            // A client certificate names a program, not a host.
            configuration.certificateVerification =
                needsClientCertificate ? .noHostnameVerification : .optionalVerification
        }
        return configuration
    }
}

extension TLSFiles {
    /// What is wrong with the files at a moment.
    package func faults(now: Date) -> [CertificateFault] {
        var faults: [CertificateFault] = []
        do throws(CertificateFault) {
            let chain = try CertificateChain(certificateFile: certificateFile, keyFile: keyFile)
            faults += chain.faults(authorities: nil, now: now)
            try chain.checkIsForServers()
        } catch {
            faults.append(error)
        }
        do throws(CertificateFault) {
            if let clientCAFile { try CertificateChain.checkAuthorities(clientCAFile, now: now) }
        } catch {
            faults.append(error)
        }
        return faults
    }

    fileprivate func certificateNames() throws -> [String] {
        try ServerNames.all(inPEM: String(contentsOfFile: certificateFile, encoding: .utf8))
    }

    /// When each file was changed, and how large it is: differs once one was replaced.
    package struct Stamp: Equatable, Sendable {
        private struct Part: Equatable {
            var modified: Date?
            var size: NSNumber?
            var inode: NSNumber?
        }

        private var parts: [Part]

        package init(_ files: TLSFiles) {
            parts = [files.certificateFile, files.keyFile, files.clientCAFile].compactMap { file in
                guard let file else { return nil }
                let path = URL(fileURLWithPath: file).resolvingSymlinksInPath().path
                let attributes = try? FileManager.default.attributesOfItem(atPath: path)
                return Part(
                    modified: attributes?[.modificationDate] as? Date, size: attributes?[.size] as? NSNumber,
                    inode: attributes?[.systemFileNumber] as? NSNumber)
            }
        }
    }

    package var stamp: Stamp { Stamp(self) }

    /// When the listener's certificate ends, in seconds since 1970; `nil` where it can't be read.
    package var endSeconds: Double? {
        (try? CertificateChain(certificateFile: certificateFile, keyFile: keyFile))?.end.timeIntervalSince1970
    }
}

/// The TLS rules of a listener, replaceable while it runs (SIGHUP, changed files): new connections use what was read
/// last.
package final class ReloadableTLS: Sendable {
    package typealias Builder = @Sendable (TLSConfiguration) throws -> HTTP2UpgradeChannel

    /// What a new connection is held to.
    package struct Rules: Sendable {
        package var channel: HTTP2UpgradeChannel
        /// `nil` on a listener without client certificates.
        package var anchors: TrustAnchors?
    }

    /// What a new connection of gRPC is held to, which HTTP/2 is always spoken on.
    package struct HTTP2Rules: Sendable {
        package var context: NIOSSLContext
        /// `nil` on a listener without client certificates.
        package var anchors: TrustAnchors?

        fileprivate init(_ files: TLSFiles) throws {
            var configuration = try files.configuration()
            configuration.applicationProtocols = ["h2"]
            context = try NIOSSLContext(configuration: configuration)
            anchors = try files.clientCAFile.map { try TrustAnchors(file: $0) }
        }
    }

    package let files: TLSFiles
    private let http2: Mutex<HTTP2Rules>
    private let state: Mutex<(rules: Rules?, build: Builder?)>
    private let certificateNames: Mutex<[String]>

    /// Reads the files once, so that a wrong one is found before anything listens.
    package init(files: TLSFiles) throws {
        self.files = files
        http2 = Mutex(try HTTP2Rules(files))
        certificateNames = Mutex(try files.certificateNames())
        state = Mutex((nil, nil))
    }

    /// Reads the files again. Throws, and leaves everything as it is, when they are not usable.
    package func reload() throws {
        let build = state.withLock { $0.build }
        let fresh = try build.map { try rules(building: $0) }
        let freshForHTTP2 = try HTTP2Rules(files)
        let names = try files.certificateNames()
        if let fresh { state.withLock { $0.rules = fresh } }
        http2.withLock { $0 = freshForHTTP2 }
        certificateNames.withLock { $0 = names }
    }

    /// Tells how a connection is set up under given rules; called once, when the server is built.
    package func start(_ build: @escaping Builder) throws {
        let first = try rules(building: build)
        state.withLock { $0 = (first, build) }
    }

    private func rules(building build: Builder) throws -> Rules {
        Rules(
            channel: try build(files.configuration()),
            anchors: try files.clientCAFile.map { try TrustAnchors(file: $0) })
    }

    /// The names that the certificate in force is good for.
    package var names: [String] { certificateNames.withLock { $0 } }

    package var currentForHTTP2: HTTP2Rules { http2.withLock { $0 } }

    package var current: Rules? { state.withLock { $0.rules } }
}
