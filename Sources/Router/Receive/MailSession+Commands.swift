// The commands of SMTP and LMTP: RFC 5321, 2033, 1870 (SIZE), 6152 (8BITMIME), 6531 (SMTPUTF8), 2034 and 3463 (numbers of status),
// 2920 (PIPELINING).
//
// STARTTLS, AUTH, CHUNKING and DSN are neither offered nor taken.

extension MailSession {
    /// Executes a line without its end.
    mutating func execute(_ line: [UInt8]) {
        guard line.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return answer(.syntax) }
        let end = line.firstIndex(of: UInt8(ascii: " ")) ?? line.endIndex
        let argument = line[end...].drop { $0 == UInt8(ascii: " ") }
        switch String(decoding: line[..<end], as: UTF8.self).uppercased() {
        case "LHLO": hello(argument, isSpoken: dialect == .lmtp, extended: true)
        case "EHLO": hello(argument, isSpoken: dialect == .smtp, extended: true)
        case "HELO": hello(argument, isSpoken: dialect == .smtp, extended: false)
        case "MAIL": mail(argument)
        case "RCPT": recipient(argument)
        case "DATA": data(argument)
        case "RSET":
            guard argument.isEmpty else { return answer(.noArgument) }
            resetTransaction()
            answer(MailReply(250, "2.0.0", "forgotten"))
        case "NOOP": answer(MailReply(250, "2.0.0", "done"))
        case "VRFY": answer(MailReply(252, "2.5.0", "send it, and it will be seen"))
        case "HELP": answer(MailReply(214, "2.0.0", "RFC 5321 and RFC 2033"))
        case "QUIT":
            guard argument.isEmpty else { return answer(.noArgument) }
            answer(MailReply(221, "2.0.0", "\(hostName) ends"))
        case "EXPN", "STARTTLS", "AUTH", "BDAT", "TURN", "ETRN":
            answer(MailReply(502, "5.5.1", "this is not done here"))
        default: answer(.unknown)
        }
    }

    private mutating func hello(_ argument: ArraySlice<UInt8>, isSpoken: Bool, extended: Bool) {
        guard isSpoken else {
            return answer(MailReply(500, "5.5.1", "this is \(dialect == .lmtp ? "LMTP: LHLO" : "SMTP: EHLO or HELO")"))
        }
        // Names are not checked: too many systems have none. They go into the spool, and so are ASCII and short.
        guard !argument.isEmpty, argument.count <= 255, argument.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return answer(MailReply(501, "5.5.4", "who is it? A name without blanks"))
        }
        peer = String(decoding: argument, as: UTF8.self)
        resetTransaction()
        guard extended else { return answer(MailReply(250, "", hostName)) }
        let extensions = [
            hostName, "PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE \(limits.messageBytesMax)", "ENHANCEDSTATUSCODES",
        ]
        answer(lines: extensions.map { MailReply(250, "", $0) })
    }

    private mutating func mail(_ argument: ArraySlice<UInt8>) {
        guard peer != nil else { return answer(MailReply(503, "5.5.1", "say who it is first")) }
        guard sender == nil else { return answer(MailReply(503, "5.5.1", "one sender, and it was named")) }
        guard let path = argument.path(behind: "FROM:", isSender: true) else {
            return answer(MailReply(501, "5.1.7", "not of the form MAIL FROM:<address>"))
        }
        var isInternational = false
        for (name, value) in path.parameters {
            switch (name, value) {
            case ("SIZE", let value?):
                guard value.utf8.count <= 20, !value.isEmpty, value.utf8.allSatisfy({ 48...57 ~= $0 }) else {
                    return answer(MailReply(501, "5.5.4", "SIZE is a number of up to 20 digits"))
                }
                // 20 digits may be more than 64 bits hold.
                guard let size = UInt64(value), size <= UInt64(limits.messageBytesMax) else {
                    return answer(.tooLarge(limits.messageBytesMax))
                }
            case ("BODY", let value?) where ["7BIT", "8BITMIME"].contains(value.uppercased()): break
            case ("BODY", _): return answer(MailReply(501, "5.5.4", "BODY is 7BIT or 8BITMIME"))
            case ("SMTPUTF8", nil): isInternational = true
            default: return answer(MailReply(555, "5.5.4", "parameters are SIZE, BODY and SMTPUTF8"))
            }
        }
        guard isInternational || !path.isInternational else { return answer(.notInternational) }
        self.isInternational = isInternational
        sender = path.address
        answer(MailReply(250, "2.1.0", "sender taken"))
    }

    private mutating func recipient(_ argument: ArraySlice<UInt8>) {
        guard sender != nil else { return answer(MailReply(503, "5.5.1", "name the sender first")) }
        guard let path = argument.path(behind: "TO:", isSender: false) else {
            return answer(MailReply(501, "5.1.3", "not of the form RCPT TO:<address>"))
        }
        guard path.parameters.isEmpty else { return answer(MailReply(555, "5.5.4", "RCPT takes no parameters")) }
        guard isInternational || !path.isInternational else { return answer(.notInternational) }
        // The administrator is reached whatever the domains are: RFC 5321, 4.5.1.
        let isPostmaster = path.address.lowercased() == "postmaster"
        guard isPostmaster || domains?.contains(path.domain) ?? true else {
            return answer(MailReply(550, "5.7.1", "mail for this domain is not taken here"))
        }
        guard recipients.count < limits.recipientsMax else {
            return answer(
                MailReply(452, "4.5.3", "\(limits.recipientsMax) recipients at most; send it again to the others")
            )
        }
        recipients.append(path.address)
        answer(MailReply(250, "2.1.5", "recipient taken"))
    }

    private mutating func data(_ argument: ArraySlice<UInt8>) {
        guard argument.isEmpty else { return answer(.noArgument) }
        guard sender != nil else { return answer(MailReply(503, "5.5.1", "name the sender first")) }
        // RFC 2033 wants 503 where no recipient was taken; RFC 2920 knows that clients send DATA before they know.
        guard !recipients.isEmpty else { return answer(MailReply(503, "5.5.1", "no recipient was taken")) }
        beginData()
    }
}

extension MailReply {
    fileprivate static let syntax = MailReply(500, "5.5.2", "commands have no control characters")
    fileprivate static let unknown = MailReply(500, "5.5.2", "no such command")
    fileprivate static let noArgument = MailReply(501, "5.5.4", "it takes no argument")
    fileprivate static let notInternational = MailReply(553, "5.6.7", "such an address needs SMTPUTF8")
}

extension ArraySlice<UInt8> {
    /// The path behind a word, whatever its case.
    fileprivate func path(behind word: String, isSender: Bool) -> MailPath? {
        guard count >= word.utf8.count else { return nil }
        let head = String(decoding: prefix(word.utf8.count), as: UTF8.self)
        return head.uppercased() == word ? MailPath(dropFirst(word.utf8.count), isSender: isSender) : nil
    }
}
