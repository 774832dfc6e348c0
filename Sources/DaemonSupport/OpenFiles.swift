internal import Glibc
package import Logging
package import Telemetry

/// How many files the system lets this process open, and who may use them.
///
/// A process that is out of them can't accept, can't open a log and can't even look at itself: so what may take many is
/// given a share at the start, and the rest is kept for everything else.
package struct OpenFiles: Sendable, Equatable {
    /// The most handles that the process may have.
    package let limit: Int

    /// Kept for what is not budgeted: the spool or the database, the event loops, connections of the process's own.
    package static let reserve = 128
    /// With fewer there is nothing to share out.
    package static let least = 256
    /// More than anything here needs; stands for no limit.
    private static let enough = 1 << 20

    package init(limit: Int) {
        self.limit = limit
    }

    /// The process has too few file handles to start.
    package struct TooFew: Error, Equatable, CustomStringConvertible {
        package var limit: Int

        package var description: String {
            "this process may open \(limit) files, and needs \(OpenFiles.least); raise the hard limit "
                + "(ulimit -Hn, or LimitNOFILE= of the systemd unit)"
        }
    }

    /// Raises the process's soft limit to its hard one.
    ///
    /// - Throws: ``TooFew`` where even that is below ``least``.
    package static func raise() throws(TooFew) -> OpenFiles {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard unsafe getrlimit(resource, &limit) == 0 else { return OpenFiles(limit: least) }
        let soft = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        if unsafe setrlimit(resource, &limit) != 0 { limit.rlim_cur = soft }
        let count = Int(min(limit.rlim_cur, rlim_t(enough)))
        guard count >= least else { throw TooFew(limit: count) }
        return OpenFiles(limit: count)
    }

    /// A use of many handles.
    package struct Use: Sendable {
        /// The setting or limit that says how many are wanted.
        package var name: String
        package var wanted: Int

        package init(_ name: String, wanted: Int) {
            self.name = name
            self.wanted = wanted
        }
    }

    /// Gives each use what it wants where there is enough, and otherwise what is fair: nobody gets more than is wanted,
    /// and those that want more than an even share get equally many.
    ///
    /// - Returns: as many handles for each use, in their order.
    package func share(among uses: [Use]) -> [Int] {
        var left = limit - Self.reserve
        var shares = Array(repeating: 0, count: uses.count)
        let ascending = uses.indices.sorted { (uses[$0].wanted, $0) < (uses[$1].wanted, $1) }
        for (done, index) in ascending.enumerated() {
            shares[index] = max(1, min(uses[index].wanted, left / (uses.count - done)))
            left -= shares[index]
        }
        return shares
    }

    /// As ``share(among:)``; says in log and metrics which limit binds.
    ///
    /// - Parameter prefix: what the names of the metrics begin with: `steelyard_collector`.
    package func share(
        among uses: [Use], metrics registry: MetricsRegistry, prefix: String, logger: Logger
    ) -> [Int] {
        registry.gauge("\(prefix)_open_files_limit", help: "File handles that the system lets this process have.")
            .set(limit)
        let shares = share(among: uses)
        for (use, share) in zip(uses, shares) {
            registry.gauge(
                "\(prefix)_open_files_share", help: "File handles that each use may take.",
                labels: [MetricLabel("use", value: use.name)]
            ).set(share)
            if share < use.wanted {
                logger.warning(
                    "the limit of open files binds",
                    [
                        .key: "\(use.name)", .count: "\(share)", .detail: "\(use.wanted) wanted, limit \(limit)",
                        .remedy: "raise the hard limit (ulimit -Hn, or LimitNOFILE= of the systemd unit)",
                    ])
            }
        }
        return shares
    }
}
