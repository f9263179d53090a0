// swift-tools-version: 6.1
import PackageDescription

// A package of its own without dependencies: it speaks the protocols of Kith and of its peers from their documents, so that
// it measures servers from outside, and building it costs seconds.

let package = Package(
    name: "KithBenchmarks",
    targets: [
        // Glibc's module has no epoll.
        .systemLibrary(name: "CEpoll"),
        .executableTarget(name: "kith-bench", dependencies: ["CEpoll"]),
    ],
    swiftLanguageModes: [.v6]
)
