// What the words and numbers of mail systems mean.
//
// Guarantees: the same text gives the same answer; the numbers are taken as they stand, not guessed from words. Words count before
// numbers for the reason, because systems give 5.1.1 to what a filter refused, and 5.0.0 to what nobody classified.

struct DeliveryDiagnostic {
    /// `5.1.1`; nil when there is none.
    private(set) var status: String?
    /// `550`; nil when there is none.
    private(set) var replyCode: String?
    /// Whether the status stood behind a reply: what the remote system itself said.
    private(set) var isQuoted = false
    private let text: String
    /// What stands behind the last reply.
    private var quoted = ""

    /// Characters that are looked at. Replies have at most some hundred.
    private static let lengthMax = 4_096

    /// In small letters, with one blank between words and at both ends.
    static func words(_ text: String) -> String {
        " " + text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ") + " "
    }

    /// Whether a report says that the content was refused, not the recipient.
    static func isAfterData(_ words: String) -> Bool { contains(words, anyOf: dataWords) }

    /// Searching bytes is thirty times as fast as searching characters, and there are two hundred words to look for.
    private static func contains(_ text: String, anyOf words: [String]) -> Bool {
        let bytes = Array(text.utf8)
        return words.contains { word in
            let letters = Array(word.utf8)
            guard let first = letters.first, bytes.count >= letters.count else { return false }
            for start in 0...(bytes.count - letters.count)
            where bytes[start] == first && bytes[start..<(start + letters.count)].elementsEqual(letters) { return true }
            return false
        }
    }

    /// Reads one text about one recipient.
    init(_ diagnostic: String) {
        text = DeliveryDiagnostic.words(String(diagnostic.unicodeScalars.prefix(DeliveryDiagnostic.lengthMax)))
        // A reply with its status is the surest; then a status, then a bare reply. Of several replies the last is the nearest to the
        // mailbox: systems quote what the next one said.
        if let match = text.matches(of: #/[^\d.]([45][0-5]\d)[ \-:(#']{1,3}([45]\.\d{1,3}\.\d{1,3})(?![.\d])/#).last {
            replyCode = String(match.output.1)
            status = String(match.output.2)
            isQuoted = true
            quoted = String(text[match.range.upperBound...])
            return
        }
        if let match = text.firstMatch(of: #/[^\d.a-z\-]([45]\.\d{1,3}\.\d{1,3})(?![.\d]*\d)/#) {
            status = String(match.output.1)
        }
        let said = #/(?:[:>"'(\[=]| (?:said|code|error|reply|response|with|was)) ?([45][0-5]\d)[ \-;:](?!\d)/#
        if let match = text.firstMatch(of: said) {
            replyCode = String(match.output.1)
        } else if let match = text.firstMatch(of: #/ ([45][0-5]\d)[ \-](?![\d])/#) {
            replyCode = String(match.output.1)
        }
    }

    var isEmpty: Bool {
        status == nil && replyCode == nil && word(DeliveryDiagnostic.words) == nil
            && word(DeliveryDiagnostic.vagueWords) == nil
    }

    /// What it comes to, with the status that a report's field gave, if any, and what the report says of the step that failed.
    func reason(status field: String?, isAfterData: Bool) -> BounceReason {
        var number = DeliveryDiagnostic.reason(ofStatus: status ?? field)
        if isAboutSender, number?.isHard == true { number = .refused }
        let found =
            word(DeliveryDiagnostic.words) ?? number ?? word(DeliveryDiagnostic.vagueWords)
            ?? .unclear
        // Who took the recipient and refuses the content, with whatever words, knows the mailbox.
        let isAfterData = isAfterData || DeliveryDiagnostic.isAfterData(text)
        if found == .addressUnknown, isAfterData, (status ?? field) != "5.1.1" { return .refused }
        return found
    }

    private static let dataWords = [
        "end of data", "smtp command data", "in reply to data", "after data", ">>> data", "after sending data",
        "sending message body",
        "after initial data", "command: data", "(data)",
    ]

    private var isAboutSender: Bool { DeliveryDiagnostic.contains(text, anyOf: DeliveryDiagnostic.senderWords) }

    private func word(_ table: [(BounceReason, [String])]) -> BounceReason? {
        for text in quoted.isEmpty ? [text] : [quoted, text] {
            for (reason, words) in table where DeliveryDiagnostic.contains(text, anyOf: words) {
                return isAboutSender && reason.isHard ? .refused : reason
            }
        }
        return nil
    }

    /// RFC 3463's subjects and details.
    private static func reason(ofStatus status: String?) -> BounceReason? {
        guard let status else { return nil }
        let parts = status.split(separator: ".").compactMap { Int($0) }
        guard parts.count == 3 else { return nil }
        switch (parts[0], parts[1], parts[2]) {
        case (2, _, _): return nil
        case (5, 1, 1), (5, 1, 3): return .addressUnknown
        case (5, 1, 2), (5, 4, 4): return .hostUnknown
        case (5, 1, 6): return .addressMoved
        case (5, 1, 10), (5, 3, 2): return .noMailThere
        case (5, 1, 7), (5, 1, 8), (_, 7, _): return .refused
        case (5, 2, 1): return .mailboxDisabled
        case (_, 2, 2): return .mailboxFull
        case (_, 2, 3), (_, 3, 4): return .tooLarge
        case (_, 4, 7): return .expired
        case (_, 4, _): return .network
        case (_, 6, _): return .content
        case (_, 3, _): return .system
        default: return nil
        }
    }

    // What is refused because of its sender says nothing about the recipient.
    private static let senderWords = [
        "sender address", "sender domain", "sender rejected", "sender verify", "sender unknown", "invalid sender",
        "domain of sender", "sender's domain", "from address", "from domain", "mail from", "return path", "return-path",
        "envelope from", "originator", "reverse-path", "unverified sender", "sender denied",
    ]

    // In the order in which they are asked: what is certain and specific first.
    private static let words: [(BounceReason, [String])] = [
        (
            .network,
            [
                "host not found, try again", "unexpected name server reply", "server failure", "servfail",
                "dns temporary failure",
            ]
        ),
        (
            .mailboxFull,
            [
                "mailbox full", "mailbox is full", "over quota", "overquota", "quota exceeded", "exceeded quota",
                "exceeds quota",
                "over their quota", "over his quota", "exceeded storage", "exceeded its storage", "storage allocation",
                "exceeded the maximum mailbox size", "mailbox size limit", "mailbox exceeds", "mailbox has exceeded",
                "mailbox quota", "disk quota", "quota violation", "insufficient storage", "out of storage",
                "too much mail data",
                "user is full", "is full", "no space left", "not enough storage", "too many messages on this mailbox",
                "over the allowed quota",
                "exceeded the space", "account is over", "boite pleine", "postfach ist voll", "no room in mailbox",
                "exceed mailbox quota",
                "storage quota",
            ]
        ),
        (
            .noMailThere,
            [
                "nullmx", "null mx", "indicated no smtp service", "does not accept mail", "does not accept any mail",
                "accepts no mail",
                "smtp service not available for domain",
                "no mail accepted", "doesn't accept mail",
            ]
        ),
        (
            .hostUnknown,
            [
                "host unknown", "unknown host", "host not found", "domain not found", "no such domain",
                "unknown domain",
                "name or service not known", "domain does not exist", "nxdomain", "unrouteable mail domain",
                "no such host",
                "illegal host/domain", "bad destination system", "domain name not found", "domain must resolve",
                "unresolvable",
                "cannot find a mail exchanger", "couldn't find any host", "could not find host", "invalid domain",
                "domain invalid",
                "no mx record", "mail domain mentioned in email address is unknown",
                "recipient address rejected: unknown domain",
                "domain is not exist", "domain is not reachable",
                "host name lookup failure",
            ]
        ),
        (
            .addressMoved,
            [
                "has moved", "address has changed", "address changed", "new address is", "has been replaced",
                "has been changed", "please try <",
            ]
        ),
        (
            .addressUnknown,
            [
                "user unknown", "unknown user", "user_unknown", "no such user", "no such mailbox", "no such recipient",
                "no such address",
                "no such person", "unknown recipient", "recipient unknown", "unknown address", "unknown account",
                "unknown local part",
                "unknown local-part", "unknown mailbox", "unknown email", "invalid recipient", "invalid mailbox",
                "invalid address",
                "invalid user", "mailbox not found", "mailbox is not found", "user not found", "recipient not found",
                "address not found",
                "account not found", "not found in directory", "mailbox unknown", "does not exist", "do not exist",
                "not existing", "didn't exist", "doesn't exist", "no longer exists", "no mailbox",
                "not a valid mailbox",
                "not a valid user", "not a valid recipient", "not a valid address", "not listed in", "not a known user",
                "unknown to me", "doesn't have an account", "does not have an account", "doesn't have a",
                "bad destination mailbox",
                "no account by that name", "not our customer", "user is unknown", "is unknown", "unrouteable address",
                "not recognized",
                "not recognised", "no longer valid", "no longer on server", "no longer available", "addressee unknown",
                "user doesn't exist",
                "undeliverable address", "is not a valid", "isn't a valid", "not known here", "not known at this site",
                "no user with that name",
                "no one here", "unbekannt", "utilisateur inconnu", "inconnu", "desconocido", "sconosciuto",
                "nie istnieje", "no mailbox here by that name",
                "dosn't exist", "unable to find user", "resolver.adr.recipnotfound", "recipnotfound",
                "recipient address rejected: access denied",
                "unknown alias", "recipient is not local", "user has no", "non-existent", "nonexistent",
                "there is no one at this address",
                "no valid recipient", "not our address", "has no mailbox", "bad recipient", "bad address", "bad user",
                "mailbox unavailable or access denied", "not have a mailbox", "no recipients", "mailbox does not",
            ]
        ),
        (
            .mailboxDisabled,
            [
                "disabled", "suspended", "inactive", "deactivated", "account is locked", "account locked", "not active",
                "account expired",
                "account has been closed", "temporarily locked", "mailbox is frozen",
            ]
        ),
        (
            .tooLarge,
            [
                "message too large", "message size exceeds", "too large", "too big", "exceeds maximum", "size exceeds",
                "message length exceeds",
                "maximum message size", "exceeded the maximum size", "size limit", "exceeds fixed maximum",
            ]
        ),
        (
            .refused,
            [
                "spam", "blocked", "blacklist", "blocklist", "black list", "block list", "policy", "dmarc", "spf",
                "dkim", "reputation", "rbl", "ptr record", "reverse dns", "relay", "not authorized", "unauthorized",
                "administrative", "virus", "banned", "too many connections", "rate limit", "throttled", "greylist",
                "junk",
            ]
        ),
    ]

    // What says little: a precise number counts more.
    private static let vagueWords: [(BounceReason, [String])] = [
        (
            .addressUnknown,
            [
                "mailbox unavailable", "recipient address rejected", "address rejected",
                "invalid final delivery userid",
                "ディレクトリのリストにありません",
            ]
        ),
        (
            .refused,
            [
                "rejected", "refused", "denied", "not accepted", "unacceptable", "deny", "not permitted",
                "not allowed", "authentication", "filter", "prohibited",
            ]
        ),
        (
            .expired,
            [
                "delivery time expired", "delivery expired", "message expired", "expired", "retry timeout exceeded",
                "retry time not reached",
                "delayed", "still being retried", "too long", "not been able to deliver", "has been delayed", "too old",
                "queue too long",
                "in the queue too long",
                "have been failing for a long time",
            ]
        ),
        (
            .network,
            [
                "connection timed out", "connection refused", "timed out", "timeout", "no route to host",
                "network is unreachable", "connection reset",
                "too many hops", "mail loop", "loops back", "connection lost", "lost connection", "could not connect",
                "unreachable",
            ]
        ),
        (
            .system,
            [
                "system error", "local error", "configuration error", "local configuration", "internal error",
                "i/o error", "can't create", "unable to create",
                "service unavailable", "resources temporarily unavailable", "command failed", "mailer error", "disk",
            ]
        ),
    ]
}
