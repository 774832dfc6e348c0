/// The configuration files that `up` writes for the real daemons: what anybody would write by hand.
enum Configurations {
    /// How old a batch of `up`'s collectors gets, in seconds: somebody sits there and waits to see it counted.
    static let sealAgeSeconds = 2
    /// The aggregator's own default.
    static let defaultZone = "Asia/Shanghai"

    struct Aggregator {
        var databaseURL: String
        var readerURL: String
        var ports: Ports
        var trustDomain: String
        var zone: String?
        /// How old the usage of collectors may be, in seconds; the default where it is `nil`.
        var windowBackSeconds: Int?
        var directory: DataDirectory
        var certificate: String
        var key: String
        var authority: String
    }

    static func aggregator(_ it: Aggregator) -> String {
        // A day more than the collectors: what they take may wait before it is sent.
        let maxAge = it.windowBackSeconds.map { "\n  max-age: \($0 + 86_400)s" } ?? ""
        var yaml = """
            # Written by `steelyard up` at every start; changes here don't last.
            database:
              url: \(quoted(it.databaseURL))
              reader-url: \(quoted(it.readerURL))
              migrate: true
            ingest:
              listen: "127.0.0.1:\(it.ports.ingest)"
              certificate-file: \(quoted(it.certificate))
              key-file: \(quoted(it.key))
              client-ca-file: \(quoted(it.authority))
              trust-domain: \(quoted(it.trustDomain))\(maxAge)
            query:
              listen: "127.0.0.1:\(it.ports.query)"
            listening-file: \(quoted(it.directory.aggregatorListening))

            """
        if let zone = it.zone { yaml += "calendar:\n  zone: \(quoted(zone))\n" }
        return yaml
    }

    struct Collector {
        var provider: String
        var name: String
        var port: Int
        var ingestPort: Int
        var windowBackSeconds: Int?
        var directory: DataDirectory
        var certificate: String
        var key: String
        var authority: String
    }

    static func collector(_ it: Collector) -> String {
        var yaml = """
            # Written by `steelyard up` at every start; changes here don't last.
            provider: \(quoted(it.provider))
            collector: \(quoted(it.name))
            data: \(quoted(it.directory.collectorData(it.provider)))
            listen: "127.0.0.1:\(it.port)"
            aggregator:
              url: "https://127.0.0.1:\(it.ingestPort)"
              ca-file: \(quoted(it.authority))
              certificate-file: \(quoted(it.certificate))
              key-file: \(quoted(it.key))
            seal:
              age: \(sealAgeSeconds)s

            """
        if let back = it.windowBackSeconds { yaml += "window:\n  back: \(back)s\n" }
        return yaml
    }

    /// A YAML double-quoted scalar.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                result += "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
