// Pieces that come back: zeros where zeros were asked for, whatever stood there, and pages for the system where many are idle.
// Pieces that are new: cleared by whoever is first, and never after they were given out.

import Engine
import Snapshot
import Synchronization
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

    @Test func clearingAheadTouchesNothingThatIsGivenOut() {
        let size = 300_001
        let isOver = Atomic(false)
        let wrong = Atomic(0)
        threadedFor(threads: 2)(2) { thread in
            if thread == 1 {
                while !isOver.load(ordering: .acquiring) { StoreMemory.clearAhead() }
                return
            }
            var pieces: [UnsafeMutableRawPointer] = []
            for number in 1...320 {
                let piece = StoreMemory.allocateZeroed(size)
                let words = UnsafeRawBufferPointer(start: piece, count: size)
                if !words.allSatisfy({ $0 == 0 }) { wrong.add(1, ordering: .relaxed) }
                piece.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: number | 1), count: size)
                pieces.append(piece)
            }
            for (index, piece) in pieces.enumerated() {
                let expected = UInt8(truncatingIfNeeded: (index + 1) | 1)
                let words = UnsafeRawBufferPointer(start: piece, count: size)
                if !words.allSatisfy({ $0 == expected }) { wrong.add(1, ordering: .relaxed) }
                StoreMemory.deallocate(piece, size)
            }
            isOver.store(true, ordering: .releasing)
        }
        #expect(wrong.load(ordering: .relaxed) == 0)
    }

    #if !DEBUG
        /// Wherever in a page the last piece ended: the system refuses ranges that begin within one.
        @Test func clearingAheadGoesOn() {
            let size = 900_001
            var pieces: [UnsafeMutableRawPointer] = []
            func clear() -> Int {
                let before = StoreMemory.clearedAheadBytes
                for _ in 0..<5 { pieces.append(StoreMemory.allocate(size)) }
                StoreMemory.clearAhead()
                return StoreMemory.clearedAheadBytes - before
            }
            // An older system does not know the wish.
            let first = clear()
            let further = (0..<40).reduce(0) { sum, _ in sum + clear() }
            if first > 0 { #expect(further > 100 << 20) }
            for piece in pieces { StoreMemory.deallocate(piece, size) }
        }
    #endif
}
