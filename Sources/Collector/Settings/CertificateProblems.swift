package import Foundation
internal import Identity
package import Settings

extension CollectorSettings {
    /// What is wrong with the certificate files at a moment, each under its setting; empty where nothing is shipped.
    package func certificateProblems(now: Date) -> [SettingsProblem] {
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
        return faults.reduce(into: []) { problems, fault in
            let problem = problem(fault, of: aggregator)
            if !problems.contains(problem) { problems.append(problem) }
        }
    }

    /// What forbids a start: a private key that every user of the machine can read.
    package func keyProblems() -> [SettingsProblem] {
        guard let aggregator, FileManager.default.fileExists(atPath: aggregator.keyFile) else { return [] }
        do throws(CertificateFault) {
            try CertificateChain.checkIsPrivate(aggregator.keyFile)
            return []
        } catch {
            return [problem(error, of: aggregator)]
        }
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
        return resolved.problem(at: setting, "\(fault.file) \(fault.message)", remedy: fault.remedy)
    }
}
