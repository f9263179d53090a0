// Whether a message reports that another was not delivered, and about whom.
//
// Guarantees: a report for programs (RFC 3464) is believed whoever sends it, since nothing but counting and marking follows; words
// are believed only from a mail system's own sender or with its marks, because people quote reports to each other. A report of
// success, or of a display, is no bounce.

struct BounceReader {
    let message: MailMessage

    /// Nil when it is no bounce.
    func report() -> (report: BounceReport, reason: MailReason, detail: String)? {
        let leaves = message.root.leafParts
        let status = leaves.first {
            $0.part.type == "message/delivery-status" || $0.part.type == "message/global-delivery-status"
        }
        if let status {
            let recipients = recipients(ReportFields(status.bytes))
            if let recipients {
                // All of them got it: a receipt.
                guard !recipients.isEmpty else { return nil }
                return (
                    BounceReport(recipients: recipients, originalID: originalID), .deliveryReport,
                    recipients.map(\.address).joined(separator: " ")
                )
            }
        }
        guard isFromMailSystem else { return nil }
        let recipients = recipientsOfText()
        if recipients.allSatisfy({ $0.reason == .unclear }), let returned,
            let inner = BounceReader(message: returned).report()
        {
            // A report about a report: what it says is inside.
            return inner
        }
        guard !recipients.isEmpty else { return nil }
        return (
            BounceReport(recipients: recipients, originalID: originalID), .bounceText,
            recipients.map(\.address).joined(separator: " ")
        )
    }

    /// Nil when the fields name nobody.
    private func recipients(_ fields: ReportFields) -> [BouncedRecipient]? {
        let groups = fields.groups.filter {
            $0["final-recipient"] != nil || $0["original-recipient"] != nil || $0["status"] != nil
        }
        guard !groups.isEmpty else { return nil }
        let text = BounceText(message.text, others: others)
        let isAfterData = DeliveryDiagnostic.isAfterData(DeliveryDiagnostic.words(text.visible))
        return groups.compactMap { group in
            let action = (group["action"] ?? "").lowercased()
            guard !["delivered", "relayed", "expanded"].contains(where: { action.hasPrefix($0) }) else { return nil }
            let final = group["final-recipient"].map(ReportFields.address) ?? ""
            let address = final.contains("@") ? final : group["original-recipient"].map(ReportFields.address) ?? final
            let field = group["status"]?.firstMatch(of: #/[245]\.\d{1,3}\.\d{1,3}/#).map { String($0.output) }
            var diagnostic = group["diagnostic-code"]?.replacing(#/^\s*[A-Za-z0-9\-]+;\s*/#, with: "") ?? ""
            var read = DeliveryDiagnostic(diagnostic)
            if read.isEmpty {
                let entry = text.entries.first { $0.address.lowercased() == address.lowercased() } ?? text.entries.first
                let words = entry?.text ?? text.visible
                let other = DeliveryDiagnostic(words)
                if !other.isEmpty {
                    read = other
                    diagnostic += " " + words
                }
            }
            // `5.0.0` and `5.1.0` say little; what the remote system said is nearer to the truth.
            let isVague = field?.hasSuffix(".0") ?? true
            return BouncedRecipient(
                address: address,
                status: isVague || read.isQuoted ? read.status ?? field : field,
                replyCode: read.replyCode,
                reason: read.reason(status: field, isAfterData: isAfterData),
                diagnostic: BounceReader.line(diagnostic),
                isDelayed: action.hasPrefix("delayed")
            )
        }
    }

    private func recipientsOfText() -> [BouncedRecipient] {
        let text = BounceText(message.text, others: others)
        var entries = text.entries
        let isAfterData = DeliveryDiagnostic.isAfterData(DeliveryDiagnostic.words(text.visible))
        let failed = message.values(of: "X-Failed-Recipients").flatMap { BounceText.addresses($0[...]) }
        if !failed.isEmpty {
            entries = failed.map { address in
                entries.first { $0.address.lowercased() == address.lowercased() }
                    ?? BounceText.Entry(address: address, text: text.visible)
            }
        }
        if entries.isEmpty { entries = [BounceText.Entry(address: originalRecipient, text: text.visible)] }
        let recipients = entries.map { entry in
            let read = DeliveryDiagnostic(entry.text)
            return BouncedRecipient(
                address: entry.address,
                status: read.status,
                replyCode: read.replyCode,
                reason: read.reason(status: nil, isAfterData: isAfterData),
                diagnostic: BounceReader.line(entry.text),
                isDelayed: isDelaySubject
            )
        }
        if hasFailureSubject, returned != nil || message.root.reportType == nil { return recipients }
        return recipients.filter { $0.status != nil || $0.replyCode != nil || $0.reason != .unclear }
    }

    /// A mail system's own sender, its marks, or the subject that it alone writes.
    private var isFromMailSystem: Bool {
        if !message.values(of: "X-Failed-Recipients").isEmpty { return true }
        if message.root.reportType == "delivery-status" { return hasFailureSubject }
        // `MAILER-DAEMON <>` has no address.
        let isSystem =
            message.from.contains(where: BounceReader.isSystem)
            || message.returnPath.map { BounceReader.isSystem(MailAddress(address: $0)) } == true
            || message.from.isEmpty && BounceReader.isSystemName(message.value(of: "From") ?? "")
        if isSystem { return true }
        if message.returnPath == "", hasFailureSubject { return true }
        // What came back is in it, and nobody has passed it on.
        let subject = MailSubject(message.subject)
        return returned != nil && !subject.isReply && !subject.isForward && (hasFailureSubject || saysFailure)
    }

    private var saysFailure: Bool {
        let text = DeliveryDiagnostic.words(BounceText(message.text, others: []).visible)
        return [
            "could not be delivered to", "delivery to the following recipient", "was not delivered to",
            "did not reach the following",
        ]
        .contains { text.contains($0) }
    }

    private static func isSystem(_ address: MailAddress) -> Bool {
        let local = address.key.prefix { $0 != "@" }.filter { $0 != "-" && $0 != "_" && $0 != "." }
        return ["mailerdaemon", "postmaster", "mdaemon", "maildaemon", "mailer"].contains(local)
            || isSystemName(address.name)
    }

    private static func isSystemName(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["mail delivery", "mailer-daemon", "mail administrator", "postmaster", "delivery subsystem"].contains {
            name.contains($0)
        }
    }

    private var hasFailureSubject: Bool {
        let subject = message.subject.lowercased()
        return BounceReader.failures.contains { subject.contains($0) }
    }

    private var isDelaySubject: Bool {
        let subject = message.subject.lowercased()
        return ["delay", "warning: could not send", "warning: message", "will keep trying", "still retrying"].contains {
            subject.contains($0)
        }
    }

    private static let failures = [
        "undeliver", "delivery failure", "delivery failed", "failure notice", "delivery status notification",
        "returned mail",
        "mail delivery failed", "mail failure", "delivery report", "could not be delivered", "couldn't be delivered",
        "not delivered", "non-delivery", "nondeliverable",
        "non delivery", "delivery notification", "delivery error", "mail error", "message delivery", "mail delivery",
        "returned to sender",
        "unzustellbar", "nicht zugestellt", "rückgesendet", "non remis", "échec de la remise", "no entregado",
        "no se puede entregar",
        "mancata consegna", "niedostarcz", "не доставлено", "недоставлен", "не может быть доставлен", "配信", "エラー", "配送",
        "退信", "投递失败", "user unknown",
        "return receipt", "bounce", "message status", "email error", "mail system error", "rejected", "failed mail",
        "failed delivery", "ditolak", "nondelivery", "warning: could not send", "delayed mail",
    ]

    /// Who is told, and who tells.
    private var others: Set<String> {
        let people = message.to + message.cc + message.from + message.sender + message.replyTo
        var keys = Set(people.map(\.key))
        if let returned { for address in returned.from { keys.insert(address.key) } }
        if let returned { for address in returned.to { keys.remove(address.key) } }
        return keys
    }

    /// The message that came back, or its head.
    private var returned: MailMessage? { message.root.innerMessage }

    private var originalRecipient: String { returned?.to.first?.address ?? "" }

    private var originalID: MessageID? {
        if let id = returned?.messageID { return id }
        // Returned as text: the last such line is the message's own, those before may be quoted.
        let leaves = message.root.leafParts
        let texts = leaves.filter { $0.part.type.hasPrefix("text/") || $0.part.type.hasPrefix("message/") }
        for leaf in texts.reversed() {
            for line in leaf.bytes.split(separator: .lineFeed) where line.starts(withLowercased: "message-id") {
                let text = CharacterSets.text(Array(line), charset: nil)
                if let id = MessageIdentifiers.read(text, limits: MailLimits()).first { return id }
            }
        }
        return nil
    }

    private static func line(_ text: String) -> String {
        String(text.split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(500))
    }
}

extension MailPart {
    /// Leaves of the message itself; those of a message inside it are not its own words.
    var leafParts: [(part: MailPart, bytes: [UInt8])] {
        switch content {
        case .bytes(let bytes): [(self, bytes)]
        case .parts(let parts): parts.flatMap(\.leafParts)
        case .message: []
        }
    }

    /// The first message inside, at any level but inside another.
    var innerMessage: MailMessage? {
        switch content {
        case .bytes: nil
        case .parts(let parts): parts.lazy.compactMap(\.innerMessage).first
        case .message(let message): message
        }
    }
}
