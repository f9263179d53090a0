import Router
import Testing

/// How bytes are cut into pieces makes no difference, whatever they are.
@Suite struct SessionPropertyTests {
    private static let pieces = [
        "EHLO client.example\r\n", "LHLO x\r\n", "MAIL FROM:<a@b.example>\r\n", "RCPT TO:<c@d.example>\r\n", "DATA\r\n",
        "RSET\r\n",
        "QUIT\r\n", ".\r\n", "\r\n.\r\n", "..\r\n", "text\r\n", ".text", "\r", "\n", "\r\n", ".", " ", "\0", "é",
        "MAIL FROM:<a@b.example> SIZE=3\r\n", "NOOP\r\n",
    ]

    @Test func anyCutGivesTheSameAnswers() {
        var random = SplitMix(state: 20_261_127)
        for round in 0..<3_000 {
            var limits = ReceiveLimits()
            limits.messageBytesMax = 40
            limits.commandBytesMax = 60
            limits.commandsMax = 12
            let dialect = MailDialect.allCases[Int(random.next() % 2)]
            var text = dialect == .lmtp ? "LHLO x\r\n" : "EHLO x\r\n"
            if random.next() % 2 == 0 { text += "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n" }
            for _ in 0..<random.next() % 24 {
                text += Self.pieces[Int(random.next() % UInt64(Self.pieces.count))]
            }
            let bytes = Array(text.utf8)
            var whole = Conversation(dialect, limits: limits)
            whole.feed(bytes)
            var single = Conversation(dialect, limits: limits)
            single.feed(bytes) { 1 }
            var cut = Conversation(dialect, limits: limits)
            cut.feed(bytes) { Int(random.next() % 9) }
            for other in [single, cut] {
                #expect(other.sent == whole.sent, "round \(round): \(text.debugDescription)")
                #expect(other.messages == whole.messages, "round \(round)")
                #expect(other.isClosed == whole.isClosed, "round \(round)")
            }
            // Each message that was taken has its answer: one, or one for each recipient.
            let taken = whole.messages.reduce(0) { $0 + (dialect == .lmtp ? $1.recipients.count : 1) }
            #expect(whole.sent.split(separator: "\r\n").count { $0.contains("on the disk") } == taken, "round \(round)")
        }
    }

    /// What is in a message comes out as it went in, however its lines begin.
    @Test func stuffedDotsComeOut() {
        var random = SplitMix(state: 7)
        for _ in 0..<1_000 {
            let lines = (0..<random.next() % 8).map { _ in
                String((0..<random.next() % 5).map { _ in Array(".ab\u{e9}")[Int(random.next() % 4)] })
            }
            let stuffed = lines.map { ($0.hasPrefix(".") ? "." : "") + $0 + "\r\n" }.joined()
            var conversation = Conversation()
            conversation.feed(Array((opening + stuffed + ".\r\n").utf8)) { Int(random.next() % 7) }
            #expect(conversation.messages.map(\.bytes) == [Array(lines.map { $0 + "\r\n" }.joined().utf8)])
        }
    }
}
