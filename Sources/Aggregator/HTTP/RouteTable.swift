/// The paths of a server with their methods, as the router has them: patterns such as `/v1/tokens/{id}`.
package struct RouteTable: Sendable, Equatable {
    /// Path pattern to methods, both sorted.
    package private(set) var methods: [String: [String]]

    package init(_ routes: [(path: String, method: String)] = []) {
        methods = Dictionary(grouping: routes, by: \.path).mapValues { $0.map(\.method).sorted() }
    }

    /// The methods of a concrete path; empty where there is no such path.
    package func methods(at path: String) -> [String] {
        let parts = path.split(separator: "/")
        for (pattern, methods) in methods where Self.matches(pattern.split(separator: "/"), parts) { return methods }
        return []
    }

    private static func matches(_ pattern: [Substring], _ path: [Substring]) -> Bool {
        pattern.count == path.count && zip(pattern, path).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
    }
}
