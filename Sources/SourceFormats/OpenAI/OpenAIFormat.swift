/// Where the `openai` format finds the parts of an event around the `usage` object.
///
/// Every setting is a list of dotted paths from the record's top; the first that is present, not null and not an empty
/// string wins. An empty list means that records never say it. The defaults fit gateways' log lines and bare responses.
package struct OpenAIFormat: Sendable, Hashable {
    /// Where the `usage` object stands. A record in which more than one of them does is refused (`duplicate-field`).
    /// An empty path (`""`) means that the counts stand at the record's own top.
    package var usagePaths = ["usage", "response.usage"]
    /// The identity that the caller's key is bound to. The request's own `user` is left out on purpose: callers can set
    /// it to what they like.
    package var tenantPaths = ["tenant", "tenant_id", "metadata.user_api_key_team_id"]
    package var modelPaths = ["model", "response.model"]
    package var regionPaths = ["region"]
    /// Checked against ``EventDefaults/provider``. Set it to nothing where the field means something else, such as the
    /// upstream of a gateway.
    package var providerPaths = ["provider"]
    package var layerPaths = ["layer"]
    package var workloadPaths = ["workload"]
    package var modalityPaths = ["modality"]
    package var timePaths = ["ts", "time", "timestamp", "created", "created_at", "response.created_at"]
    /// For records that stand for many calls; 1 where absent.
    package var requestsPaths = ["requests"]
    /// The name of the event, unique among all of its source's; none unless it is said. A response's own `id` often
    /// isn't: a gateway logs one response several times.
    package var idPaths: [String] = []
    /// How times are written.
    package var time: TimeFormat = .automatic

    package init() {}
}
