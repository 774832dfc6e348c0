/// The paths of a server with their methods, as the router has them: patterns such as `/v1/tokens/{id}`.
package struct RouteTable: Sendable, Equatable {
    /// Path pattern to methods; the methods are sorted.
    package let methods: [String: [String]]

    package init(_ routes: [(path: String, method: String)] = []) {
        methods = Dictionary(grouping: routes, by: \.path).mapValues { $0.map(\.method).sorted() }
    }

    /// The methods of a concrete path; empty where there is no such path.
    ///
    /// Where several patterns cover it, the one with the fewest parameters counts, as it does for the router:
    /// `/v1/batches/lookup` before `/v1/batches/{digest}`.
    package func methods(at path: String) -> [String] {
        let components = path.split(separator: "/")
        let covering = methods.map { Pattern($0.key, methods: $0.value) }.filter { $0.covers(components) }
        return covering.min { $0.parameterCount < $1.parameterCount }?.methods ?? []
    }

    private struct Pattern {
        let components: [Substring]
        let methods: [String]

        init(_ text: String, methods: [String]) {
            components = text.split(separator: "/")
            self.methods = methods
        }

        var parameterCount: Int { components.count { Self.isParameter($0) } }

        func covers(_ path: [Substring]) -> Bool {
            components.count == path.count
                && zip(components, path).allSatisfy { Self.isParameter($0) || $0 == $1 }
        }

        private static func isParameter(_ component: Substring) -> Bool { component.hasPrefix("{") }
    }
}
