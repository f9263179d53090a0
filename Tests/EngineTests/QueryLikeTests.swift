import Engine
import Testing

@Suite struct QueryLikeTests {
    /// The definition of LIKE, word by word: exponential, for short texts only.
    private func slowMatch(_ text: ArraySlice<UnicodeScalar>, _ pattern: ArraySlice<UnicodeScalar>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == "%" {
            return slowMatch(text, pattern.dropFirst()) || (!text.isEmpty && slowMatch(text.dropFirst(), pattern))
        }
        guard let scalar = text.first, first == "_" || first == scalar else { return false }
        return slowMatch(text.dropFirst(), pattern.dropFirst())
    }

    private func match(_ text: String, _ pattern: String, escape: UInt32? = nil) throws -> Bool {
        var scratch: [UInt8] = []
        let compiled = try Array(pattern.utf8).withUnsafeBufferPointer { try LikePattern($0, escape: escape) }
        return Array(text.utf8).withUnsafeBufferPointer { compiled.matches($0, scratch: &scratch) }
    }

    @Test func agreesWithTheDefinition() throws {
        var random = Choices(seed: 3)
        var matches = 0
        for _ in 0..<20_000 {
            let text = (0..<random.below(8)).map { _ in random.pick(["a", "b", "ж", "日"]) }.joined()
            let pattern = (0..<random.below(7)).map { _ in random.pick(["a", "b", "ж", "日", "%", "_", "%"]) }.joined()
            let expected = slowMatch(text.unicodeScalars.map { $0 }[...], pattern.unicodeScalars.map { $0 }[...])
            #expect(try match(text, pattern) == expected, "\(text) LIKE \(pattern)")
            matches += expected ? 1 : 0
        }
        #expect(matches > 2_500)
    }

    @Test func foldsTextAndPattern() throws {
        #expect(try match("Straße 12", "STRASSE%"))
        #expect(try match("STRASSE 12", "straße __"))
        #expect(try match("ÉCOLE", "e_ole"))
        #expect(try !match("ecole", "e_le"))
    }

    @Test func escapes() throws {
        #expect(try match("50%", "50!%", escape: 0x21))
        #expect(try !match("500", "50!%", escape: 0x21))
        #expect(try match("a!b", "a!!b", escape: 0x21))
        #expect(try match("a!", "a!", escape: 0x21))
        #expect(try match("a\\b", "a\\b"))
    }

    /// A pattern that makes backtracking matchers take longer than the age of the universe.
    @Test func noBacktracking() throws {
        let text = String(repeating: "a", count: 20_000)
        #expect(try !match(text, String(repeating: "a%", count: 2_000) + "b"))
        #expect(try match(text, String(repeating: "%a", count: 5_000) + "%"))
        #expect(try !match(text, String(repeating: "%a_a", count: 1_000) + "b%"))
    }
}
