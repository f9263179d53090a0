// One message in a session: MAIL, RCPT, DATA, and what it is answered.
//
// Where the other side offers PIPELINING (RFC 2920), MAIL and all RCPT go out at once; DATA waits for their answers, so that no message is begun
// that nobody gets. That costs one more turn, and spares the case in which a system takes the empty message of RFC 2920, 3.1.

extension SubmitSession {
    mutating func begin(_ message: SubmitMessage) {
        var transaction = Transaction(message: message, outcomes: message.recipients.map { _ in nil })
        if let refusal = ownRefusal(of: message) { transaction.refusal = .permanent(refusal) }
        if !offer.international {
            for (index, recipient) in message.recipients.enumerated() where SubmitMessage.isInternational(recipient) {
                transaction.outcomes[index] = .permanent(.own("5.6.7", "it takes no addresses beyond ASCII"))
            }
        }
        let open = message.recipients.indices.filter { transaction.outcomes[$0] == nil }
        transaction.usesSMTPUTF8 =
            message.isInternational || open.contains { SubmitMessage.isInternational(message.recipients[$0]) }
        transaction.unsent = [nil] + open.map { Optional($0) }
        self.transaction = transaction
        if let refusal = transaction.refusal {
            settle(refusal)
            becomeReady()
        } else if open.isEmpty {
            // Each has its outcome already, so this one is nobody's.
            settle(.unknown)
            becomeReady()
        } else {
            sendEnvelope()
        }
    }

    /// What the other side said that it does not take, so that it need not be asked.
    private func ownRefusal(of message: SubmitMessage) -> SubmitReply? {
        if offer.sizeMax > 0, message.bytes.count > offer.sizeMax {
            return .own("5.3.4", "it has \(message.bytes.count) bytes, and \(offer.sizeMax) are taken")
        }
        if message.isInternational, !offer.international { return .own("5.6.7", "it takes no heads beyond ASCII") }
        if message.isEightBit, !offer.eightBit { return .own("5.6.3", "it takes no bytes beyond ASCII") }
        return nil
    }

    /// Sends the next command, or all of them.
    private mutating func sendEnvelope() {
        guard var transaction else { preconditionFailure("an envelope without a message") }
        let count = offer.pipelining ? transaction.unsent.count : 1
        let commands = Array(transaction.unsent.prefix(count))
        transaction.unsent.removeFirst(commands.count)
        self.transaction = transaction
        write(commands.flatMap { Array("\(line($0, transaction))\r\n".utf8) })
        state = .envelope(commands)
    }

    private func line(_ command: Int?, _ transaction: Transaction) -> String {
        let message = transaction.message
        if let index = command { return "RCPT TO:<\(message.recipients[index])>" }
        let size = offer.hasSize ? " SIZE=\(message.bytes.count)" : ""
        let body = message.isEightBit ? " BODY=8BITMIME" : ""
        return "MAIL FROM:<\(message.sender)>\(size)\(body)\(transaction.usesSMTPUTF8 ? " SMTPUTF8" : "")"
    }

    mutating func takeEnvelope(_ sent: [Int?], _ reply: SubmitReply) {
        guard var transaction, let command = sent.first else { preconditionFailure("an answer to no command") }
        guard reply.code / 100 != 3 else { return fail(.protocolError, reply) }
        let isTaken = reply.code / 100 == 2
        switch command {
        case nil: if !isTaken { transaction.refusal = refusal(of: reply) }
        case .some(let index) where isTaken: transaction.taken.append(index)
        // Older systems say 552 where 452 is meant: RFC 5321, 4.5.3.1.10.
        case .some(let index):
            transaction.outcomes[index] = reply.code == 552 ? .temporary(reply) : reply.outcome
        }
        let rest = Array(sent.dropFirst())
        if transaction.refusal != nil { transaction.unsent = [] }
        self.transaction = transaction
        if !rest.isEmpty {
            state = .envelope(rest)
        } else if !transaction.unsent.isEmpty {
            sendEnvelope()
        } else {
            endEnvelope(transaction)
        }
    }

    /// What it means that MAIL was refused. Of this message is what is said of its size and letters; all else is about who submits, would be
    /// said of every message, and may be put right.
    private func refusal(of reply: SubmitReply) -> SubmitOutcome {
        let isOfMessage =
            reply.code == 552 || reply.status.hasPrefix("5.6.") || ["5.2.3", "5.3.4"].contains(reply.status)
        return isOfMessage ? reply.outcome : .temporary(reply)
    }

    private mutating func endEnvelope(_ transaction: Transaction) {
        if let refusal = transaction.refusal {
            // What RCPT was answered behind a MAIL that was refused is about the order of commands.
            self.transaction?.outcomes = transaction.outcomes.map { outcome in
                if case .permanent(let reply) = outcome, reply.code == 0 { outcome } else { nil }
            }
            settle(refusal)
            reset()
        } else if transaction.taken.isEmpty {
            settle(.unknown)
            reset()
        } else {
            send("DATA")
            state = .data
        }
    }

    mutating func takeData(_ reply: SubmitReply) {
        switch reply.code {
        case 354: state = .content(0)
        case 400...:
            settle(reply.outcome)
            reset()
        default: fail(.protocolError, reply)
        }
    }

    /// An answer before the message was whole, from a side that hung up: it took nothing.
    mutating func takeEarly(_ reply: SubmitReply) {
        guard reply.code >= 400 else { return fail(.protocolError, reply) }
        settle(reply.outcome)
        fail(.closing, reply)
    }

    mutating func takeSettlement(_ reply: SubmitReply) {
        guard reply.code / 100 != 3 else { return fail(.protocolError, reply) }
        settle(reply.outcome)
        becomeReady()
    }

    /// Forgets what the other side has of the transaction: the next message begins anew.
    private mutating func reset() {
        send("RSET")
        state = .reset
    }

    /// Hands out the next piece; with the last one the end of the message.
    mutating func writePiece(_ offset: Int) {
        guard let bytes = transaction?.message.bytes else { preconditionFailure("content without a message") }
        let end = min(bytes.count, offset + max(1, settings.limits.pieceBytes))
        var piece: [UInt8] = []
        piece.reserveCapacity(end - offset + 64)
        for index in offset..<end {
            let isLineStart = index == 0 || bytes[index - 1] == .lineFeed
            if isLineStart, bytes[index] == UInt8(ascii: ".") { piece.append(UInt8(ascii: ".")) }
            piece.append(bytes[index])
        }
        if end == bytes.count {
            piece += [UInt8(ascii: "."), .carriageReturn, .lineFeed]
            state = .settling
        } else {
            state = .content(end)
        }
        write(piece)
    }
}

extension SubmitReply {
    /// What an answer means for whom it is about.
    fileprivate var outcome: SubmitOutcome {
        switch code {
        case ..<400: .accepted(self)
        case ..<500: .temporary(self)
        default: .permanent(self)
        }
    }
}
