import Router
import Testing

/// What was found to smuggle a second message into a first: endings that one system takes for the end of a message and another does
/// not. The first eight are those of the program smtpsmug, whose ninth has a NUL and stands below; the others are their neighbours.
@Suite struct SmugglingTests {
    private static let second =
        "MAIL FROM:<admin@client.example>\r\nRCPT TO:<boss@crm.example>\r\nDATA\r\nSubject: smuggled\r\n"

    private static let endings = [
        "\n.\n", "\r.\r", "\r.\n", "\n.\r", "\n.\r\n", "\r\n.\n", "\r.\r\n", "\r\n.\r", "\r\n.\r\r\n", "\r\r\n.\r\r\n",
        "\r\n\n.\r\n",
        "\r\n\r.\r\n", "\n\n.\r\n", "\n\r\n.\r\n", "\r\n.\n\r\n", "\r\n.\r\r.\r\n",
    ]

    @Test(arguments: endings, MailDialect.allCases)
    func aBareLineEndEndsTheSession(_ ending: String, _ dialect: MailDialect) {
        var conversation = Conversation(dialect)
        let start = dialect == .lmtp ? "L" + opening.dropFirst() : opening
        conversation.feed(start + "text" + ending + SmugglingTests.second + "\r\n.\r\nQUIT\r\n")
        #expect(conversation.messages.isEmpty)
        #expect(conversation.answers == openingAnswers + ["521 5.5.2"])
        #expect(conversation.isClosed)
    }

    /// With a NUL in it, or blanks, a line with a dot is a line of text: one message, with all of it inside.
    @Test(arguments: [
        "\r\n\0.\r\n", "\r\n.\0\r\n", "\r\n. \r\n", "\r\n .\r\n", "\r\n..\r\n", "\r\n.\u{85}\r\n", "\r\n.\u{2028}",
    ])
    func whatIsNoLineEndEndsNothing(_ ending: String) {
        var conversation = Conversation()
        conversation.feed(opening + "text" + ending + SmugglingTests.second + "\r\n.\r\n")
        #expect(conversation.messages.count == 1)
        #expect(conversation.answers == openingAnswers + ["250 2.0.0"])
        #expect(String(decoding: conversation.messages[0].bytes, as: UTF8.self).contains("Subject: smuggled\r\n"))
    }

    /// The same in commands, where a line feed alone is an end for many servers.
    @Test(arguments: [
        "NOOP\nNOOP\r\n", "NOOP\rNOOP\r\n", "\n", "\r\r\n", "NOOP\n",
        "MAIL FROM:<a@b.example>\nRCPT TO:<c@d.example>\r\n",
    ])
    func commandsEndTheSameWay(_ bytes: String) {
        var conversation = Conversation()
        conversation.feed("EHLO x\r\n" + bytes + "NOOP\r\n")
        #expect(conversation.answers == ["250", "521 5.5.2"])
        #expect(conversation.isClosed)
    }

    /// The right end in the middle of a pipeline is one: that is PIPELINING, and no smuggling.
    @Test func twoMessagesInOnePacketAreTwo() {
        var conversation = Conversation()
        conversation.feed(opening + "one\r\n.\r\n" + SmugglingTests.second + ".\r\n")
        #expect(conversation.messages.count == 2)
        #expect(conversation.messages.map(\.sender) == ["a@client.example", "admin@client.example"])
    }
}
