// What a message is: the steps before correlation.
//
// Guarantees: the order is the one in which a mistake costs most: a loop is stopped before anything is counted, a report is read before
// its sender is taken for an answering machine. Marks that people's programs set on ordinary mail decide nothing.

struct MailClassifier<Knowledge: MailKnowledge> {
    let rules: MailRules
    let knowledge: Knowledge

    /// Postfix and Exim give up after 50 and 30 hops; what has passed 50 goes in circles.
    private static var hopMax: Int { 50 }

    /// The kind, with the reasons of the steps `duplicate`, `loop` and `kind`.
    func classify(_ delivery: MailDelivery, into decision: inout MailDecision) -> MailKind {
        let message = delivery.message
        if knowledge.hasDelivered(delivery.fingerprint) {
            decision.add(.duplicate, .deliveredBefore, message.messageID?.description ?? "")
            return .duplicate
        }
        decision.add(.duplicate, .newMessage)
        if let name = rules.routerName, message.values(of: "X-Kith-Router").contains(name), !isReport(message) {
            decision.add(.loop, .ownLoopMark, name)
            return .loop
        }
        if message.receivedCount > MailClassifier.hopMax {
            decision.add(.loop, .tooManyHops, "\(message.receivedCount)")
            return .loop
        }
        decision.add(.loop, .noLoop)
        if let complaint = complaint(message) {
            decision.add(.kind, .feedbackReport, complaint.type)
            return .complaint(complaint)
        }
        if let reason = automatic(message), reason.0 != .nullSender, reason.0 != .autoSubmitted, !isReport(message) {
            decision.add(.kind, reason.0, reason.1)
            return .automatic
        }
        if let bounce = BounceReader(message: message).report() {
            decision.add(.kind, bounce.reason, bounce.detail)
            return .bounce(bounce.report)
        }
        if let reason = automatic(message) {
            decision.add(.kind, reason.0, reason.1)
            return .automatic
        }
        if isInternal(message, delivery.recipients) {
            decision.add(.kind, .ownSenderAndRecipients)
            return .internalMessage
        }
        if let mark = MailClassifier.listMarks.first(where: { message.value(of: $0) != nil }) {
            decision.add(.kind, .listMark, mark)
            return .bulk
        }
        if let precedence = message.value(of: "Precedence")?.lowercased(),
            ["bulk", "list", "junk"].contains(precedence)
        {
            decision.add(.kind, .bulkPrecedence, precedence)
            return .bulk
        }
        decision.add(.kind, .ordinary)
        return .message
    }

    private static var listMarks: [String] {
        [
            "List-Id", "List-Unsubscribe", "List-Post", "List-Help", "Mailing-List", "X-Mailing-List", "X-Campaign-Id",
            "X-BeenThere",
        ]
    }

    private func isReport(_ message: MailMessage) -> Bool { message.root.type == "multipart/report" }

    private func isInternal(_ message: MailMessage, _ recipients: [MailAddress]) -> Bool {
        let all = recipients + message.to + message.cc + message.bcc
        return !message.from.isEmpty && !all.isEmpty && message.from.allSatisfy(knowledge.isOwn)
            && all.allSatisfy(knowledge.isOwn)
    }

    private func complaint(_ message: MailMessage) -> ComplaintReport? {
        guard let leaf = message.root.leafParts.first(where: { $0.part.type == "message/feedback-report" }),
            let fields = ReportFields(leaf.bytes).groups.first
        else { return nil }
        let recipient = fields["original-rcpt-to"] ?? fields["removal-recipient"] ?? ""
        return ComplaintReport(
            type: (fields["feedback-type"] ?? "abuse").lowercased(),
            recipient: ReportFields.address(recipient),
            originalID: message.root.innerMessage?.messageID
        )
    }

    private func automatic(_ message: MailMessage) -> (MailReason, String)? {
        if message.root.reportType == "disposition-notification" { return (.autoReplyMark, "disposition-notification") }
        for mark in [
            "X-Autoreply", "X-Autorespond", "X-AutoReply-From", "X-Mail-Autoreply", "X-Auto-Reply-From",
            "X-FC-MachineGenerated",
        ]
        where message.value(of: mark).map({ $0.lowercased() != "no" }) == true { return (.autoReplyMark, mark) }
        if let precedence = message.value(of: "Precedence")?.lowercased(),
            ["auto_reply", "auto-reply"].contains(precedence)
        {
            return (.autoReplyMark, "Precedence: \(precedence)")
        }
        let subject = message.subject.lowercased()
        if let words = MailClassifier.automaticSubjects.first(where: { subject.hasPrefix($0) }) {
            return (.autoReplySubject, words)
        }
        if let value = message.value(of: "Auto-Submitted")?.lowercased(), !value.hasPrefix("no"), !value.isEmpty {
            return (.autoSubmitted, value)
        }
        return message.returnPath == "" ? (.nullSender, "") : nil
    }

    // As programs write them before the subject that they answer.
    private static var automaticSubjects: [String] {
        [
            "automatic reply", "auto reply", "auto-reply", "autoreply", "auto:", "auto response", "auto-response",
            "autoresponse", "out of office",
            "out of the office", "out-of-office", "vacation", "away from my mail", "automatische antwort",
            "abwesenheit", "réponse automatique",
            "absence du bureau", "respuesta automática", "fuera de la oficina", "risposta automatica", "fuori sede",
            "resposta automática",
            "automatisch antwoord", "afwezig", "autosvar", "automatiskt svar", "automatisk svar",
            "automaattinen vastaus", "automatyczna odpowiedź",
            "odpowiedź automatyczna", "automatická odpověď", "automatikus válasz", "automatik yanıt", "otomatik yanıt",
            "автоответ", "自動応答",
            "自动回复", "自動回覆", "자동 회신", "[auto-reply]", "re: automatic reply",
        ]
    }
}

extension MailDecision {
    fileprivate mutating func add(_ step: MailStep, _ reason: MailReason, _ detail: String = "") {
        steps.append(MailStepResult(step, reason, detail))
    }
}
