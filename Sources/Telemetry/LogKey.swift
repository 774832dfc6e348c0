package import Logging

/// The keys under which log lines carry their values, so that the same thing is called the same everywhere.
package enum LogKey: String, Sendable {
    case address
    case ageSeconds = "age-seconds"
    case attempt
    case batches
    case bytes
    case certificate
    case chain
    case code
    case collector
    case count
    case database
    case delayMilliseconds = "delay-ms"
    case detail
    case digest
    case dimension
    case durationMilliseconds = "duration-ms"
    case epoch
    case error
    case events
    case field
    case file
    case heldBack = "held-back"
    case inode
    case key
    case line
    case migration
    case names
    case next
    case offset
    case spoolSequence
    case path
    case peer
    case position
    case provider
    case reason
    case records
    case remedy
    case requests
    case role
    case route
    case rows
    case seconds
    case segment
    case sequence
    case signal
    case source
    case spool
    case state
    case status
    case table
    case token
    case url
    case version
}

extension Logger {
    package typealias Values = [LogKey: MetadataValue]

    /// Logs a constant message with its values under known keys.
    package func log(_ level: Level, _ message: Message, values: @autoclosure () -> Values) {
        guard level >= logLevel else { return }
        var metadata: Metadata = [:]
        for (key, value) in values() { metadata[key.rawValue] = value }
        log(level: level, message, metadata: metadata)
    }

    /// Data is at risk, or an operator is needed.
    package func error(_ message: Message, _ values: @autoclosure () -> Values) {
        log(.error, message, values: values())
    }
    /// Something was wrong and has been dealt with; nothing is lost.
    package func warning(_ message: Message, _ values: @autoclosure () -> Values) {
        log(.warning, message, values: values())
    }
    package func info(_ message: Message, _ values: @autoclosure () -> Values) { log(.info, message, values: values()) }
    package func debug(_ message: Message, _ values: @autoclosure () -> Values) {
        log(.debug, message, values: values())
    }
}
