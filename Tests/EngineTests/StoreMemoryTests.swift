// Pieces that come back: zeros where zeros were asked for, whatever stood there, and pages for the system where many are idle.

import Engine
import Testing

@Suite struct StoreMemoryTests {
    @Test func idlePiecesAreZeroedAndGivenUp() {
        let sizes = [1 << 10, 40_000, 65_536, 65_537, 131_072, 300_001, 1 << 20]
        for size in sizes {
            // More than the 64 MiB that are kept idle in any case.
            let count = (160 << 20) / max(size, 64 << 10)
            for _ in 0..<2 {
                var pieces: [UnsafeMutableRawPointer] = []
                var wrong = 0
                for number in 0..<count {
                    let piece = StoreMemory.allocateZeroed(size)
                    for offset in 0..<size where piece.load(fromByteOffset: offset, as: UInt8.self) != 0 { wrong += 1 }
                    piece.initializeMemory(
                        as: UInt8.self,
                        repeating: UInt8(truncatingIfNeeded: number | 1),
                        count: size
                    )
                    pieces.append(piece)
                }
                #expect(wrong == 0, "\(size) bytes")
                let before = StoreMemory.idleBytes
                for (number, piece) in pieces.enumerated() {
                    let last = piece.load(fromByteOffset: size - 1, as: UInt8.self)
                    if last != UInt8(truncatingIfNeeded: number | 1) { wrong += 1 }
                    StoreMemory.deallocate(piece, size)
                }
                #expect(wrong == 0, "\(size) bytes")
                if size >= 65_536 { #expect(StoreMemory.idleBytes - before < 128 << 20) }
            }
        }
    }
}
