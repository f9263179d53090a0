import Router
import RouterNet

/// What mail systems send, and what a spool has kept of it.
enum FuzzMail {
    /// The first byte says what is spoken and how the rest is cut. Two cuts have to get the same answers.
    static func sessions(_ bytes: UnsafeRawBufferPointer) {
        guard let first = bytes.first else { return }
        let input = Array(bytes.dropFirst())
        let dialect = first % 2 == 0 ? MailDialect.lmtp : .smtp
        let whole = answers(dialect, input, piece: input.count)
        let cut = answers(dialect, input, piece: Int(first >> 1) % 7 + 1)
        precondition(whole == cut, "the answers depend on how the bytes are cut")
    }

    private static func answers(_ dialect: MailDialect, _ input: [UInt8], piece: Int) -> [UInt8] {
        var limits = ReceiveLimits()
        limits.messageBytesMax = 200
        limits.commandBytesMax = 300
        var session = MailSession(dialect, hostName: "crm.example", limits: limits)
        var sent: [UInt8] = []
        var rest = input[...]
        repeat {
            session.receive(rest.prefix(piece))
            rest = rest.dropFirst(piece)
            while let event = session.nextEvent() {
                switch event {
                case .send(let bytes): sent += bytes
                case .message(let mail):
                    sent += mail.bytes
                    session.settle(.stored)
                case .close: sent.append(0)
                }
            }
        } while !rest.isEmpty
        return sent
    }

    static func files(_ bytes: UnsafeRawBufferPointer) {
        guard let mail = try? SpooledMail(decoding: Array(bytes)) else { return }
        precondition(mail.encoded.elementsEqual(bytes), "a file that was read is written otherwise")
    }

    static let conversations: [[UInt8]] = [
        "\u{3}EHLO a.example\r\nMAIL FROM:<a@b.example> SIZE=5 BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<\"c d\"@e.example>\r\nDATA\r\n..x\r\n.\r\nQUIT\r\n",
        "\u{4}LHLO a.example\r\nMAIL FROM:<>\r\nRCPT TO:<@x:c@[192.0.2.1]>\r\nRCPT TO:<postmaster>\r\nDATA\r\ntext\n.\r\n",
        "\u{5}HELO a\r\nNOOP\r\nVRFY x\r\nHELP\r\nRSET\r\nSTARTTLS\r\nMAIL FROM:<a@b.example>\r\nDATA\r\n",
    ].map { Array($0.utf8) }

    static let fileSeeds: [[UInt8]] = [
        SpooledMail(
            ReceivedMail(sender: "a@b.example", recipients: ["c@d.example", ""], peer: "e.example", bytes: [1, 2, 3]),
            receivedMicroseconds: 1
        ).encoded
    ]
}
