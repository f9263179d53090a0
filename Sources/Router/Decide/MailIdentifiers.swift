// Which identifiers a message mentions, and how far they can be trusted.
//
// Guarantees: an address of a person is never taken for an identifier. `In-Reply-To: Message from Ann <ann@a.example> of Monday` is
// how some programs wrote it for decades; two answers to two of Ann's messages would be one conversation.

extension MailMessage {
    /// What it answers, then what it refers to, the newest first; each once.
    package var ancestorIdentifiers: [MessageID] {
        let people = peoplesKeys
        var seen: Set<MessageID> = []
        return (inReplyTo + references.reversed()).filter {
            !people.contains($0.text.lowercased()) && seen.insert($0).inserted
        }
    }

    /// What it says it answers.
    package var answeredIdentifiers: [MessageID] {
        let people = peoplesKeys
        return inReplyTo.filter { !people.contains($0.text.lowercased()) }
    }

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
        let people = peoplesKeys
        var seen: Set<MessageID> = []
        return ((hasProse ? [] : inReplyTo) + references).filter {
            !people.contains($0.text.lowercased()) && seen.insert($0).inserted
        }
    }

    /// What looks like an identifier and is none. Asked for once for all identifiers: there may be thousands of both.
    private var peoplesKeys: Set<String> { Set((from + replyTo + sender + to + cc).map(\.key)) }

    /// The first 22 bytes of Outlook's `Thread-Index`: a time and a random number that its answers share.
    package var threadIndex: [UInt8]? {
        guard let text = value(of: "Thread-Index") else { return nil }
        let bytes = EncodedWords.base64(Array(text.utf8)[...])
        return bytes.count >= 22 ? Array(bytes.prefix(22)) : nil
    }
}
