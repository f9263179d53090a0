// What libFuzzer calls: compiled and linked by tools/fuzz, and by nothing else. The environment says which decoder is asked.

import FuzzTargets
import Glibc

/// Once, before anything else. Writes what the search begins with into the folder KITH_FUZZ_SEEDS.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_: UnsafeMutablePointer<CInt>, _: UnsafeMutableRawPointer) -> CInt {
    guard let folder = getenv("KITH_FUZZ_SEEDS") else { return 0 }
    for (number, seed) in target.seeds.enumerated() {
        let path = "\(String(cString: folder))/seed-\(number)"
        guard let file = fopen(path, "w") else { fatalError("\(path): \(String(cString: strerror(errno)))") }
        fwrite(seed, 1, seed.count, file)
        fclose(file)
    }
    return 0
}

/// One input.
@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target.run(UnsafeRawBufferPointer(start: bytes, count: count))
    return 0
}

private let target: FuzzTarget = {
    let name = getenv("KITH_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else { fatalError("there is no target '\(name)'") }
    return target
}()
