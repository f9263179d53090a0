import Engine
import Foundation
import Testing

/// Makes random texts out of pieces that fold in every way, the same ones for the same seed.
struct TextGenerator {
    private var state: UInt64

    static let pieces = [
        "a", "A", "b", "Z", "z", "[", "@", " ", "0", "é", "É", "e\u{301}", "ß", "ss", "Æ", "ae", "ø", "ı", "İ", "ﬁ",
        "한", "각", "가", "日", "本", "ガ", "カ", "\u{200B}", "’", "'", "½", "Ж", "ж", "й", "𝔘", "🙂", "\u{0}", "ﷺ",
        "abcdefgh", "ABCDEFGH", "Straße", "strasse", "hello world ", "HELLO WORLD ",
    ]

    init(seed: UInt64) { state = seed }

    mutating func next(below bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }

    mutating func text() -> [UInt8] {
        (0..<next(below: 6)).flatMap { _ in Array(Self.pieces[next(below: Self.pieces.count)].utf8) }
    }

    mutating func bytes() -> [UInt8] { (0..<next(below: 12)).map { _ in UInt8(next(below: 256)) } }
}

@Suite struct CollationTests {
    private func fold(_ bytes: [UInt8]) -> [UInt8] {
        var folded: [UInt8] = []
        bytes.withUnsafeBufferPointer { Collation.fold($0, into: &folded) }
        return folded
    }

    private func compare(_ a: [UInt8], _ b: [UInt8]) -> Int {
        a.withUnsafeBufferPointer { a in b.withUnsafeBufferPointer { b in Collation.compare(a, b) } }
    }

    private func hash(_ bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBufferPointer { Collation.hash($0, seed: 7) }
    }

    private func key(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBufferPointer { Collation.prefixKey($0) } }

    private func order(_ a: [UInt8], _ b: [UInt8]) -> Int {
        a.lexicographicallyPrecedes(b) ? -1 : b.lexicographicallyPrecedes(a) ? 1 : 0
    }

    @Test(arguments: [
        ("Straße", "STRASSE"), ("Ærøskøbing", "aeroskobing"), ("Łódź", "LODZ"), ("Đặng", "dang"), ("İzmir", "izmir"),
        ("ISPARTA", "ısparta"), ("cafe\u{301}", "CAFÉ"), ("Þórr", "thorr"), ("O’Brien", "o'brien"), ("ﬁancé", "FIANCE"),
        ("na\u{200B}ïve", "naive"), ("ＦＵＬＬ", "full"), ("각", "\u{1100}\u{1161}\u{11A8}"), ("", "\u{FEFF}"),
    ])
    func sameUnderTheCollation(_ a: String, _ b: String) {
        #expect(compare(Array(a.utf8), Array(b.utf8)) == 0)
        #expect(hash(Array(a.utf8)) == hash(Array(b.utf8)))
        #expect(key(Array(a.utf8)) == key(Array(b.utf8)))
    }

    @Test(arguments: [
        ("a", "b"), ("A", "b"), ("a", "B"), ("Zoe", "zoë2"), ("", "a"), ("abcdefgh", "abcdefghi"), ("z", "ж"),
        ("カ", "ガ"), ("zzzzzzzzzzzzé", "zzzzzzzzzzzzf"), ("_", "a"), ("[", "a"),
    ])
    func before(_ a: String, _ b: String) {
        #expect(compare(Array(a.utf8), Array(b.utf8)) < 0)
        #expect(compare(Array(b.utf8), Array(a.utf8)) > 0)
    }

    /// The generator of the table prints every seventh entry and some sentences, as Python's unicodedata folds them.
    @Test func agreesWithTheGenerator() throws {
        let file = try #require(
            Bundle.module.url(forResource: "collation-vectors", withExtension: "tsv", subdirectory: "Scripts")
        )
        func bytes(_ hex: Substring) -> [UInt8] {
            stride(from: 0, to: hex.count, by: 2).compactMap { UInt8(hex.dropFirst($0).prefix(2), radix: 16) }
        }
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        #expect(lines.count > 1_000)
        for line in lines {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            #expect(fold(bytes(fields[0])) == bytes(fields[1]), "\(line)")
        }
    }

    @Test func everyOperationAgreesWithFolding() {
        var generator = TextGenerator(seed: 1)
        for round in 0..<50_000 {
            let isText = round % 4 != 0
            let (a, b) = isText ? (generator.text(), generator.text()) : (generator.bytes(), generator.bytes())
            let (foldedA, foldedB) = (fold(a), fold(b))
            let expected = order(foldedA, foldedB)
            #expect(compare(a, b).signum() == expected, "\(a) \(b)")
            if isText {
                #expect(fold(foldedA) == foldedA)
                #expect(fold(a + b) == foldedA + foldedB)
            }
            if foldedA == foldedB { #expect(hash(a) == hash(b)) } else { #expect(hash(a) != hash(b)) }
            #expect(hash(a) == hash(foldedA) || !isText)
            if key(a) != key(b) { #expect((key(a) < key(b) ? -1 : 1) == expected) }
        }
    }

    @Test func exactTextsAreTheirBytes() {
        var generator = TextGenerator(seed: 2)
        let exact = Collation.exact
        func with<T>(_ bytes: [UInt8], _ body: (UnsafeBufferPointer<UInt8>) -> T) -> T {
            bytes.withUnsafeBufferPointer(body)
        }
        for round in 0..<20_000 {
            let a = round % 2 == 0 ? generator.text() : generator.bytes()
            // A text, one that differs in its last byte, one that goes on, and one that has nothing to do with it.
            let b = [a, a.dropLast() + [UInt8(generator.next(below: 256))], a + [0], generator.text()][round % 4]
            let expected = order(a, b)
            #expect(with(a) { a in with(b) { b in exact.compare(a, b).signum() } } == expected, "\(a) \(b)")
            #expect(with(a) { a in with(b) { b in exact.compareWithTieBreak(a, b).signum() } } == expected)
            #expect(with(a) { a in with(b) { b in exact.equal(a, b) } } == (expected == 0))
            let (hashA, hashB) = (with(a) { exact.hash($0, seed: 7) }, with(b) { exact.hash($0, seed: 7) })
            #expect((hashA == hashB) == (expected == 0), "\(a) \(b)")
            let (keyA, keyB) = (
                with(a) { exact.prefixKey128(UnsafeRawBufferPointer($0)) },
                with(b) { exact.prefixKey128(UnsafeRawBufferPointer($0)) }
            )
            if keyA != keyB { #expect((keyA < keyB ? -1 : 1) == expected) }
            if a.prefix(16) + Array(repeating: 0, count: 16 - min(16, a.count)) != b.prefix(16)
                + Array(repeating: 0, count: 16 - min(16, b.count))
            {
                #expect(keyA != keyB)
            }
        }
    }

    @Test func hashSpreadsOverLowAndHighBits() {
        var low = Set<UInt64>()
        var high = Set<UInt64>()
        for number in 0..<10_000 {
            let value = hash(Array("customer-\(number)".utf8))
            low.insert(value & 0xFFFF)
            high.insert(value >> 48)
        }
        // 10,000 balls in 65,536 boxes leave about 9,280 boxes filled; a poor hash leaves far fewer.
        #expect(low.count > 9_100)
        #expect(high.count > 9_100)
    }

    @Test func tieBreakOrdersByBytes() {
        let (a, b) = (Array("CAFÉ".utf8), Array("café".utf8))
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                #expect(Collation.compareWithTieBreak(a, b) < 0)
                #expect(Collation.compareWithTieBreak(b, a) > 0)
                #expect(Collation.compareWithTieBreak(a, a) == 0)
            }
        }
    }
}
