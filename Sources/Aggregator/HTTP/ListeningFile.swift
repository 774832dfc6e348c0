internal import Foundation
internal import Synchronization
internal import TextFormats

/// Writes the addresses that were bound, once all are: `{"ingest": "127.0.0.1:4681", "query": "127.0.0.1:4682"}`.
///
/// With port 0 this is how others find the server. The file appears whole (written beside and renamed) and only after
/// every listener is there.
package final class ListeningFile: Sendable {
    private let path: String?
    private let expected: [String]
    private let bound = Mutex<[String: String]>([:])

    package init(path: String?, expected: [String]) {
        self.path = path
        self.expected = expected
    }

    /// One listener is bound.
    package func add(_ name: String, address: String) throws {
        let all = bound.withLock { bound in
            bound[name] = address
            return bound
        }
        guard let path, expected.allSatisfy({ all[$0] != nil }) else { return }
        let members = expected.compactMap { name in all[name].map { JSONMember(name, .string($0)) } }
        let bytes = JSONValue.object(members).encoded + [0x0A]
        try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    /// The addresses that are bound so far, by listener.
    package var addresses: [String: String] { bound.withLock { $0 } }
}
