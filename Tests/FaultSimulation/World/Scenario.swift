internal import UsageModel

/// What may happen in one simulation. The seed picks some of the faults, not all: two that come often hide a third.
struct Scenario {
    var collectors = 1
    /// How long faults go on, in milliseconds.
    var lengthMilliseconds: Int64 = 60_000
    /// Mean time between two faults, in milliseconds.
    var meanBetweenFaults: Int64 = 5_000
    /// Kinds of faults that happen.
    var faults: [FaultKind] = []
    /// Background faults of every disk.
    var disk = DiskFaults()
    var network: NetworkFaults
    /// Requests in a thousand whose transaction ends without an answer: half committed, half not.
    var unknownCommits = 0
    /// Events of pushed requests, in a thousand, that are refused by the parser.
    var rubbish = 0
    var sealAgeMilliseconds: Int64 = 3_000
    var sealRows = 8
    var segmentBytes: UInt64 = 4_096
    var rotation = LogWriter.Rotation.never
    /// What records of one id in the log are to each other; `nil` where they have none.
    var repeats: IDRepeats?

    init(_ random: inout SimulationRandom) {
        network = NetworkFaults(&random)
        collectors = 1 + random.below(3)
        lengthMilliseconds = random.within(5_000...45_000)
        meanBetweenFaults = random.within(500...6_000)
        let mayRestore = random.chance(300)
        for kind in FaultKind.allCases where random.chance(400) {
            switch kind {
            // A short disk gives up its archive early, and a database that went back in time needs it.
            case .diskFull where mayRestore: break
            case .databaseRestored where !mayRestore: break
            default: faults.append(kind)
            }
        }
        if random.chance(400) { disk.errors = random.below(20) }
        if random.chance(300) { disk.readErrors = random.below(50) }
        if random.chance(300) { disk.shortWrites = random.below(300) }
        if random.chance(300) { disk.interruptions = random.below(200) }
        if random.chance(400) { unknownCommits = random.below(200) }
        if random.chance(400) { rubbish = random.below(200) }
        sealAgeMilliseconds = random.within(500...5_000)
        sealRows = 1 + random.below(12)
        segmentBytes = UInt64(512 << random.below(6))
        rotation = LogWriter.Rotation.allCases[random.below(LogWriter.Rotation.allCases.count)]
    }

    /// Told from the seed and not by chance, so that the other seeds make happen what they did.
    mutating func setRepeats(of seed: UInt64) {
        guard seed % 3 == 0 else { return }
        repeats = IDRepeats.allCases[Int(seed / 3 % UInt64(IDRepeats.allCases.count))]
        // A short disk forgets ids early, and what they stand for may count again.
        faults.removeAll { $0 == .diskFull }
    }
}

/// A fault that comes at a moment.
enum FaultKind: String, CaseIterable {
    case kill
    /// In the middle of one of the next calls of the file system.
    case killInCall = "kill-in-call"
    case powerCut = "power-cut"
    case powerCutInCall = "power-cut-in-call"
    /// SIGTERM, and a start.
    case restart
    /// SIGSTOP for a while.
    case pause
    /// Every write fails for a while.
    case diskFailing = "disk-failing"
    case diskFull = "disk-full"
    case partition
    case databaseDown = "database-down"
    /// The database goes back to a backup.
    case databaseRestored = "database-restored"
    case clockJump = "clock-jump"
}

/// What the network does to requests and answers, in a thousand.
struct NetworkFaults {
    var lostRequests = 0
    var lostAnswers = 0
    /// Of batches and look-ups: a copy arrives later as well.
    var copies = 0
    var slow = 0

    /// How long an ordinary way takes, in milliseconds.
    static let way: ClosedRange<Int64> = 1...40
    /// How long a slow way takes.
    static let slowWay: ClosedRange<Int64> = 1_000...20_000
    /// How late a copy comes.
    static let copyDelay: ClosedRange<Int64> = 1...60_000

    init(_ random: inout SimulationRandom) {
        if random.chance(400) { lostRequests = random.below(200) }
        if random.chance(500) { lostAnswers = random.below(300) }
        if random.chance(400) { copies = random.below(300) }
        if random.chance(300) { slow = random.below(200) }
    }
}
