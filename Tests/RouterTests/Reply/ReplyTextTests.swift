import Router
import Testing

@Suite struct ReplyTextTests {
    @Test(arguments: [
        // The answer above.
        ("New.\n\nOn Mon, 2 Mar 2026 at 10:00, Ann <ann@a.example> wrote:\n> old", "New."),
        ("New.\n\nAm 02.03.2026 um 10:00 schrieb Ann:\n> alt", "New."),
        ("New.\nLe 2 mars 2026 10:00, \"Ann\"\n<ann@a.example>\na écrit :\n> vieux", "New."),
        ("New.\n\n-----Ursprüngliche Nachricht-----\nVon: Ann\nalt", "New."),
        ("New.\n\nFrom: Ann <ann@a.example>\nSent: Monday\nTo: Bert\nSubject: x\n\nold", "New."),
        ("New.\n\n*Von:* Ann\n*Gesendet:* Montag\n*An:* Bert\n*Betreff:* x\n\nalt", "New."),
        ("New.\n\n> old\n> old", "New."),
        // The answer below, and between.
        ("On Mon, 2 Mar 2026 at 10:00, Ann wrote:\n> old\n\nNew.", "New."),
        (
            "Hello,\nOn Mon, 2 Mar 2026 at 10:00, Ann wrote:\n> one?\nYes.\n> two?\nNo.\n> bye",
            "Hello,\n> one?\nYes.\n> two?\nNo."
        ),
        ("> only a quote", "> only a quote"), ("> a quote\n\nand text", "> a quote\n\nand text"),
        ("> On Mon, 2 Mar 2026 at 10:00, Ann wrote:\n>> old", ""),
        // Signatures and devices.
        ("New.\n-- \nAnn\nCompany", "New."), ("New.\n____________\nDisclaimer", "New."),
        ("New.\n\nSent from my iPhone", "New."),
        ("New.\n\nVon meinem iPhone gesendet\n\nAm 02.03.2026 um 10:00 schrieb Ann <ann@a.example>:\n> alt", "New."),
        ("Sent from the warehouse on Monday.\nHas it come?", "Sent from the warehouse on Monday.\nHas it come?"),
        // What looks like it and is none.
        ("I wrote to you:\nnothing came.", "I wrote to you:\nnothing came."),
        ("On this day\nI wrote a letter.", "On this day\nI wrote a letter."),
        ("From: the beginning\nwe said so.", "From: the beginning\nwe said so."),
        ("```\n# code\n####\n> not a quote\n```\ntext", "```\n# code\n####\n> not a quote\n```\ntext"),
        ("a - b\n-1\nx", "a - b\n-1\nx"), ("  indented\n\n\ntext", "  indented\n\n\ntext"), ("", ""), ("\n \n", ""),
        ("New.\r\n\r\n> old", "New."),
    ])
    func cut(_ text: String, _ expected: String) {
        #expect(ReplyText.trim(text) == expected)
    }

    /// Nothing is answered and nothing written; each attribution looks at what is behind it.
    @Test func aMailOfAttributions() {
        #expect(ReplyText.trim(String(repeating: "@ wrote:\r\n>\r\n", count: 10_000)) == "")
    }

    /// Lines that stay are lines of the text, in their order; and a second cut of what is left never brings anything back.
    @Test func onlyWholeLinesAreLeftOut() {
        let pieces = [
            "text", "", "> quote", ">", "On Mon, 2 Mar 2026 at 10:00, Ann <a@b.example> wrote:", "--", "____",
            "From: a", "To: b", "Subject: c",
            "-----Original Message-----", "Sent from my iPhone", "```", "Ann> x", "2026-03-02 10:00 GMT+1 Ann",
            "<a@b.example>", "wrote:",
            "Am 2.3.2026 um 10:00", "schrieb Ann:", "| x", "\u{200B}", "***", "a:", "> From: x",
        ]
        var random = SeededRandom(17)
        for run in 0..<3_000 {
            let lines = (0...random.below(12)).map { _ in pieces[random.below(pieces.count)] }
            let left = ReplyText.trim(lines.joined(separator: "\n"))
            var rest = lines[...]
            for line in left.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            where !left.isEmpty {
                let place = rest.firstIndex(of: line)
                #expect(place != nil, "run \(run): \(lines)")
                rest = rest[(place.map { $0 + 1 } ?? rest.endIndex)...]
            }
            #expect(ReplyText.trim(left).utf8.count <= left.utf8.count, "run \(run): \(lines)")
        }
    }
}
