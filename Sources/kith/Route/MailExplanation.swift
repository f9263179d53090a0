// A decision of the router, for people and for programs. The names and reasons are those of docs/router.md.

import FoundationEssentials
import Kith
import Router

struct MailExplanation {
    let delivery: MailDelivery
    let decision: MailDecision
    let names: [MailThreadID: String]

    private var message: MailMessage { delivery.message }

    // MARK: For people

    /// The head, the decision, and a table of the steps.
    var text: String {
        var text = ""
        func line(_ name: String, _ value: String) {
            guard !value.isEmpty else { return }
            text += name + String(repeating: " ", count: max(1, 13 - name.count)) + value.printable + "\n"
        }
        line("From", list(message.from))
        line("To", list(message.to))
        line("Cc", list(message.cc))
        line("Delivered to", list(delivery.recipients + message.deliveredTo))
        line("Subject", message.subject)
        line("Date", date ?? "")
        line("Message-ID", message.messageID?.description ?? "")
        line("In-Reply-To", message.inReplyTo.map(\.description).joined(separator: " "))
        line("References", message.references.map(\.description).joined(separator: " "))
        for attachment in message.attachments {
            line("Attachment", "\(attachment.fileName) (\(attachment.type), \(attachment.bytes.count) bytes)")
        }
        line("Text", firstLine)
        line("Kind", decision.kind.name)
        for recipient in bounced {
            let numbers = [recipient.replyCode, recipient.status].compactMap(\.self).joined(separator: " ")
            let hard = recipient.isHard ? "hard" : "soft"
            line("Bounced", "\(recipient.address) \(hard) \(recipient.reason.rawValue) \(numbers)")
        }
        switch decision.link {
        case .thread(let thread): line("Belongs to", name(thread))
        case .suggested(let threads): for thread in threads { line("Perhaps to", name(thread)) }
        case .none: line("Belongs to", "nothing that is known")
        }
        for thread in decision.otherThreads { line("Refers to", name(thread)) }
        if decision.proposesNewRecord { line("Proposes", "a new record: it is about something else") }
        text += "\n"
        var table = TextTable([.init(title: "step"), .init(title: "reason"), .init(title: "detail")])
        for step in decision.steps { table.append([step.step.rawValue, step.reason.rawValue, step.detail]) }
        return text + table.text.split(separator: "\n").map { $0.trimmingEnd() + "\n" }.joined()
    }

    private func list(_ addresses: [MailAddress]) -> String { addresses.map(\.description).joined(separator: ", ") }

    private func name(_ thread: MailThreadID) -> String {
        names[thread].map { "thread \(thread) (\($0))" } ?? "thread \(thread)"
    }

    private var firstLine: String {
        let line = ReplyText.trim(message.text).split(separator: "\n").first { $0.contains { !$0.isWhitespace } } ?? ""
        return line.count > 100 ? line.prefix(100) + "…" : String(line)
    }

    private var date: String? {
        message.dateSeconds.map { Date(timeIntervalSince1970: Double($0)).formatted(.iso8601) }
    }

    private var bounced: [BouncedRecipient] {
        if case .bounce(let report) = decision.kind { report.recipients } else { [] }
    }

    // MARK: For programs

    /// One object on one line.
    var json: String {
        var json = JSONWriter()
        json.object { json in
            json.key("message")
            json.object { json in write(message, &json) }
            json.member("kind", decision.kind.name)
            if !bounced.isEmpty {
                json.key("bounced")
                json.array { json in for recipient in bounced { json.object { json in write(recipient, &json) } } }
            }
            if case .complaint(let complaint) = decision.kind {
                json.member("complaint", complaint.type)
                json.member("complainant", complaint.recipient)
            }
            var link: MailThreadID?
            if case .thread(let thread) = decision.link { link = thread }
            json.member("thread", link?.description)
            var suggested: [MailThreadID] = []
            if case .suggested(let threads) = decision.link { suggested = threads }
            strings("suggested", suggested.map(\.description), &json)
            strings("otherThreads", decision.otherThreads.map(\.description), &json)
            json.key("isForward")
            json.boolean(decision.isForward)
            json.key("proposesNewRecord")
            json.boolean(decision.proposesNewRecord)
            json.key("steps")
            json.array { json in
                for step in decision.steps {
                    json.object { json in
                        json.member("step", step.step.rawValue)
                        json.member("reason", step.reason.rawValue)
                        json.member("detail", step.detail)
                    }
                }
            }
        }
        return json.text
    }

    private func write(_ message: MailMessage, _ json: inout JSONWriter) {
        for (name, addresses) in [
            ("from", message.from), ("to", message.to), ("cc", message.cc), ("replyTo", message.replyTo),
            ("deliveredTo", delivery.recipients + message.deliveredTo),
        ] { strings(name, addresses.map(\.description), &json) }
        json.member("subject", message.subject)
        json.member("date", date)
        json.member("messageId", message.messageID?.text)
        strings("inReplyTo", message.inReplyTo.map(\.text), &json)
        strings("references", message.references.map(\.text), &json)
        json.member("text", message.text)
        json.member("reply", ReplyText.trim(message.text))
        json.member("html", message.html)
        json.key("attachments")
        json.array { json in
            for attachment in message.attachments {
                json.object { json in
                    json.member("name", attachment.fileName)
                    json.member("type", attachment.type)
                    json.member("bytes", attachment.bytes.count)
                }
            }
        }
    }

    private func write(_ recipient: BouncedRecipient, _ json: inout JSONWriter) {
        json.member("address", recipient.address)
        json.member("status", recipient.status)
        json.member("reply", recipient.replyCode)
        json.member("reason", recipient.reason.rawValue)
        json.key("isHard")
        json.boolean(recipient.isHard)
        json.member("diagnostic", recipient.diagnostic)
    }

    private func strings(_ name: String, _ values: [String], _ json: inout JSONWriter) {
        json.key(name)
        json.array { json in for value in values { json.string(value) } }
    }
}

extension Substring {
    /// Without blanks at its end: a table's last column is padded.
    fileprivate func trimmingEnd() -> Substring {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
