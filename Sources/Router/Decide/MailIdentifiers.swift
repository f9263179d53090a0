// Which identifiers a message mentions, and how far they can be trusted.
//
// Guarantees: an address of a person is never taken for an identifier. `In-Reply-To: Message from Ann <ann@a.example> of Monday` is
// how some programs wrote it for decades; two answers to two of Ann's messages would be one conversation.

extension MailMessage {
    /// What it answers, then what it refers to, the newest first; each once.
    package var ancestorIdentifiers: [MessageID] {
        var seen: Set<MessageID> = []
        return (answeredIdentifiers + references.reversed()).filter { isIdentifier($0) && seen.insert($0).inserted }
    }

    /// What it says it answers.
    package var answeredIdentifiers: [MessageID] { inReplyTo.filter(isIdentifier) }

    /// What is remembered of it beside its own identifier. In a field with prose around the brackets nobody knows what is what.
    package var mentionedIdentifiers: [MessageID] {
        let hasProse = values(of: "In-Reply-To").contains { field in
            var depth = 0
            return field.contains { character in
                if character == "<" { depth += 1 }
                if character == ">" { depth -= 1 }
                return depth == 0 && character != ">" && !character.isWhitespace
            }
        }
        var seen: Set<MessageID> = []
        return ((hasProse ? [] : inReplyTo) + references).filter { isIdentifier($0) && seen.insert($0).inserted }
    }

    private func isIdentifier(_ id: MessageID) -> Bool {
        let text = id.text.lowercased()
        return !(from + replyTo + sender + to + cc).contains { $0.key == text }
    }

    /// The first 22 bytes of Outlook's `Thread-Index`: a time and a random number that its answers share.
    package var threadIndex: [UInt8]? {
        guard let text = value(of: "Thread-Index") else { return nil }
        let bytes = EncodedWords.base64(Array(text.utf8)[...])
        return bytes.count >= 22 ? Array(bytes.prefix(22)) : nil
    }
}
