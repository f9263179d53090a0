// What keeps a storm from going on by itself: how many cases one sender's mail opens in an hour, and how many e-mails nobody wrote leave.
//
// Guarantees
// - Counted is what the CRM holds, through an index on the moment, not what a process remembers: a restart forgets nothing, and several
//   routers count together.
// - Beyond a limit nothing is lost: the message waits in its queue without a case, or the case is there without an acknowledgement.
// - An acknowledgement is written to people only: never to an answering machine, a list, a report, a sender without an address, a mailbox
//   for programs, or one of the CRM's own (RFC 3834).

import Engine
import Net
import Router

/// How many there may be in an hour.
package struct StormLimits: Equatable, Sendable {
    package var casesOfSender = 10
    package var cases = 500
    package var acknowledgementsToSender = 3
    package var acknowledgements = 200

    package init() {}
}

struct MailStorms {
    private static let microseconds: Int64 = 3_600_000_000
    /// Local parts behind which is a program.
    private static let programs: Set<String> = [
        "mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply", "bounce", "bounces",
        "daemon",
    ]

    let client: KithClient
    let limits: StormLimits
    /// When the message came, in microseconds.
    let moment: Int64

    /// Why a message opens no case; nil where it may.
    func reasonAgainstCase(from sender: MailAddress) async throws -> String? {
        guard try await isCounted("casemadeon") else { return nil }
        let senders = try await addresses("sender", since: "casemadeon", countMax: limits.cases)
        if senders.count >= limits.cases { return "\(limits.cases) cases were opened by e-mail within an hour" }
        let count = senders.count { MailAddress(address: $0).plainKey == sender.plainKey }
        guard count >= limits.casesOfSender else { return nil }
        return "\(sender.address) has opened \(count) cases within an hour"
    }

    /// Why nobody is told that there is a case; nil where somebody may be.
    func reasonAgainstAcknowledgement(to address: MailAddress, envelopeSender: String) async throws -> String? {
        guard try await isCounted("automaticon") else { return "the server counts none" }
        if envelopeSender.isEmpty { return "the message has no sender in its envelope" }
        let local = address.plainKey.split(separator: "@").first.map(String.init) ?? ""
        if address.domain.isEmpty || Self.programs.contains(local) || local.hasPrefix("owner-")
            || local.hasSuffix("-request")
        {
            return "\(address.address) is no person's"
        }
        let recipients = try await addresses("torecipients", since: "automaticon", countMax: limits.acknowledgements)
        if recipients.count >= limits.acknowledgements {
            return "\(limits.acknowledgements) were written within an hour"
        }
        let count = recipients.count { MailAddress(address: $0).plainKey == address.plainKey }
        return count >= limits.acknowledgementsToSender
            ? "\(count) were written to \(address.address) within an hour" : nil
    }

    private func isCounted(_ attribute: String) async throws -> Bool {
        try await client.schema.standardEntity(named: "email")?.attributeID(attribute) != nil
    }

    /// Of the e-mails that bear a moment of the last hour, an address of each.
    private func addresses(_ attribute: String, since moment: String, countMax: Int) async throws -> [String] {
        var cursor = try await client.query(
            "SELECT \(attribute) FROM email WHERE \(moment) > ? LIMIT \(countMax)",
            [.instant(self.moment - Self.microseconds)]
        )
        return try await cursor.rows().map { $0[0].textOrEmpty }
    }
}
