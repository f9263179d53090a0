// Message-IDs out of the fields that hold them, as real programs write these fields.
//
// Guarantees: in the order of the field, each once; text that is no Message-ID (comments, "Message from … of", dates) is passed
// over. An identifier in brackets may hold anything but brackets and blanks; one without brackets must look like an address, and
// counts only in a field that holds nothing else.

package enum MessageIdentifiers {
    package static func read(_ field: String, limits: MailLimits) -> [MessageID] {
        var found: [MessageID] = []
        var seen: Set<MessageID> = []
        func add(_ text: Substring) {
            // Blanks inside come from folding in the middle of an identifier.
            let text = text.filter { !$0.isWhitespace }
            let id = MessageID(String(text))
            guard !text.isEmpty, text.utf8.count <= limits.identifierByteMax, found.count < limits.identifierCountMax,
                seen.insert(id).inserted
            else { return }
            found.append(id)
        }
        var rest = field[...]
        while let open = rest.firstIndex(of: "<") {
            let inner = rest[rest.index(after: open)...]
            guard let end = inner.firstIndex(where: { $0 == ">" || $0 == "<" }) else { break }
            if inner[end] == "<" {
                rest = inner[end...]
                continue
            }
            // An address of somebody stands in brackets too: `In-Reply-To: Your message of "…" from <a@b>` is rare, and a wrong
            // identifier matches nothing.
            add(inner[..<end])
            rest = inner[inner.index(after: end)...]
        }
        if found.isEmpty {
            let words = field.split(whereSeparator: \.isWhitespace)
            if words.allSatisfy({ $0.contains("@") && !$0.contains("<") && !$0.contains(">") }) { words.forEach(add) }
        }
        return found
    }
}
