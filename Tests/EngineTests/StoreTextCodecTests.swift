// Texts in a block's bytes as symbols and dictionaries: what is encoded comes back, small, and what is damaged ends in an error or
// in a block that can be read to its end.

import Engine
import Testing

@Suite struct StoreTextCodecTests {
    private static let words = [
        "Albrecht", "Bianchi", "Managing director", "Straße", "+43 316 ", "@example.com", "C-000", " ", "-", "x",
        "Hoffmann",
    ]

    /// Texts made of few words and some digits.
    private func text(_ random: inout PropertyRandom) -> [UInt8] {
        var text: [UInt8] = []
        for _ in 0..<random.below(5) {
            text += Self.words[random.below(Self.words.count)].utf8
            if random.below(2) == 0 { text += String(random.below(100_000)).utf8 }
            // Bytes that have no symbol, 255 among them, which is the escape's number.
            if random.below(20) == 0 { text.append(UInt8(truncatingIfNeeded: random.next() | 0xF0)) }
        }
        return text
    }

    private func block(_ texts: [[UInt8]?]) -> Block {
        let block = Block(layout: .text, capacity: texts.count)
        for (index, text) in texts.enumerated() { text?.withUnsafeBytes { block.setText(index, $0) } }
        return block
    }

    private func encoded(_ block: Block, _ symbols: TextSymbols?) -> [UInt8] {
        var writer = ByteWriter()
        block.encode(into: &writer, symbols: symbols)
        return writer.bytes
    }

    private func decoded(_ bytes: [UInt8]) throws -> Block {
        try bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            let block = try Block.decode(from: &reader)
            try reader.expectEnd()
            return block
        }
    }

    private func texts(_ block: Block, _ count: Int) -> [[UInt8]?] {
        (0..<count).map { block.head.isValid($0) ? Array(block.head.text($0)) : nil }
    }

    private func damage(_ bytes: [UInt8], _ count: Int, _ random: inout PropertyRandom) -> Int {
        var refused = 0
        for length in stride(from: 0, to: bytes.count, by: 97) where (try? decoded(Array(bytes[..<length]))) != nil {
            Issue.record("\(length) of \(bytes.count) bytes were enough")
        }
        for _ in 0..<200 {
            if let block = try? decoded(random.damaged(bytes)) {
                _ = texts(block, Block.rowCount)
            } else {
                refused += 1
            }
        }
        return refused
    }

    @Test func symbolsComeBack() throws {
        var refused = 0
        for seed in PropertyRandom.seeds(12) {
            var random = PropertyRandom(seed: seed)
            let count = [700, 5_000, Block.rowCount][random.below(3)]
            let model: [[UInt8]?] = (0..<count).map { _ in random.below(9) == 0 ? nil : text(&random) }
            let sample = model.prefix(500).compactMap(\.self).flatMap(\.self)
            let symbols = try #require(TextSymbols(sample: sample))
            let bytes = encoded(block(model), symbols)
            #expect(bytes[1] == 4, "seed \(seed)")
            #expect(bytes.count < encoded(block(model), nil).count * 2 / 3, "seed \(seed)")
            #expect(texts(try decoded(bytes), count) == model, "seed \(seed)")
            #expect(encoded(block(model), TextSymbols(sample: sample)) == bytes, "seed \(seed): not the same twice")
            refused += damage(bytes, count, &random)
        }
        #expect(refused > 50)
    }

    @Test func dictionariesComeBack() throws {
        var refused = 0
        for seed in PropertyRandom.seeds(12) {
            var random = PropertyRandom(seed: seed)
            let count = [600, Block.rowCount][random.below(2)]
            let choices = (0..<[1, 2, 17, 256][random.below(4)]).map { number in
                Array("\(number) ".utf8) + text(&random)
            }
            let model: [[UInt8]?] = (0..<count).map { index in
                random.below(9) == 0 ? nil : choices[index < choices.count ? index : random.below(choices.count)]
            }
            let bytes = encoded(block(model), nil)
            #expect(bytes[1] == 3, "seed \(seed)")
            #expect(texts(try decoded(bytes), count) == model, "seed \(seed)")
            refused += damage(bytes, count, &random)
        }
        #expect(refused > 50)
    }

    /// Texts of which no two bytes follow each other twice, and too few of them.
    @Test func whatSavesNothingIsLeftOut() throws {
        #expect(TextSymbols(sample: Array("short".utf8)) == nil)
        var random = PropertyRandom(seed: 7)
        let noise = (0..<2_000).map { _ in (0..<20).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
        let symbols = try #require(TextSymbols(sample: noise.flatMap(\.self)))
        let bytes = encoded(block(noise), symbols)
        #expect(bytes[1] == 0)
        #expect(texts(try decoded(bytes), noise.count) == noise)
    }
}
