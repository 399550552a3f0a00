// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "quartiled",
    products: [
        .executable(name: "quartiled", targets: ["quartiled"]),
        .executable(name: "quartilectl", targets: ["quartilectl"]),
        .executable(name: "quartile-sandbox", targets: ["quartile-sandbox"]),
        .library(name: "QuartileClient", targets: ["QuartileClient"]),
        // For faults of the clock: a library that only LD_PRELOAD loads.
        .library(name: "ClockSeam", type: .dynamic, targets: ["ClockSeam"]),
    ],
    // Pinned exactly: a `Package.resolved` is not kept in this repository.
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1.git", exact: "1.7.4"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // The pure leaves: no input, no output, no clock.
        .target(
            name: "QuartileCore",
            dependencies: [
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "OrderedCollections", package: "swift-collections"),
            ]
        ),
        .target(name: "QuartileWire"),

        // The client's side.
        .target(name: "QuartileClient", dependencies: ["QuartileWire"]),
        .target(name: "EarlyStart"),
        .executableTarget(
            name: "quartilectl",
            dependencies: [
                "EarlyStart", "QuartileClient", "QuartileWire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["LinkOrder.txt"],
            // Starts ten times faster than a dynamic build, which get-token feels. What get-token touches lies side by side
            // (Scripts/link-order), code and constants too, which halves the page faults that are left.
            linkerSettings: [
                .unsafeFlags(
                    [
                        "-static-executable", "-use-ld=lld", "-Xlinker", "--no-rosegment",
                        "-Xlinker", "--no-warn-symbol-ordering", "-Xlinker",
                        "--symbol-ordering-file=\(Context.packageDirectory)/Sources/quartilectl/LinkOrder.txt",
                    ],
                    .when(configuration: .release)
                )
            ]
        ),

        // The daemon's side.
        .systemLibrary(name: "CLinux"),
        .target(
            name: "QuartileDaemon",
            dependencies: [
                "CLinux", "QuartileCore", "QuartileWire",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ]
        ),
        .target(name: "ZeroOnFree"),
        .executableTarget(
            name: "quartiled",
            dependencies: [
                "QuartileDaemon", "ZeroOnFree",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            // Nobody loads the daemon as a library: with no symbols to offer it is 5 MB smaller, of which half would be
            // resident. What its own libraries are to find in it, free(3), the linker leaves there.
            linkerSettings: [.unsafeFlags(["-Xlinker", "--no-export-dynamic"], .when(configuration: .release))]
        ),

        // The API to try things against. Shares no code with the daemon.
        .executableTarget(
            name: "quartile-sandbox",
            dependencies: [
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),

        .testTarget(name: "QuartileCoreTests", dependencies: ["QuartileCore"]),
        .testTarget(name: "QuartileWireTests", dependencies: ["QuartileWire"]),
        .testTarget(name: "QuartileClientTests", dependencies: ["QuartileClient", "QuartileWire"]),
        .testTarget(
            name: "quartilectlTests",
            dependencies: [
                "quartilectl", "QuartileClient", "QuartileWire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .testTarget(
            name: "QuartileDaemonTests",
            dependencies: [
                "EndToEndHarness", "QuartileCore", "QuartileDaemon", "QuartileWire", "quartile-sandbox",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "SandboxTests",
            dependencies: [
                "quartile-sandbox",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),

        // What drives the built programs: tests, and faults injected into them.
        .target(name: "EndToEndHarness", path: "Tests/EndToEndHarness"),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "EndToEndHarness", "QuartileWire", "quartiled", "quartilectl", "quartile-sandbox",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]
        ),
        .target(name: "ClockSeam", path: "Tests/ClockSeam"),
        .executableTarget(
            name: "fault-injection",
            dependencies: [
                "EndToEndHarness",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/FaultInjection"
        ),
        .executableTarget(
            name: "benchmark",
            dependencies: [
                "EndToEndHarness",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Benchmark",
            exclude: ["Floor"]
        ),
    ]
)

// The programs of Scripts/fuzz, and of the daemon only what they feed: the readers of what comes from outside, which
// build in a fraction of the time.
if Context.environment["QUARTILED_FUZZING"] != nil {
    package.products = []
    package.targets.removeAll { !["QuartileCore", "QuartileWire"].contains($0.name) }
    package.targets += [
        .target(
            name: "QuartileDaemon",
            dependencies: [
                "QuartileCore", "QuartileWire",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Yams", package: "Yams"),
            ],
            exclude: [
                "CertificateFacts", "CertificatePath", "CertificateProbe", "CertificateRefusal", "HTTPPoster",
                "QuartileAuthAPI", "TransportFault+NIO", "TrustRoots",
            ].map { "Upstream/\($0).swift" },
            sources: [
                "Configuration", "Process/Errno.swift", "Process/RegularFile.swift", "Socket/PeerCredentials.swift",
                "Socket/SystemdUnit.swift", "Store/KeySourceKind.swift", "Upstream",
            ]
        ),
        .target(name: "FuzzSupport", path: "Tests/Fuzzing/Support"),
        .executableTarget(
            name: "fuzz-wire",
            dependencies: ["FuzzSupport", "QuartileWire"],
            path: "Tests/Fuzzing/Wire"
        ),
        .executableTarget(
            name: "fuzz-token-answers",
            dependencies: ["FuzzSupport", "QuartileCore", "QuartileDaemon", "QuartileWire"],
            path: "Tests/Fuzzing/TokenAnswers"
        ),
        .executableTarget(
            name: "fuzz-configuration",
            dependencies: ["FuzzSupport", "QuartileCore", "QuartileDaemon"],
            path: "Tests/Fuzzing/Configuration"
        ),
    ]
}

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InferIsolatedConformances"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
    ]
}
