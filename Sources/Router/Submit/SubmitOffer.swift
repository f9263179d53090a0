// What a mail system offers in its answer to EHLO.

/// Extensions that are known here; all others are passed over.
struct SubmitOffer: Equatable {
    var startTLS = false
    var pipelining = false
    var eightBit = false
    var international = false
    /// Bytes of the longest message; 0 where the other side does not say.
    var sizeMax = 0
    var hasSize = false
    var mechanisms: Set<SubmitCredentials.Mechanism> = []

    init() {}

    /// Reads the lines behind the first, which greets. Words that are not of the form are passed over.
    init(_ answer: SubmitLines) {
        for line in answer.lines.dropFirst() {
            let text = String(decoding: line, as: UTF8.self).uppercased()
            let words = text.split { $0 == " " || $0 == "=" }
            switch words.first {
            case "STARTTLS": startTLS = true
            case "PIPELINING": pipelining = true
            case "8BITMIME": eightBit = true
            case "SMTPUTF8": international = true
            case "SIZE":
                hasSize = true
                sizeMax = words.dropFirst().first.flatMap { Int($0) }.map { max(0, $0) } ?? 0
            // Some systems write `AUTH=PLAIN`, as a draft had it.
            case "AUTH":
                mechanisms.formUnion(words.dropFirst().compactMap { SubmitCredentials.Mechanism(rawValue: String($0)) })
            default: break
            }
        }
    }
}
