package import Foundation
internal import HTTPSupport
internal import Identity
package import Settings

extension AggregatorSettings {
    /// What is wrong with the certificate files at a moment, each under its setting.
    package func certificateProblems(now: Date) -> [SettingsProblem] {
        let (ingest, query) = (resolved.keys.ingest, resolved.keys.query)
        var problems = ingestTLS.faults(now: now).map { fault in
            switch fault.file {
            case ingestTLS.keyFile: problem(fault, at: ingest.keyFile)
            case ingestTLS.clientCAFile: problem(fault, at: ingest.clientCAFile)
            default: problem(fault, at: ingest.certificateFile)
            }
        }
        if let queryTLS {
            problems += queryTLS.faults(now: now).map { fault in
                problem(fault, at: fault.file == queryTLS.keyFile ? query.keyFile : query.certificateFile)
            }
        }
        return problems
    }

    private func problem(_ fault: CertificateFault, at setting: some AnySetting) -> SettingsProblem {
        resolved.problem(at: setting, "\(fault.file) \(fault.message)", remedy: fault.remedy)
    }
}
