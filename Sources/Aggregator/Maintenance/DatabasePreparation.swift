internal import Logging
internal import Postgres
internal import ServiceLifecycle
internal import Store
internal import Synchronization
internal import Telemetry
internal import UsageModel

/// Waits for the database and brings it into the state that this program needs, while `/livez` and `/readyz` answer
/// already. What works with the database starts afterwards.
///
/// A database that is away is waited for: an aggregator that starts before its database needs no help. It is a service
/// like the others, so that SIGTERM ends the waiting as it ends everything else.
final class DatabasePreparation: Service {
    private let store: Store
    private let queryStore: Store
    private let migrates: Bool
    private let health: HealthMonitor
    private let logger: Logger
    private let isDone = WaitQueue<Bool, Void>(false)

    /// The longest pause between attempts to reach the database.
    static let maxPause = Duration.seconds(5)

    /// - Parameters:
    ///   - queryStore: the store whose questions run as the reader, which is looked at once the schema is there.
    ///   - migrates: brings an older schema up to date; otherwise it is refused.
    init(store: Store, queryStore: Store, migrates: Bool, health: HealthMonitor, logger: Logger) {
        self.store = store
        self.queryStore = queryStore
        self.migrates = migrates
        self.health = health
        self.logger = logger
    }

    /// - Throws: what is wrong with a database that answers: a schema or calendar that doesn't fit, a login for
    ///   questions that could see or do more than a reader.
    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                try await self.prepare()
                // Ready before any waiting service starts: nobody is told where a listener is that isn't ready.
                await self.health.probe()
                self.isDone.withLock { isDone, waiters in
                    isDone = true
                    waiters.answerAll(.success(()))
                }
            }
            // A service that returned would end the process.
            try await gracefulShutdown()
        } catch is CancellationError {
            return
        }
    }

    private func prepare() async throws {
        var backoff = Backoff(first: .milliseconds(100), last: Self.maxPause)
        while true {
            do {
                if migrates { try await migrate() } else { try await store.check() }
                try await queryStore.checkReader()
                if case .ownerAlone = queryStore.questionAccess {
                    logger.warning(
                        "questions run as the tables' owner: the application alone keeps providers' figures apart")
                }
                return
            } catch let error as PostgresError where error.isRetryable {
                let pause = backoff.next()
                logger.warning(
                    "the database is not available yet, will be tried again",
                    [.error: "\(error)", .delayMilliseconds: "\(pause.wholeMilliseconds)"])
                try await Task.sleep(for: pause)
            }
        }
    }

    private func migrate() async throws {
        let told = Mutex<CalendarDate?>(nil)
        let (logger, calendar) = (logger, store.calendar)
        try await store.prepare(told: { from in
            let day = calendar.date(atSecond: from.seconds)
            if told.withLock({ last in
                defer { last = day }
                return last != day
            }) {
                logger.info("usage of before there were segments is taken into them", [.next: "\(day)"])
            }
        })
    }

    /// The service, started once the database is prepared, or never where the process is told to stop before.
    func before(_ service: any Service) -> any Service { Following(service: service, isPrepared: isDone) }

    private struct Following: Service {
        let service: any Service
        let isPrepared: WaitQueue<Bool, Void>

        func run() async throws {
            do {
                _ = try await cancelWhenGracefulShutdown {
                    try await isPrepared.wait { isDone, _ in isDone ? () : nil }
                }
            } catch is CancellationError {
                return
            }
            try await service.run()
        }
    }
}
