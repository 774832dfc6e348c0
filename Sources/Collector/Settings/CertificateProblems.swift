package import Foundation
internal import HTTPSupport
internal import Identity
package import Settings

extension CollectorSettings {
    /// What is wrong with the certificate files at a moment, each under its setting: those for shipping, where
    /// something is shipped, and the listener's.
    package func certificateProblems(now: Date) -> [SettingsProblem] {
        let problems = shippingFaults(now: now) + listenerFaults(now: now)
        return (problems + keyProblems()).reduce(into: []) { unique, problem in
            if !unique.contains(problem) { unique.append(problem) }
        }
    }

    /// What forbids a start: a private key, a token or a password that others can read, and a token file that holds
    /// none.
    package func keyProblems() -> [SettingsProblem] {
        var problems = passwordFileProblems()
        if let aggregator {
            problems += privacyProblem(of: aggregator.keyFile) { problem($0, of: aggregator) }
        }
        if let tls = http.tls { problems += privacyProblem(of: tls.keyFile) { problem($0, of: tls) } }
        problems += http.access.tokenFiles.compactMap { file in
            tokenFault(file).map { resolved.problem(at: resolved.keys.http.tokenFiles, $0.said, remedy: $0.remedy) }
        }
        for entry in resolved[\.sources] {
            problems += entry[\.tokenFiles].compactMap { file in
                tokenFault(file).map { entry.problem(at: entry.keys.tokenFiles, $0.said, remedy: $0.remedy) }
            }
        }
        return problems
    }

    private func tokenFault(_ file: String) -> CertificateFault? {
        do throws(CertificateFault) {
            _ = try BearerTokens(files: [file])
            return nil
        } catch {
            return error
        }
    }

    /// A missing key is told with the certificates: it stops shipping alone.
    private func privacyProblem(
        of keyFile: String, _ problem: (CertificateFault) -> SettingsProblem
    ) -> [SettingsProblem] {
        guard FileManager.default.fileExists(atPath: keyFile) else { return [] }
        do throws(CertificateFault) {
            try CertificateChain.checkIsPrivate(keyFile)
            return []
        } catch {
            return [problem(error)]
        }
    }

    private func shippingFaults(now: Date) -> [SettingsProblem] {
        guard let aggregator else { return [] }
        var faults: [CertificateFault] = []
        func note(_ check: () throws(CertificateFault) -> Void) {
            do throws(CertificateFault) { try check() } catch { faults.append(error) }
        }
        note { () throws(CertificateFault) in try CertificateChain.checkAuthorities(aggregator.caFile, now: now) }
        note { () throws(CertificateFault) in
            let chain = try CertificateChain(certificateFile: aggregator.certificateFile, keyFile: aggregator.keyFile)
            faults += chain.faults(authorities: aggregator.clientCAFile, now: now)
            try chain.checkNames(provider: provider, collector: collector)
        }
        return faults.map { problem($0, of: aggregator) }
    }

    private func listenerFaults(now: Date) -> [SettingsProblem] {
        http.tls.map { tls in tls.faults(now: now).map { problem($0, of: tls) } } ?? []
    }

    private func problem(_ fault: CertificateFault, of aggregator: Aggregator) -> SettingsProblem {
        let keys = resolved.keys.aggregator
        let setting =
            switch fault.file {
            case aggregator.keyFile: keys.keyFile
            case aggregator.caFile: keys.caFile
            case aggregator.clientCAFile: keys.clientCAFile
            default: keys.certificateFile
            }
        return resolved.problem(at: setting, fault.said, remedy: fault.remedy)
    }

    private func problem(_ fault: CertificateFault, of tls: TLSFiles) -> SettingsProblem {
        let keys = resolved.keys.http
        let setting =
            switch fault.file {
            case tls.keyFile: keys.keyFile
            case tls.clientCAFile: keys.clientCAFile
            default: keys.certificateFile
            }
        return resolved.problem(at: setting, fault.said, remedy: fault.remedy)
    }
}

extension CertificateFault {
    fileprivate var said: String { "\(file) \(message)" }
}
