import CollectorCore
import Foundation
import Identity
import Logging
import ServiceLifecycle
import Spool
import Synchronization
import Telemetry
import TestSupport
import Testing
import UsageModel

@testable import Collector

@Suite struct ShipperTests {
    private func authority(_ directory: String) throws -> AuthorityDirectory {
        let files = AuthorityDirectory("\(directory)/ca")
        let authority = try CertificateAuthority.create(trustDomain: "steelyard.local")
        try authority.write(to: files)
        try authority.issueServer(names: ["localhost"]).write(to: files, name: "server")
        try issueCollector(authority, files)
        return files
    }

    private func issueCollector(_ authority: CertificateAuthority, _ files: AuthorityDirectory) throws {
        let identity = CollectorIdentity(trustDomain: "steelyard.local", provider: "volcengine", name: "edge-1")
        try authority.issueCollector(identity).write(to: files, name: "edge-1", overwriting: true)
    }

    private func settings(_ url: String, _ files: AuthorityDirectory) -> CollectorSettings.Aggregator {
        let leaf = files.leaf("edge-1")
        return CollectorSettings.Aggregator(
            url: url, caFile: files.certificate, certificateFile: leaf.certificate, keyFile: leaf.key,
            clientCAFile: files.certificate, timeout: .seconds(10))
    }

    /// Runs a shipper over the rig until the body is done, then stops it in order.
    private func shipping(
        _ rig: Rig, _ settings: CollectorSettings.Aggregator, heartbeat: Duration = .seconds(3_600),
        _ body: () async throws -> Void
    ) async throws {
        let shipper = Shipper(
            opened: rig.opened,
            transport: AggregatorClient(settings: settings, version: "test", nameBudgets: rig.parts.nameBudgets),
            parts: rig.parts, board: rig.board, drainTimeout: .seconds(5), heartbeat: heartbeat)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [shipper, rig.writer], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await body()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func push(_ rig: Rig, _ count: Int, input: Int = 1) async throws {
        for index in 0..<count {
            let body = Array(Lines.event(tenant: "t-\(index)", input: input).utf8)
            try await rig.writer.commit(try Pushed.rows(body, rig), quarantine: [])
            await rig.seal()
        }
    }

    @Test func `scarce budgets of names are heard with batches and heartbeats, and forgotten when they aren't told`()
        async throws
    {
        try await ScratchDirectory.with("ship") { directory in
            let files = try authority(directory)
            let aggregator = AggregatorDouble()
            aggregator.state.withLock {
                $0.nameBudgets = [
                    ["dimension": "tenant", "of": "provider", "used": 9, "budget": 9, "over_limit": 2]
                ]
            }
            try await aggregator.listening(files) { url in
                let rig = try await Rig.open(directory)
                try await push(rig, 1)
                try await shipping(rig, settings(url, files), heartbeat: .milliseconds(200)) {
                    try await waitUntil("the budget is heard of") { rig.parts.nameBudgets.exceeded == ["tenant"] }
                    aggregator.state.withLock { $0.nameBudgets = [] }
                    try await waitUntil("a heartbeat takes it back") { rig.parts.nameBudgets.current.isEmpty }
                }
            }
        }
    }

    @Test(arguments: [true, false])
    func `a server's chain with an authority below ours, or a leaf in its place, is refused`(
        isAuthority: Bool
    ) async throws {
        try await ScratchDirectory.with("ship") { directory in
            let files = try authority(directory)
            var request = try LeafRequest.server(names: ["localhost"])
            request.isAuthority = isAuthority
            let issuer = try CertificateAuthority.load(from: files).issue(request)
            let below = try CertificateAuthority(unchecked: issuer)
            var issued = try below.issueServer(names: ["localhost"], validity: below.validity(atMost: 30))
            issued.certificatePEM += issuer.certificatePEM
            try issued.write(to: files, name: "server", overwriting: true)
            let aggregator = AggregatorDouble()
            try await aggregator.listening(files) { url in
                let metrics = CollectorMetrics()
                let client = AggregatorClient(settings: settings(url, files), version: "test", metrics: metrics)
                let spoolID = try #require(SpoolID(bytes: [UInt8](repeating: 1, count: 16)))
                let answer = await client.requestEpoch(EpochPosition(epoch: 0, nextSequence: 0), spoolID: spoolID)
                await client.shutDown()
                guard case .later(let delay) = answer else {
                    Issue.record("\(answer)")
                    return
                }
                #expect(delay.cause == .unreachable)
                #expect(aggregator.snapshot.requests == 0)
                #expect(metrics.handshakeFailures.value > 0)
                #expect(
                    metrics.registry.render().contains("steelyard_collector_certificate_expiry_timestamp_seconds 1"))
            }
        }
    }

    @Test func `batches arrive in order over mutual TLS`() async throws {
        try await ScratchDirectory.with("ship") { directory in
            let files = try authority(directory)
            let aggregator = AggregatorDouble()
            try await aggregator.listening(files) { url in
                let rig = try await Rig.open(directory)
                try await push(rig, 3)
                try await shipping(rig, settings(url, files)) {
                    try await waitUntil("three batches are counted") { aggregator.snapshot.counted.count == 3 }
                    try await push(rig, 2)
                    try await waitUntil("five batches are counted") { aggregator.snapshot.counted.count == 5 }
                    try await waitUntil("nothing is left") { await rig.writer.unshipped().isEmpty }
                }
                #expect(aggregator.snapshot.events == 5)
                #expect(aggregator.snapshot.nextSequence == 5)
            }
        }
    }

    @Test func `a batch counted without an answer is sent again and counted once`() async throws {
        try await ScratchDirectory.with("ship") { directory in
            let files = try authority(directory)
            let aggregator = AggregatorDouble()
            aggregator.misbehave(.countThenFail, .answer(status: 503, code: "busy", retryAfter: 0))
            try await aggregator.listening(files) { url in
                let rig = try await Rig.open(directory)
                try await push(rig, 2)
                try await shipping(rig, settings(url, files)) {
                    try await waitUntil("two batches are counted") { aggregator.snapshot.counted.count == 2 }
                }
                let keys = aggregator.snapshot.lastKeys
                #expect(keys.count == 4)
                #expect(Set(keys.prefix(3)).count == 1)
                #expect(aggregator.snapshot.events == 2)
            }
        }
    }

    @Test func `what was counted before a crash is found by its digest`() async throws {
        try await ScratchDirectory.with("ship") { directory in
            let files = try authority(directory)
            let aggregator = AggregatorDouble()
            try await aggregator.listening(files) { url in
                let first = try await Rig.open(directory)
                try await push(first, 2)
                // The aggregator counted the first batch, and the collector died before the answer.
                let digest = try #require(await first.writer.unshipped().first).digest
                aggregator.state.withLock { $0.counted.append(digest) }
                try await first.writer.close()
                let rig = try await Rig.open(directory)
                try await shipping(rig, settings(url, files)) {
                    try await waitUntil("everything is shipped") { await rig.writer.unshipped().isEmpty }
                }
                #expect(aggregator.snapshot.counted.count == 2)
                #expect(aggregator.snapshot.requests == 1)
            }
        }
    }

    @Test func `a regressed aggregator gets from the archive what it lost`() async throws {
        try await ScratchDirectory.with("ship") { directory in
            let files = try authority(directory)
            let aggregator = AggregatorDouble()
            try await aggregator.listening(files) { url in
                let first = try await Rig.open(directory)
                try await push(first, 3)
                try await shipping(first, settings(url, files)) {
                    try await waitUntil("all are counted") { await first.writer.unshipped().isEmpty }
                }
                try await first.writer.close()
                aggregator.state.withLock { state in
                    state.counted.removeLast(2)
                    state.regressed = true
                }
                let rig = try await Rig.open(directory)
                try await shipping(rig, settings(url, files)) {
                    try await waitUntil("the lost ones are back") { aggregator.snapshot.counted.count == 3 }
                }
            }
        }
    }

    @Test func `a gap is filled from the archive in the same epoch`() async throws {
        try await ScratchDirectory.with("ship") { directory in
            let files = try authority(directory)
            let aggregator = AggregatorDouble()
            try await aggregator.listening(files) { url in
                let rig = try await Rig.open(directory)
                try await shipping(rig, settings(url, files)) {
                    try await push(rig, 3)
                    try await waitUntil("three are counted") { aggregator.snapshot.counted.count == 3 }
                    aggregator.state.withLock { state in
                        state.counted.removeLast(2)
                        state.nextSequence = 1
                    }
                    try await push(rig, 1)
                    try await waitUntil("four are counted") { aggregator.snapshot.counted.count == 4 }
                }
                #expect(aggregator.snapshot.epochsGranted == 1)
            }
        }
    }

    @Test func `a collector without usage says how it does and finds a restored database`() async throws {
        try await ScratchDirectory.with("ship") { directory in
            let files = try authority(directory)
            let aggregator = AggregatorDouble()
            try await aggregator.listening(files) { url in
                let rig = try await Rig.open(directory)
                try await shipping(rig, settings(url, files), heartbeat: .milliseconds(100)) {
                    try await push(rig, 3)
                    try await waitUntil("three are counted") { aggregator.snapshot.counted.count == 3 }
                    try await waitUntil("the heartbeat says so") {
                        aggregator.snapshot.heartbeat?.nextSequence == 3
                            && aggregator.snapshot.heartbeat?.backlogBatches == 0
                    }
                    let heartbeat = try #require(aggregator.snapshot.heartbeat)
                    #expect(heartbeat.softwareVersion == "test")
                    #expect(heartbeat.ready && heartbeat.reasons.isEmpty)
                    #expect(try #require(heartbeat.certificateEndSeconds) > Int64(Date().timeIntervalSince1970))
                    // The database goes back: first within the epoch, then to before it. No usage comes.
                    aggregator.state.withLock { state in
                        state.counted.removeLast(2)
                        state.nextSequence = 1
                    }
                    try await waitUntil("the lost ones are back") { aggregator.snapshot.counted.count == 3 }
                    aggregator.state.withLock { state in
                        state.counted = []
                        state.nextSequence = 0
                        state.epoch = 0
                        state.regressed = true
                    }
                    try await waitUntil("all are back") { aggregator.snapshot.counted.count == 3 }
                }
            }
        }
    }

    @Test func `a refused batch is kept and the next takes its number`() async throws {
        try await ScratchDirectory.with("ship") { directory in
            let files = try authority(directory)
            let aggregator = AggregatorDouble()
            aggregator.misbehave(.answer(status: 422, code: "invalid-batch", retryAfter: nil))
            try await aggregator.listening(files) { url in
                let rig = try await Rig.open(directory)
                try await push(rig, 2)
                try await shipping(rig, settings(url, files)) {
                    try await waitUntil("the second is counted") { aggregator.snapshot.counted.count == 1 }
                    try await waitUntil("nothing is left") { await rig.writer.unshipped().isEmpty }
                }
                let kept = try FileManager.default.contentsOfDirectory(atPath: "\(directory)/data/spool/refused")
                #expect(kept.filter { $0.hasSuffix(".batch") }.count == 1)
            }
        }
    }

    @Test func `a fenced collector stops shipping and taking input`() async throws {
        try await ScratchDirectory.with("ship") { directory in
            let files = try authority(directory)
            let aggregator = AggregatorDouble()
            try await aggregator.listening(files) { url in
                let rig = try await Rig.open(directory)
                try await shipping(rig, settings(url, files)) {
                    try await waitUntil("an epoch is granted") { aggregator.snapshot.epoch == 1 }
                    aggregator.state.withLock { $0.epoch = 2 }
                    try await push(rig, 1)
                    try await waitUntil("the intake switch is closed") {
                        rig.parts.intakeSwitch.closedFor.contains(.fenced)
                    }
                    #expect(rig.board.currentShipping.isFenced)
                }
                #expect(aggregator.snapshot.counted.isEmpty)
                #expect(await rig.writer.unshipped().count == 1)
            }
        }
    }

    @Test func `an offline start seals and ships when the aggregator appears`() async throws {
        try await ScratchDirectory.with("ship") { directory in
            let files = try authority(directory)
            let rig = try await Rig.open(directory)
            let aggregator = AggregatorDouble()
            // A port that was just free: nobody listens there.
            let client = AggregatorClient(settings: settings("https://localhost:1", files), version: "test")
            let answer = await client.requestEpoch(.init(), spoolID: rig.opened.spoolID)
            await client.shutDown()
            guard case .later(let delay) = answer else { return #expect(Bool(false), "answered by nobody") }
            #expect(delay.cause == .unreachable)
            try await push(rig, 2)
            try await aggregator.listening(files) { url in
                try await shipping(rig, settings(url, files)) {
                    try await waitUntil("two are counted") { aggregator.snapshot.counted.count == 2 }
                }
            }
        }
    }

    @Test func `a foreign certificate gets nothing through and a replaced one does`() async throws {
        try await ScratchDirectory.with("ship") { directory in
            let files = try authority(directory)
            let foreign = try CertificateAuthority.create(trustDomain: "steelyard.local")
            try issueCollector(foreign, files)
            let own = try CertificateAuthority.load(from: files)
            let aggregator = AggregatorDouble()
            try await aggregator.listening(files) { url in
                let rig = try await Rig.open(directory)
                try await push(rig, 1)
                try await shipping(rig, settings(url, files)) {
                    try await waitUntil("the handshake failed") { !rig.board.currentShipping.lastProblem.isEmpty }
                    #expect(aggregator.snapshot.epochsGranted == 0)
                    try issueCollector(own, files)
                    try await waitUntil("the batch is counted") { aggregator.snapshot.counted.count == 1 }
                }
            }
        }
    }

    @Test func `stopping seals and ships what is open`() async throws {
        try await ScratchDirectory.with("ship") { directory in
            let files = try authority(directory)
            let aggregator = AggregatorDouble()
            try await aggregator.listening(files) { url in
                let rig = try await Rig.open(directory)
                try await shipping(rig, settings(url, files)) {
                    try await waitUntil("an epoch is granted") { rig.board.currentShipping.isConnected }
                    try await rig.writer.commit(try Pushed.rows(Array(Lines.event().utf8), rig), quarantine: [])
                }
                #expect(aggregator.snapshot.events == 1)
            }
        }
    }
}
