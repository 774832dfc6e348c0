/// What records of one id are to each other.
package enum IDRepeats: String, Sendable, CaseIterable {
    /// One event, sent again: it counts once. Another content under the id is refused.
    case once
    /// Running totals of one call: the greatest record counts, whatever order they come in and however often.
    case last
    /// Parts of one call, each of which counts once: their tokens are added up, and they are one call.
    case sum
}

/// Whose an id is: within what it stands for the same.
package enum IDScope: String, Sendable, CaseIterable {
    /// Each source has ids of its own.
    case source
    /// The same id in any source of this collector that says so is the same.
    case collector
    /// The same id anywhere at the provider is the same; a collector knows of those that came to itself.
    case provider
}

/// How the ids of a source's records are understood.
package struct IDRules: Sendable, Hashable {
    package var scope = IDScope.source
    package var repeats = IDRepeats.once
    /// Endings of ids that name a part of a call, with ``IDRepeats/sum``: what stands before one is the call's id.
    /// Where there are none, parts have the call's id and are told by what they say.
    package var parts: [String] = []

    package init(scope: IDScope = .source, repeats: IDRepeats = .once, parts: [String] = []) {
        self.scope = scope
        self.repeats = repeats
        self.parts = parts
    }
}
