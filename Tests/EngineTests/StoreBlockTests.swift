// Blocks of every layout against arrays, and their bytes: what is encoded comes back, and what is damaged ends in an error or
// in a block that can be read to its end, never in a trap.

import Engine
import Testing

@Suite struct StoreBlockTests {
    private static let layouts: [ColumnLayout] = [.code8, .code16, .int32, .int64, .id, .text]

    // MARK: Numbers

    private func number(_ layout: ColumnLayout, _ random: inout PropertyRandom) -> Int64 {
        let raw = Int64(bitPattern: random.next()) >> Int64(random.below(64))
        return switch layout {
        case .code8: Int64(UInt8(truncatingIfNeeded: raw))
        case .code16: Int64(UInt16(truncatingIfNeeded: raw))
        case .int32: random.below(50) == 0 ? Int64(Int32.min) : Int64(Int32(truncatingIfNeeded: raw))
        case .int64, .id, .text: random.below(50) == 0 ? [Int64.min, .max][random.below(2)] : raw
        }
    }

    private func check(_ block: Block, _ model: [Int64?], _ note: String) {
        let wrong = model.indices.filter { index in
            guard block.head.isValid(index) else { return model[index] != nil }
            return block.head.number(index, block.layout) != model[index]
        }
        #expect(wrong.isEmpty, "\(note), first at \(wrong.first ?? 0)")
        let values = model.compactMap { $0 }
        #expect(block.validCount == values.count, "\(note)")
        if let low = values.min(), let high = values.max() {
            #expect(block.minimum <= low && high <= block.maximum, "\(note)")
        }
    }

    private func roundTrip(_ block: Block) throws -> Block {
        var writer = ByteWriter()
        block.encode(into: &writer)
        return try writer.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            let decoded = try Block.decode(from: &reader)
            try reader.expectEnd()
            return decoded
        }
    }

    @Test(arguments: [ColumnLayout.code8, .code16, .int32, .int64, .id])
    func numbersAgreeWithAnArray(layout: ColumnLayout) throws {
        for seed in PropertyRandom.seeds(6) {
            var random = PropertyRandom(seed: seed)
            var block = Block(layout: layout)
            var model = [Int64?](repeating: nil, count: Block.rowCount)
            var copies: [(block: Block, model: [Int64?])] = []
            let reach = [40, 500, Block.rowCount][random.below(3)]
            for step in 0..<3_000 {
                let index = random.below(reach)
                switch random.below(8) {
                case 0:
                    block.setNull(index)
                    model[index] = nil
                case 1:
                    let count = min(random.below(200), reach - index)
                    let values = (0..<count).map { _ in number(layout, &random) }
                    var writer = ByteWriter()
                    for value in values {
                        switch layout.strideBytes {
                        case 1: writer.u8(UInt8(truncatingIfNeeded: value))
                        case 2: writer.u16(UInt16(truncatingIfNeeded: value))
                        case 4: writer.integer(Int32(truncatingIfNeeded: value))
                        default: writer.i64(value)
                        }
                    }
                    block.reserve(index + count)
                    writer.withUnsafeBytes { bytes in
                        guard let start = bytes.baseAddress, count > 0 else { return }
                        block.setNumbers(index, count, from: start)
                    }
                    for (offset, value) in values.enumerated() { model[index + offset] = value }
                default:
                    let value = number(layout, &random)
                    block.reserve(index + 1)
                    block.setNumber(index, value)
                    model[index] = value
                }
                if step % 700 == 699 {
                    copies.append((block, model))
                    block = block.copy()
                }
            }
            check(block, model, "seed \(seed)")
            check(try roundTrip(block), model, "seed \(seed), decoded")
            for copy in copies { check(copy.block, copy.model, "seed \(seed), copy") }
        }
    }

    /// The edges of the codes: nothing, one value, runs, constants, the widest span of each width, the ends of the numbers.
    @Test(arguments: [ColumnLayout.code8, .code16, .int32, .int64, .id])
    func edgesOfTheCodesComeBack(layout: ColumnLayout) throws {
        let ends: [Int64] =
            switch layout {
            case .code8: [0, 255]
            case .code16: [0, 65_535]
            case .int32: [Int64(Int32.min), Int64(Int32.max)]
            default: [.min, .max]
            }
        var cases: [[Int64?]] = [[], [nil], [ends[0]], [ends[1]], ends.map { $0 }, [ends[1], ends[0], ends[1]]]
        for span: Int64 in [0xFF, 0x100, 0xFFFF, 0x1_0000, 0xFFFF_FFFF, 0x1_0000_0000]
        where layout != .int32 || span < 1 << 31 {
            guard span <= ends[1] else { continue }
            cases.append([ends[0], nil, ends[0] &+ span])
            cases.append([ends[1] &- span, ends[1]])
            cases.append([ends[0] &+ span, ends[0], ends[0] &+ span &- 1])
        }
        for count in [2, 63, 64, 65, 8191, 8192] {
            cases.append((0..<count).map { Int64($0 % 100) })
            cases.append((0..<count).map { _ in ends[1] })
            if count <= ends[1] { cases.append((0..<count).map { ends[1] - Int64($0) }) }
            cases.append((0..<count).map { $0 % 3 == 0 ? nil : ends[$0 % 2] })
            cases.append((0..<count).map { $0 == count - 1 ? 5 : nil })
        }
        for (number, values) in cases.enumerated() {
            let block = Block(layout: layout, capacity: values.count)
            for (index, value) in values.enumerated() { if let value { block.setNumber(index, value) } }
            let decoded = try roundTrip(block)
            let model = values + Array(repeating: nil, count: Block.rowCount - values.count)
            check(decoded, model, "case \(number)")
            let present = values.compactMap { $0 }
            #expect(
                decoded.minimum == present.min() ?? .max && decoded.maximum == present.max() ?? .min,
                "case \(number)"
            )
        }
    }

    // MARK: Texts

    private func check(_ block: Block, _ model: [[UInt8]?], _ note: String) {
        let wrong = model.indices.filter { index in
            guard block.head.isValid(index) else { return model[index] != nil }
            return model[index].map { $0.elementsEqual(block.head.text(index)) } != true
        }
        #expect(wrong.isEmpty, "\(note), first at \(wrong.first ?? 0)")
    }

    @Test func textsAgreeWithAnArray() throws {
        for seed in PropertyRandom.seeds(8) {
            var random = PropertyRandom(seed: seed)
            var block = Block(layout: .text)
            var model = [[UInt8]?](repeating: nil, count: Block.rowCount)
            var copies: [(block: Block, model: [[UInt8]?])] = []
            let reach = [30, 400, Block.rowCount][random.below(3)]
            for step in 0..<4_000 {
                let index = random.below(reach)
                if random.below(8) == 0 {
                    block.setNull(index)
                    model[index] = nil
                } else {
                    // Around the seven bytes of a slot, and long ones that make the heap grow and be compacted.
                    let length =
                        random.below(300) == 0 ? random.below(40_000) : random.below(random.below(4) == 0 ? 200 : 10)
                    let bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                    block.reserve(index + 1)
                    bytes.withUnsafeBytes { block.setText(index, $0) }
                    model[index] = bytes
                }
                if step % 900 == 899 {
                    copies.append((block, model))
                    block = block.copy()
                }
            }
            check(block, model, "seed \(seed)")
            check(try roundTrip(block), model, "seed \(seed), decoded")
            for copy in copies { check(copy.block, copy.model, "seed \(seed), copy") }
        }
    }

    @Test func rewritingATextDoesNotGrowTheHeap() {
        let block = Block(layout: .text, capacity: 64)
        for round in 0..<5_000 {
            let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: round), count: 100 + round % 7)
            bytes.withUnsafeBytes { block.setText(round % 64, $0) }
        }
        // 64 texts of about 100 bytes live; at most as much again is garbage, and capacity doubles.
        #expect(block.memoryBytes < 64 * 1024)
    }

    /// Texts of one length take each other's place; the block that they were copied from keeps its own.
    @Test func textsOfOneLengthAreWrittenOver() throws {
        func text(_ row: Int, _ round: Int) -> [UInt8] { Array("+43 \(1_000_000 + row) \(1_000 + round)".utf8) }
        let first = Block(layout: .text, capacity: 256)
        for row in 0..<256 { text(row, 0).withUnsafeBytes { first.setText(row, $0) } }
        let block = first.copy()
        let bytes = block.memoryBytes
        for round in 1...40 { for row in 0..<256 { text(row, round).withUnsafeBytes { block.setText(row, $0) } } }
        #expect(block.memoryBytes == bytes)
        func model(_ round: Int) -> [[UInt8]?] {
            (0..<256).map { text($0, round) } + Array(repeating: nil, count: Block.rowCount - 256)
        }
        check(block, model(40), "written over")
        check(first, model(0), "copied from")
        check(try roundTrip(block), model(40), "decoded")
    }

    /// The texts of a chunk as a restart finds them, one after another replaced by another: what a year of updates does.
    @Test func heapsStayCloseToTheirTexts() throws {
        for count in [300, Block.rowCount] {
            let made = Block(layout: .text, capacity: count)
            func text(_ row: Int, _ round: Int) -> [UInt8] {
                Array("row \(row) in round \(round), ".utf8) + [UInt8](repeating: 1, count: 30)
            }
            for row in 0..<count { text(row, 0).withUnsafeBytes { made.setText(row, $0) } }
            let block = try roundTrip(made)
            let fixedBytes = block.capacity * 8 + Block.rowCount / 8
            let live = (0..<count).reduce(0) { $0 + text($1, 0).count }
            if count == Block.rowCount { #expect(made.memoryBytes - fixedBytes <= live / 8 * 9 + 64) }
            #expect(block.memoryBytes - fixedBytes == live)
            var random = PropertyRandom(seed: 1)
            var model = (0..<count).map { text($0, 0) as [UInt8]? }
            model += Array(repeating: nil, count: Block.rowCount - count)
            for round in 1...3 {
                for step in 0..<count {
                    let row = random.below(count)
                    model[row] = text(row, round)
                    text(row, round).withUnsafeBytes { block.setText(row, $0) }
                    if count == Block.rowCount, round == 1, step == 0 {
                        #expect(block.memoryBytes - fixedBytes < live / 7 * 8)
                    }
                }
                if count == Block.rowCount { #expect(block.memoryBytes - fixedBytes < live / 2 * 3, "round \(round)") }
            }
            check(block, model, "\(count) rows")
        }
    }

    @Test func longestTextComesBack() throws {
        let long = [UInt8](repeating: 0x61, count: Limits.textBytesMax)
        let model: [[UInt8]?] = [long, nil, [], Array("seven77".utf8), Array("eight888".utf8), long]
        let block = Block(layout: .text, capacity: model.count)
        for (index, text) in model.enumerated() { text?.withUnsafeBytes { block.setText(index, $0) } }
        check(try roundTrip(block), model, "longest")
    }

    // MARK: Hostile bytes

    private func sample(_ layout: ColumnLayout, _ random: inout PropertyRandom) -> [UInt8] {
        let count = 1 + random.below(150)
        let block = Block(layout: layout, capacity: count)
        let isRun = random.below(3) == 0
        for index in 0..<count where isRun || random.below(4) > 0 {
            if layout == .text {
                let bytes = (0..<random.below(12)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                bytes.withUnsafeBytes { block.setText(index, $0) }
            } else {
                block.setNumber(index, isRun ? Int64(index) : number(layout, &random))
            }
        }
        var writer = ByteWriter()
        block.encode(into: &writer)
        return writer.bytes
    }

    /// Reads every value of a block that decoded, writes to it and encodes it.
    private func use(_ block: Block) -> Int {
        var used = 0
        for index in 0..<Block.rowCount where block.head.isValid(index) {
            used &+= block.layout == .text ? block.head.text(index).count : Int(block.head.number(index, block.layout))
        }
        block.reserve(Block.rowCount)
        if block.layout == .text {
            Array("a text of some length".utf8).withUnsafeBytes { block.setText(0, $0) }
        } else {
            block.setNumber(0, 1)
        }
        var writer = ByteWriter()
        block.encode(into: &writer)
        return used
    }

    @Test(arguments: layouts) func damagedBytesDoNoHarm(layout: ColumnLayout) {
        var refused = 0
        for seed in PropertyRandom.seeds(40) {
            var random = PropertyRandom(seed: seed)
            let bytes = sample(layout, &random)
            for length in 0..<bytes.count {
                let isWhole = bytes[..<length].withUnsafeBytes { bytes in
                    var reader = ByteReader(bytes)
                    return (try? Block.decode(from: &reader)) != nil
                }
                #expect(!isWhole, "seed \(seed): \(length) of \(bytes.count) bytes were enough")
            }
            for _ in 0..<100 {
                random.damaged(bytes).withUnsafeBytes { damaged in
                    var reader = ByteReader(damaged)
                    if let block = try? Block.decode(from: &reader) { _ = use(block) } else { refused += 1 }
                }
            }
        }
        #expect(refused > 100)
    }
}
