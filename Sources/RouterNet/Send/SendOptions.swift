// How mail leaves, and the bounds of it.

import NIOCore
import Router

/// What the sender is told.
package struct SendOptions: Sendable {
    /// The mail system that takes what leaves.
    package var submit: SubmitAddress
    package var settings: SubmitSettings
    /// Certificates that are trusted instead of the system's.
    package var trustFile: String?
    /// The domain of its Message-IDs, and of reply and bounce addresses.
    package var domain: String
    /// Signs reply and bounce addresses; without keys there are none.
    package var keys: [[UInt8]] = []
    /// The mark by which the router knows what it sent (`MailRules.routerName`).
    package var routerName: String?
    package var limits = SendLimits()

    package init(submit: SubmitAddress, _ settings: SubmitSettings, domain: String) {
        (self.submit, self.settings, self.domain) = (submit, settings, domain)
    }
}

/// Where a mail system takes mail.
package struct SubmitAddress: Hashable, Sendable {
    package var host: String
    package var port: Int

    package init(host: String, port: Int) { (self.host, self.port) = (host, port) }
}

/// The bounds of sending.
package struct SendLimits: Sendable {
    /// Conversations at a time with the mail system.
    package var connectionsMax = 4
    /// E-mails on their way to one domain at a time, and begun in a minute.
    package var domainCountMax = 2
    package var domainMinuteMax = 60
    /// E-mails that are looked at in one query, to find those that are not held up.
    package var dueMax = 10_000
    /// How often the CRM is asked for what waits, in milliseconds.
    package var pollMilliseconds = 2_000
    /// How long an e-mail is one sender's: longer than `exchange` and all that comes before it, so that no other sends it meanwhile, also
    /// where the CRM's clock is some minutes ahead. No message goes out of which the exchange might last longer.
    package var leaseMilliseconds: Int64 = 45 * 60_000
    /// For how long after `send` a mail system that says "not now" is asked again.
    package var daysMax: Int64 = 5
    /// Bytes of files of an e-mail, before base64: what most mail systems take.
    package var attachmentBytesMax: Int64 = 18 << 20
    package var attachmentCountMax = 100
    /// How long connecting may take, and all that comes before a message may be submitted: greeting, TLS, login.
    package var connecting = TimeAmount.seconds(30)
    package var greeting = TimeAmount.minutes(5)
    /// How long the exchange of one message may take: ten minutes to hand it over, ten for the answer (RFC 5321, 4.5.3.2.6).
    package var exchange = TimeAmount.minutes(20)
    var exchangeMilliseconds: Int64 { exchange.nanoseconds / 1_000_000 }
    /// Waits between attempts to reach a mail system that is away: the first, and the longest.
    package var awayMillisecondsMin = 1_000
    package var awayMillisecondsMax = 60_000

    package init() {}
}

/// Counts since the start.
package struct SendCounts: Equatable, Sendable {
    /// Attempts that ended with the e-mail Sent, Failed, or put off.
    package var confirmed = 0
    package var postponed = 0
    package var failed = 0

    package init(confirmed: Int = 0, postponed: Int = 0, failed: Int = 0) {
        (self.confirmed, self.postponed, self.failed) = (confirmed, postponed, failed)
    }
}
