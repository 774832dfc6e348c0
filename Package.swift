// swift-tools-version: 6.2
import PackageDescription

// One rule for every target: Swift 6 language mode, strict memory safety, explicit import access, and no warnings.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]

// Of the event path: functions are also optimized together with those of other modules that they call for each event.
let eventPath: [SwiftSetting] =
    strict + [.unsafeFlags(["-cross-module-optimization"], .when(configuration: .release))]

// Generated protobuf code is not ours to make pretty: same language mode, no strictness on top.
let generated: [SwiftSetting] = [.swiftLanguageMode(.v6)]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let grpcCore: Target.Dependency = .product(name: "GRPCCore", package: "grpc-swift-2")
let grpcTransport: Target.Dependency = .product(
    name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTP2: Target.Dependency = .product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let package = Package(
    name: "steelyard",
    products: [
        .executable(name: "steelyard", targets: ["steelyard"]),
        .executable(name: "steelyard-collector", targets: ["steelyard-collector"]),
        .executable(name: "steelyard-table-reader", targets: ["steelyard-table-reader"]),
        .executable(name: "steelyard-aggregator", targets: ["steelyard-aggregator"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1.git", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", "4.5.2"..<"5.0.0"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/grpc/grpc-swift-2.git", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport.git", from: "2.9.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.6.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // MARK: System libraries
        .systemLibrary(name: "CFileStatus"),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CMemory"),
        .systemLibrary(name: "CProcessor"),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),

        // MARK: Pure parts
        .target(name: "UsageModel", swiftSettings: eventPath),
        .target(name: "TextFormats", dependencies: ["UsageModel", yams], swiftSettings: strict),
        .target(
            name: "Scopes", dependencies: ["UsageModel", "TextFormats", crypto], resources: [.copy("BuiltIn")],
            swiftSettings: strict),
        .target(name: "APIModel", dependencies: ["Scopes", "TextFormats"], swiftSettings: strict),
        .target(name: "SourceFormats", dependencies: ["CProcessor", "UsageModel"], swiftSettings: eventPath),
        .target(
            name: "Market", dependencies: ["UsageModel", "TextFormats", "Scopes"], resources: [.copy("BuiltIn")],
            swiftSettings: strict),

        .target(name: "Reporting", dependencies: ["UsageModel", "TextFormats", "Scopes"], swiftSettings: strict),

        // MARK: Wire and disk
        .target(name: "WireProtocol", dependencies: [protobuf], swiftSettings: generated),
        .target(
            name: "BatchFormat", dependencies: ["UsageModel", "CProcessor", "CZstd", "WireProtocol", protobuf, crypto],
            swiftSettings: eventPath),
        .target(name: "Spool", dependencies: ["UsageModel"], swiftSettings: strict),
        .target(
            name: "CollectorCore",
            dependencies: ["UsageModel", "SourceFormats", "BatchFormat", "Spool", "CZstd", crypto],
            swiftSettings: eventPath),

        // MARK: Database
        .target(name: "Postgres", dependencies: ["UsageModel", "CLibPQ", logging, nioPosix], swiftSettings: strict),
        .target(
            name: "Store",
            dependencies: [
                "UsageModel", "TextFormats", "Scopes", "Reporting", "BatchFormat", "Postgres", crypto, logging,
            ],
            resources: [.copy("Migrations")], swiftSettings: strict),

        // MARK: What both daemons share
        .target(name: "Settings", dependencies: ["UsageModel", "TextFormats"], swiftSettings: strict),
        .target(name: "Telemetry", dependencies: ["UsageModel", logging], swiftSettings: strict),
        .target(
            name: "DaemonSupport",
            dependencies: ["CMemory", "Settings", "Telemetry", argumentParser, lifecycle, logging, unixSignals],
            swiftSettings: strict),
        .target(
            name: "HTTPSupport",
            dependencies: [
                "UsageModel", "TextFormats", "Telemetry", "Identity", httpTypes, hummingbird, lifecycle, logging,
                nioCore,
                nioHTTP1, nioSSL,
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdHTTP2", package: "hummingbird"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "Identity", dependencies: ["CFileStatus", "UsageModel", asn1, crypto, x509], swiftSettings: strict),

        .target(name: "TableReading", swiftSettings: strict),

        // MARK: The daemons
        .target(
            name: "Collector",
            dependencies: [
                "UsageModel", "SourceFormats", "BatchFormat", "Spool", "CollectorCore", "Settings", "Telemetry",
                "DaemonSupport", "HTTPSupport", "Identity", "TableReading", "TextFormats",
                asyncHTTPClient, grpcCore, grpcTransport, httpTypes, hummingbird, lifecycle, logging, nioCore, nioHTTP1,
                nioHTTP2, nioPosix, nioSSL, subprocess, systemPackage, unixSignals,
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdHTTP2", package: "hummingbird"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
            ],
            swiftSettings: strict),
        .target(
            name: "Aggregator",
            dependencies: [
                "UsageModel", "TextFormats", "Scopes", "APIModel", "BatchFormat", "Reporting", "Store", "Postgres",
                "HTTPSupport", "Identity", "Settings", "Telemetry", "DaemonSupport", crypto, hummingbird, lifecycle,
                logging, nioCore, nioPosix,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdHTTP2", package: "hummingbird"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            resources: [.copy("OpenAPI/openapi.yaml")],
            swiftSettings: strict),
        .target(
            name: "EmbeddedPostgres", dependencies: ["CFileStatus", subprocess, systemPackage, logging],
            swiftSettings: strict),

        // MARK: Executables
        .executableTarget(
            name: "steelyard-collector",
            dependencies: [
                "UsageModel", "Collector", "DaemonSupport", "Identity", "Telemetry", argumentParser, logging,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "steelyard-table-reader",
            dependencies: ["Postgres", "TableReading", "UsageModel", argumentParser], swiftSettings: strict),
        .executableTarget(
            name: "steelyard-aggregator",
            dependencies: [
                "UsageModel", "APIModel", "Aggregator", "DaemonSupport", "Identity", "Reporting", "Store", "Postgres",
                "Telemetry", argumentParser, logging,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "steelyard",
            dependencies: [
                "UsageModel", "TextFormats", "Scopes", "APIModel", "Market", "Identity", "EmbeddedPostgres",
                argumentParser,
                asyncHTTPClient, logging, nioCore, nioHTTP1, nioSSL, subprocess, systemPackage, unixSignals,
            ],
            swiftSettings: strict),

        // MARK: Tests
        .target(
            name: "FaultSimulation",
            dependencies: ["UsageModel", "SourceFormats", "BatchFormat", "Spool", "CollectorCore", crypto],
            path: "Tests/FaultSimulation", swiftSettings: strict),
        .executableTarget(
            name: "simulate-faults", dependencies: ["FaultSimulation", argumentParser], path: "Tests/simulate-faults",
            swiftSettings: strict),
        .target(
            name: "TestSupport",
            dependencies: ["EmbeddedPostgres", "Postgres", "Settings", "Store", "UsageModel", logging],
            path: "Tests/TestSupport", swiftSettings: strict),
        .target(
            name: "TestHarness",
            dependencies: [
                "UsageModel", "BatchFormat", "Postgres", "Identity", "TestSupport", asyncHTTPClient, logging, nioCore,
                nioHTTP1, nioSSL,
            ],
            path: "Tests/TestHarness", swiftSettings: strict),
        .executableTarget(
            name: "bench-fill",
            dependencies: ["BatchFormat", "Postgres", "Store", "UsageModel", argumentParser, logging],
            path: "Tests/bench-fill", swiftSettings: strict),
        .executableTarget(
            name: "Torture",
            dependencies: [
                "UsageModel", "BatchFormat", "Spool", "EmbeddedPostgres", "TestHarness", "TestSupport", argumentParser,
                logging,
            ],
            path: "Tests/Torture", swiftSettings: strict),
        .testTarget(name: "UsageModelTests", dependencies: ["UsageModel"], swiftSettings: strict),
        .testTarget(name: "APIModelTests", dependencies: ["APIModel", "Scopes", "TextFormats"], swiftSettings: strict),
        .testTarget(name: "TextFormatsTests", dependencies: ["TestSupport", "TextFormats"], swiftSettings: strict),
        .testTarget(
            name: "SourceFormatsTests", dependencies: ["SourceFormats", "CollectorCore", "BatchFormat", "UsageModel"],
            swiftSettings: strict),
        .target(
            name: "ScopesTestSupport", dependencies: ["Scopes", "UsageModel"], path: "Tests/ScopesTestSupport",
            swiftSettings: strict),
        .testTarget(
            name: "ScopesTests",
            dependencies: ["Scopes", "ScopesTestSupport", "TestSupport", "TextFormats", "UsageModel"],
            swiftSettings: strict),
        .testTarget(
            name: "ReportingTests", dependencies: ["Reporting", "Scopes", "UsageModel", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "MarketTests",
            dependencies: ["Market", "UsageModel", "TextFormats", "Scopes", "ScopesTestSupport", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "BatchFormatTests", dependencies: ["BatchFormat", "UsageModel", "CZstd", "WireProtocol", protobuf],
            swiftSettings: strict),
        .target(
            name: "SpoolTestSupport", dependencies: ["Spool"], path: "Tests/SpoolTestSupport", swiftSettings: strict),
        .testTarget(
            name: "SpoolTests", dependencies: ["Spool", "SpoolTestSupport", "UsageModel"], swiftSettings: strict),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "UsageModel", "SourceFormats", "BatchFormat", "Spool", "SpoolTestSupport", "Scopes", "Settings",
                "TextFormats",
            ],
            path: "Tests/FuzzTargets", exclude: ["Corpus"], swiftSettings: strict),
        .testTarget(name: "FuzzCorpusTests", dependencies: ["FuzzTargets"], swiftSettings: strict),
        .testTarget(
            name: "FaultSimulationTests",
            dependencies: ["FaultSimulation", "BatchFormat", "Spool", "UsageModel"],
            swiftSettings: strict),
        .testTarget(name: "SanitizerControlTests", swiftSettings: strict),
        .testTarget(name: "SettingsTests", dependencies: ["Settings"], swiftSettings: strict),
        .testTarget(
            name: "IdentityTests", dependencies: ["Identity", "UsageModel", asn1, crypto, x509], swiftSettings: strict),
        .testTarget(
            name: "PostgresTests", dependencies: ["Postgres", "TestSupport", "UsageModel", logging],
            swiftSettings: strict),
        .testTarget(
            name: "EmbeddedPostgresTests", dependencies: ["EmbeddedPostgres", "Postgres", "TestSupport", logging],
            swiftSettings: strict),
        .testTarget(name: "TelemetryTests", dependencies: ["Telemetry", logging], swiftSettings: strict),
        .testTarget(
            name: "StoreTests",
            dependencies: [
                "BatchFormat", "Reporting", "Store", "Postgres", "Scopes", "ScopesTestSupport", "TextFormats",
                "UsageModel",
                "TestSupport",
                crypto, logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CollectorCoreTests",
            dependencies: ["CollectorCore", "SourceFormats", "BatchFormat", "FaultSimulation", "Spool", "UsageModel"],
            swiftSettings: strict),
        .testTarget(
            name: "HTTPSupportTests",
            dependencies: [
                "HTTPSupport", "TestSupport", "TextFormats", httpTypes, hummingbird, lifecycle, logging, nioCore,
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CollectorTests",
            dependencies: [
                "Collector", "CollectorCore", "SourceFormats", "BatchFormat", "Spool", "Settings", "TableReading",
                "Telemetry",
                "UsageModel", "Identity", "HTTPSupport", "TestSupport", httpTypes, hummingbird, lifecycle, logging,
                nioCore,
                nioPosix, nioSSL,
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "AggregatorTests",
            dependencies: [
                "Aggregator", "APIModel", "BatchFormat", "HTTPSupport", "Reporting", "Store", "Postgres", "Scopes",
                "TextFormats",
                "Identity",
                "Settings", "Telemetry", "UsageModel", "TestHarness", "TestSupport", asyncHTTPClient, crypto, lifecycle,
                logging,
                nioCore,
                nioHTTP1,
                nioPosix, nioSSL, yams,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CommandLineTests",
            dependencies: [
                "steelyard", "steelyard-collector", "steelyard-aggregator", "APIModel", "Identity", "Scopes",
                "UsageModel",
                argumentParser, subprocess, systemPackage,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "UsageModel", "BatchFormat", "EmbeddedPostgres", "Identity", "TestHarness", "TestSupport", "steelyard",
                "steelyard-collector", "steelyard-table-reader",
                "steelyard-aggregator",
            ],
            swiftSettings: strict),
    ]
)

// STEELYARD_ONLY names targets with commas between: only these and what they need, and no packages where they need
// none. It is for tools that build the same few suites again and again (`Tests/Tools/mutants`) or in another way
// (`Tests/Tools/sanitize`). SwiftPM has nothing simpler that is as fast: it links all test targets into one product, so
// `--build-tests` compiles whatever depends on a changed target (minutes instead of seconds), and `--target` compiles
// one target and links nothing to run.
if let only = Context.environment["STEELYARD_ONLY"] {
    var names = Set(only.split(separator: ",").map(String.init))
    var added = names
    while !added.isEmpty {
        let dependencies = package.targets.filter { added.contains($0.name) }.flatMap(\.dependencies)
        added = Set(
            dependencies.compactMap { if case .byNameItem(let name, _) = $0 { name } else { nil } }
        ).subtracting(names)
        names.formUnion(added)
    }
    package.products = []
    package.targets.removeAll { !names.contains($0.name) }
    let needsPackages = package.targets.contains { target in
        target.dependencies.contains { if case .productItem = $0 { true } else { false } }
    }
    if !needsPackages { package.dependencies = [] }
}

// The benchmarks bring dependencies of their own, so they are part of the package only when asked for.
if Context.environment["STEELYARD_BENCHMARK"] == "1" {
    package.dependencies.append(.package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []))
    package.targets.append(
        .executableTarget(
            name: "SteelyardBenchmarks",
            dependencies: [
                "UsageModel", "SourceFormats", "BatchFormat", "Spool", "Store", "Postgres", "Aggregator", "Telemetry",
                "EmbeddedPostgres",
                logging,
                .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Tests/Benchmarks/SteelyardBenchmarks", swiftSettings: strict,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]))
}
