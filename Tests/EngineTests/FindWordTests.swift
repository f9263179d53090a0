import Engine
import Testing

@Suite struct FindWordTests {
    private func cut(_ text: String, joinsNumbers: Bool = true) -> [String] {
        var cutter = WordCutter()
        var text = text
        text.withUTF8 { cutter.cut(UnsafeRawBufferPointer($0), joinsNumbers: joinsNumbers) }
        return cutter.words.map { String(decoding: cutter.bytes[$0], as: UTF8.self) }
    }

    @Test(arguments: [
        ("Anna Schmidt", ["anna", "schmidt"]),
        ("anna.schmidt@example.com", ["anna", "schmidt", "example", "com"]),
        ("O’Brien & Sons' L'Oréal ''x'", ["obrien", "sons", "loreal", "x"]),
        ("Müller-Straße", ["muller", "strasse"]),
        ("+49 (30) 123-456", ["4930123456"]),
        ("ORD-2024 17", ["ord", "2024", "17"]),
        ("東京、大阪。ラーメン", ["東京", "大阪", "ラーメン"]),
        ("人々 〆切", ["人々", "〆切"]),
        ("a«b»c “d”", ["a", "b", "c", "d"]),
        ("👩‍👩 😀x", ["👩👩", "😀x"]),
        ("", []), (" -–—· ", []), ("'", []),
    ])
    func words(_ text: String, _ expected: [String]) { #expect(cut(text) == expected) }

    @Test func numbersApart() { #expect(cut("+49 (30) 123-456", joinsNumbers: false) == ["49", "30", "123", "456"]) }

    @Test func wordsAreThoseOfTheModel() {
        var random = PropertyRandom(seed: 7)
        let pieces = [
            "a", "B", "é", "'", "’", " ", "-", "7", "12", "中", "、", "\u{b7}", "\u{2003}", "😀", "\u{200d}", "ß", "々",
            "Й", "\n",
        ]
        for _ in 0..<5000 {
            let text = (0..<random.below(30)).map { _ in pieces[random.below(pieces.count)] }.joined()
            let expected = FindModel.words(text).map { String(String.UnicodeScalarView($0)) }
            #expect(cut(text) == expected, "\(text.debugDescription)")
        }
    }

    /// However long a text or a word is, a bounded part of it counts.
    @Test func longTextsAreCut() {
        #expect(cut(String(repeating: "ab ", count: 100_000)).count == 128)
        #expect(cut(String(repeating: "x", count: 1_000_000)) == [String(repeating: "x", count: 64)])
        let characters = cut(String(repeating: "中", count: 100_000))
        #expect(characters == [String(repeating: "中", count: 21)])
        #expect(cut(String(repeating: "1 ", count: 5000)) == [String(repeating: "1", count: 64)])
        #expect(cut(String(repeating: " ", count: 8192) + "late").isEmpty)
    }
}
