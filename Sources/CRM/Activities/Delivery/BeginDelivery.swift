// What the router says of an e-mail on its way.
//
//   Pending Send ──begin-delivery──▶ Sending ──confirm-delivery──▶ Sent
//        ▲                              ├──postpone-delivery──▶ Pending Send, later
//        └─────── its time is over ─────┴──fail-delivery──▶ Open (Failed)
//
// Guarantees
// - An e-mail is sent by one at a time, and none before `sendafter`: who begins has it until the next. Whoever is killed meanwhile is followed by another, or by
//   himself, when that is over; so an e-mail may leave twice, with one Message-ID, and is never forgotten.
// - The Message-ID is remembered before anything leaves, and with it what an answer is found by.
// - Wishes and returned addresses are asked again: days may lie between `send` and this.
// - A recipient who has it, or who was refused, is not written to again by a later attempt.

import Engine

/// Takes an e-mail that waits to be sent.
public struct BeginDelivery: Message {
    /// The e-mail.
    public var email = RecordID.none
    /// The Message-ID that it gets where it has none, without brackets.
    public var messageID: String?
    /// By what the router finds the Message-ID again: `emailidentifier.digest`.
    public var digest: String?
    /// Until when it is being sent: microseconds since 1970 in UTC.
    public var until: Int64?

    public init() {}

    /// A request to take an e-mail.
    public init(_ email: RecordID, messageID: String? = nil, digest: String? = nil, until: Int64? = nil) {
        (self.email, self.messageID, self.digest, self.until) = (email, messageID, digest, until)
    }

    /// How long one that is being sent is left alone where nobody says how long.
    private static let microseconds: Int64 = 10 * 60_000_000

    static let notWaiting = Rule("not-waiting", "The e-mail does not wait to be sent.")
    static let notDue = Rule("not-due", "The e-mail is not to be sent yet.")
    static let beingSent = Rule("being-sent", "The e-mail is being sent by somebody.")

    public static let declaration = MessageDeclaration<BeginDelivery>(
        304,
        "begin-delivery",
        """
        Takes an e-mail that is Pending Send, for whoever delivers it: it is Sending, and the attempt is counted. One that has been \
        Sending beyond its time is taken again, one that was postponed when it is due.
        """,
        said: "begin its delivery",
        to: [MessageTarget("email", states: [ActivityState.completed])],
        record: \.email,
        arguments: [
            .text(1, "messageid", \.messageID, lengthBytesMax: 320, "Its Message-ID, where it has none yet."),
            .text(2, "digest", \.digest, lengthBytesMax: 32, "By what the router finds an answer to it."),
            .instant(3, "until", \.until, "Until when it is being sent; ten minutes from now where it is not given."),
        ],
        rules: [notWaiting, notDue, beingSent] + Sending.rules + Channel.email.rules + [Returned.rule]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let due = records.instant(email, "sendafter") ?? .min
        let isDue = due <= records.timeMicroseconds
        switch records.option(email, "statuscode") {
        case EmailStatus.pendingSend:
            guard isDue else {
                throw records.refusal(
                    Self.notDue,
                    email,
                    "\(records.name(email)) is not to be sent before \(CalendarText.text(microseconds: due))."
                )
            }
        case EmailStatus.sending:
            guard isDue else {
                throw records.refusal(
                    Self.beingSent,
                    email,
                    "\(records.name(email)) is being sent until \(CalendarText.text(microseconds: due))."
                )
            }
        default: throw Delivery.refusal(Self.notWaiting, email, "wait to be sent", records)
        }
        try Sending.check(email, by: .email, isUnderWay: true, records)
        try Returned.check(email, isUnderWay: true, records)
        var changes: [(String, Value)] = [
            ("statuscode", .option(EmailStatus.sending)),
            ("deliveryattempts", .integer((records.integer(email, "deliveryattempts") ?? 0) + 1)),
            ("sendafter", .instant(until ?? records.timeMicroseconds.addingClamped(Self.microseconds))),
        ]
        var plan = Plan(records)
        if let messageID, !messageID.isEmpty, records.text(email, "messageid") == nil {
            changes.append(("messageid", .text(messageID)))
            if let digest {
                try plan.create(
                    "emailidentifier",
                    [("identifier", .text(messageID)), ("digest", .text(digest)), ("emailid", .reference(email))]
                )
            }
        }
        try plan.update(email, changes)
        return plan
    }
}
