import Router
import Testing

@Suite struct EncodedWordsTests {
    @Test(arguments: [
        ("plain", "plain"),
        ("=?utf-8?q?a_b?=", "a b"),
        ("=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?=  \t =?iso-8859-1?q?=FC?=", "aü"),
        ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        ("x =?utf-8?q?a?=y", "x ay"),
        // A letter cut in the middle, and padding that ends no more than its own word.
        ("=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "ü"),
        ("=?utf-8?b?YQ==?= =?utf-8?b?Yg==?=", "ab"),
        ("=?utf-8*de?q?ja?=", "ja"),
        // What is none stays.
        ("a =? b ?= c", "a =? b ?= c"),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=?utf-8?q?open", "=?utf-8?q?open"),
        ("=?", "=?"),
        ("=?utf-8?q?=C3=GZ=4?=", "\u{FFFD}=GZ=4"),
        ("=?none-such?q?=FC?=", "ü"),
        ("=?iso-2022-jp?B?GyRCJCIbKEI=?=", "あ"),
    ])
    func decode(_ text: String, _ expected: String) {
        #expect(EncodedWords.decode(text) == expected)
    }
}

@Suite struct CharacterSetsTests {
    @Test(arguments: [
        ("utf-8", [0x47, 0xC3, 0xBC], "Gü"), ("ISO-8859-1", [0x80, 0xFC], "€ü"), ("gb2312", [0xC4, 0xE3], "你"),
        ("us-ascii", [0xC3, 0xBC], "ü"), ("us-ascii", [0xFC], "ü"), ("utf-8", [0x61, 0xFF, 0x62], "a\u{FFFD}b"),
        ("no-such-set", [0xC3, 0xBC], "ü"), ("utf-16be", [0x00, 0x61, 0x00], "a\u{FFFD}"), ("koi8-r", [0xC1], "а"),
        ("\"utf-8\"", [0xC3, 0xBC], "ü"), ("windows-1252", [0x61, 0x81, 0x62], "a\u{FFFD}b"),
    ])
    func decode(_ charset: String, _ bytes: [UInt8], _ expected: String) {
        #expect(CharacterSets.text(bytes, charset: charset) == expected)
    }

    @Test func longTextsAreWhole() {
        let bytes = [UInt8](repeating: 0xFC, count: 100_000)
        #expect(CharacterSets.text(bytes, charset: "iso-8859-1") == String(repeating: "ü", count: 100_000))
    }
}

@Suite struct MessageIdentifiersTests {
    @Test(arguments: [
        ("<a@b>", ["a@b"]), ("<a@b> <c@d> <a@b>", ["a@b", "c@d"]), ("<a@b><c@d>", ["a@b", "c@d"]),
        ("Message from x of \"Mon, 2 Mar\" <a@b>", ["a@b"]), ("a@b", ["a@b"]), ("Your letter", []),
        ("<a@\t b>", ["a@b"]), ("<broken <a@b>", ["a@b"]), ("<>", []), ("<no-at-sign>", ["no-at-sign"]), ("<a@b", []),
    ])
    func read(_ field: String, _ expected: [String]) {
        #expect(MessageIdentifiers.read(field, limits: MailLimits()).map(\.text) == expected)
    }

    @Test func numberAndLengthAreBounded() {
        var limits = MailLimits()
        limits.identifierCountMax = 2
        limits.identifierByteMax = 3
        #expect(MessageIdentifiers.read("<a@b> <long@b> <c@d> <e@f>", limits: limits).map(\.text) == ["a@b", "c@d"])
    }
}
