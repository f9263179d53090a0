// swift-tools-version: 6.1
import PackageDescription

// Dependency order, top to bottom, is the architecture: see docs/architecture.md.
// No target but tests carries unsafe flags, so that other packages can depend on Kith by URL.

let package = Package(
    name: "Kith",
    products: [
        .library(name: "Kith", targets: ["Kith"]),
        .library(name: "KithNet", targets: ["Net"]),
        .executable(name: "kith", targets: ["kith"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CExpat", providers: [.apt(["libexpat1-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CGMime", providers: [.apt(["libgmime-3.0-dev"])]),
        .systemLibrary(name: "CXML2", providers: [.apt(["libxml2-dev"])]),
        .target(name: "CKernels"),
        .target(name: "Engine", dependencies: ["CKernels"]),
        .target(name: "Snapshot", dependencies: ["Engine", "CKernels", "CZstd", "COpenSSL"]),
        .target(name: "FetchXML", dependencies: ["Engine", "CExpat"]),
        .target(name: "CRM", dependencies: ["Engine"]),
        .target(name: "Kith", dependencies: ["Engine", "CRM", "FetchXML", "Snapshot"]),
        .target(
            name: "Net",
            dependencies: [
                "Engine", "CRM", "FetchXML", "Kith", "CKernels",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(name: "StrictYAML", dependencies: ["Engine", .product(name: "Yams", package: "Yams")]),
        .target(name: "SchemaFile", dependencies: ["Engine", "StrictYAML"]),
        .target(name: "Import", dependencies: ["Engine", "Kith", "StrictYAML", "CZlib", "COpenSSL"]),
        .target(name: "Demo", dependencies: ["Engine", "Kith"]),
        .target(name: "CRMark", dependencies: ["Engine", "Kith", "Demo"]),
        .target(name: "Router", dependencies: ["CGMime", "CXML2", "COpenSSL"]),
        .target(
            name: "RouterNet",
            dependencies: [
                "Router", "Net", "Kith", "CRM", "Snapshot", "Engine", "CKernels", "COpenSSL",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        // Glibc's module has no epoll.
        .systemLibrary(name: "CPoll"),
        .target(name: "Bench", dependencies: ["Engine", "Kith", "Net", "CRMark", "CKernels", "CPoll"]),
        .executableTarget(
            name: "kith",
            dependencies: [
                "Engine", "CRM", "FetchXML", "Snapshot", "Kith", "Net", "Import", "SchemaFile", "Demo", "CRMark",
                "Bench", "Router", "RouterNet",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .executableTarget(name: "embed", dependencies: ["Kith"], path: "Examples/Embed"),
        // What several test targets use; no product, so nobody who depends on Kith builds it.
        .target(name: "TestSupport", dependencies: ["Engine", "Snapshot"], path: "Tests/TestSupport"),
        // Whether recorded calls can be explained by one order: knows nothing of Kith.
        .target(name: "Linearizability", path: "Tests/Linearizability"),
        .systemLibrary(name: "CSQLite", path: "Tests/CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .target(name: "SQLiteOracle", dependencies: ["Engine", "CSQLite"], path: "Tests/SQLiteOracle"),
        // Every decoder of bytes from outside, for the fuzzer and for FuzzTests.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Engine", "CRM", "FetchXML", "Import", "Kith", "Net", "Router", "RouterNet", "SchemaFile",
                "TestSupport",
            ],
            path: "Tests/FuzzTargets"
        ),
        .testTarget(
            name: "EngineTests",
            dependencies: ["Engine", "Snapshot", "TestSupport", "SQLiteOracle"],
            resources: [.copy("Scripts")]
        ),
        .testTarget(
            name: "FetchXMLTests",
            dependencies: ["Engine", "FetchXML"],
            resources: [.copy("Documents")]
        ),
        .testTarget(
            name: "CRMTests",
            dependencies: ["CRM", "Engine", "Snapshot", "TestSupport"],
            exclude: ["Activities/Golden"],
            resources: [.copy("Scripts")]
        ),
        .testTarget(name: "SnapshotTests", dependencies: ["Snapshot", "Engine", "TestSupport"]),
        .testTarget(
            name: "KithTests",
            dependencies: ["Kith", "CRM", "Engine", "Snapshot", "Demo", "TestSupport"],
            exclude: ["Golden"]
        ),
        .testTarget(
            name: "NetTests",
            dependencies: ["Net", "Kith", "CRM", "Engine", "Snapshot", .product(name: "Logging", package: "swift-log")]
        ),
        .testTarget(
            name: "ImportTests",
            dependencies: ["Import", "SchemaFile", "Kith", "Engine", "Snapshot", "TestSupport", "SQLiteOracle"]
        ),
        .testTarget(
            name: "SchemaFileTests",
            dependencies: ["SchemaFile", "Engine", "Snapshot", "TestSupport"],
            exclude: ["standard.yaml"]
        ),
        .testTarget(
            name: "CRMarkTests",
            dependencies: [
                "CRMark", "Bench", "Net", "Kith", "Engine", "Snapshot", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "Kith", "CRM", "Engine", "Net", "Snapshot", "TestSupport", "Linearizability",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(name: "RouterTests", dependencies: ["Router"], exclude: ["Reference"]),
        .testTarget(
            name: "RouterNetTests",
            dependencies: [
                "RouterNet", "Router", "Net", "Kith", "CRM", "Engine", "Snapshot", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(name: "LinearizabilityTests", dependencies: ["Linearizability"]),
        .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets", "Engine", "Snapshot"], exclude: ["Cases"]),
    ],
    swiftLanguageModes: [.v6]
)

// These tests are compiled without optimising, in half the time: what they test is optimised. The others compare it with models of
// their own, which would be slow. Who depends on Kith never builds tests, so that the unsafe flag is none of theirs.
let optimised: Set = ["EngineTests", "SnapshotTests", "KithTests", "CRMarkTests", "LinearizabilityTests", "FuzzTests"]
for target in package.targets where target.type == .test && !optimised.contains(target.name) {
    target.swiftSettings = [.unsafeFlags(["-Onone"])]
}
