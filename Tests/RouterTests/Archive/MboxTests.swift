import Router
import Testing

/// Messages of mbox files, with each kind of line end.
@Suite struct MboxTests {
    private func messages(_ text: String) -> [String] {
        Mbox(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: ["\n", "\r\n"]) func messagesAreTakenApart(_ end: String) {
        func lines(_ lines: String...) -> String { lines.map { $0 + end }.joined() }
        let first = [
            "From a@x.example Mon Mar  2 10:00:00 2026", "Subject: one", "", "One.", "", "From here on it is body?", "",
        ]
        let second = [
            "From b@x.example Mon Mar  2 11:00:00 2026", "Subject: two", "", ">From the start", ">>From twice",
            "> From x",
        ]
        let text = (first + second + [""]).map { $0 + end }.joined()
        // Behind an empty line, a line that begins with From begins a message: whoever writes mbox files quotes it.
        #expect(
            messages(text) == [
                lines("Subject: one", "", "One."), "",
                lines("Subject: two", "", "From the start", ">From twice", "> From x"),
            ]
        )
    }

    @Test func whatEndsWithoutAnEmptyLineIsWhole() {
        #expect(messages("From a\nSubject: x\n\nText") == ["Subject: x\n\nText"])
        #expect(messages("From a\nSubject: x\n\nText\n") == ["Subject: x\n\nText\n"])
        #expect(messages("From a\nSubject: x\n\nText\nFrom me\n\n") == ["Subject: x\n\nText\nFrom me\n"])
    }

    @Test func whatIsNoneHasNone() {
        for text in ["", "\n", "From", "Subject: x\n\nText\n", "from a\nSubject: x\n", ">From a\n"] {
            #expect(messages(text).isEmpty, "\(text)")
            #expect(!Mbox.isMbox(Array(text.utf8)))
        }
        #expect(messages("From a") == [""])
        #expect(messages("no head\n\nFrom a\nSubject: x\n") == ["Subject: x\n"])
    }

    /// What a program writes that quotes as mboxrd does is read again as it was.
    @Test func whatIsWrittenIsRead() {
        var random = SplitMix(state: 4155)
        let lines = ["From ", "From x", ">From x", ">>From", ">", "", "", "text", "Subject: From x", " From x"]
        for round in 0..<1_000 {
            let end = random.next() % 2 == 0 ? "\n" : "\r\n"
            let written = (0..<random.next() % 5).map { _ in
                (0..<random.next() % 8).map { _ in lines[Int(random.next() % UInt64(lines.count))] }
            }
            var text = ""
            for message in written {
                text += "From somebody" + end
                for line in message {
                    let isQuoted = line.drop { $0 == ">" }.hasPrefix("From ")
                    text += (isQuoted ? ">" : "") + line + end
                }
                text += end
            }
            #expect(messages(text) == written.map { $0.map { $0 + end }.joined() }, "round \(round)")
        }
    }

    /// Any bytes: it ends, and nothing is there twice.
    @Test func anyBytesAreTakenApart() {
        var random = SplitMix(state: 1)
        let pieces = ["From ", ">", "\n", "\r\n", "\r", "a", "\n\n", ">From ", "From x\n"]
        for round in 0..<2_000 {
            let text = (0..<random.next() % 30).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }.joined()
            let bytes = Array(text.utf8)
            #expect(Mbox(bytes).map(\.count).reduce(0, +) <= bytes.count, "round \(round): \(text.debugDescription)")
        }
    }
}
