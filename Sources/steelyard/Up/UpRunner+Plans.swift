internal import Identity

extension UpRunner {
    func aggregatorPlan(_ certificates: Certificates, _ database: EmbeddedDatabase) throws -> ChildPlan {
        let files = try certificates.server()
        let yaml = Configurations.aggregator(
            Configurations.Aggregator(
                databaseURL: database.url, readerURL: database.readerURL, ports: ports,
                trustDomain: Certificates.trustDomain, zone: options.zone, windowBackSeconds: options.windowBackSeconds,
                directory: options.directory, certificate: files.certificate, key: files.key,
                authority: certificates.directory.certificate))
        let path = options.directory.aggregatorConfiguration
        try PrivateFile.write(yaml, to: path, for: .ownerOnly, overwriting: true)
        return ChildPlan(
            name: "aggregator", executable: programs.aggregator, configuration: path,
            log: options.directory.log("aggregator"))
    }

    func collectorPlans(_ certificates: Certificates) throws -> [ChildPlan] {
        try zip(options.providers, ports.collectors).map { provider, port in
            let files = try certificates.collector(provider)
            let yaml = Configurations.collector(
                Configurations.Collector(
                    provider: provider, name: Certificates.collectorName, port: port, ingestPort: ports.ingest,
                    windowBackSeconds: options.windowBackSeconds, directory: options.directory,
                    certificate: files.certificate,
                    key: files.key, authority: certificates.directory.certificate))
            let path = options.directory.collectorConfiguration(provider)
            try PrivateFile.write(yaml, to: path, for: .ownerOnly, overwriting: true)
            return ChildPlan(
                name: "collector-\(provider)", executable: programs.collector, configuration: path,
                log: options.directory.log("collector-\(provider)"))
        }
    }
}
