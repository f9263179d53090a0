// swift-tools-version: 6.1
import PackageDescription

// A package of its own. The suite itself, `kith-bench`, has no dependencies: it speaks the protocols of Kith and of its peers
// from their documents, so that it measures servers from outside, and building it costs seconds. What is measured without a
// server links the library as any program would: `kith-embedded` Kith, and `nio-echo` SwiftNIO.

let package = Package(
    name: "KithBenchmarks",
    dependencies: [
        .package(name: "Kith", path: ".."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        // Glibc's module has no epoll.
        .systemLibrary(name: "CEpoll"),
        .target(name: "BenchData"),
        .executableTarget(name: "kith-bench", dependencies: ["BenchData", "CEpoll"]),
        .executableTarget(name: "kith-embedded", dependencies: ["BenchData", .product(name: "Kith", package: "Kith")]),
        .executableTarget(
            name: "nio-echo",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)
