// An e-mail leaves: from here on it waits for the router, which delivers it.

import Engine

/// Hands an e-mail over to be sent.
public struct SendEmail: Message {
    /// The e-mail.
    public var email = RecordID.none

    public init() {}

    /// A request to send an e-mail.
    public init(_ email: RecordID) { self.email = email }

    public static let declaration = MessageDeclaration<SendEmail>(
        137,
        "send",
        """
        Hands an e-mail over to be sent: it is Pending Send until the router has it (docs/router.md). Nobody is written to who does not \
        wish it, and nothing is sent to an address from which mail comes back. What became of an earlier delivery is forgotten.
        """,
        to: [MessageTarget("email", states: [ActivityState.open])],
        record: \.email,
        rules: Sending.rules + Channel.email.rules + [Returned.rule]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try Sending.check(email, by: .email, records)
        try Returned.check(email, records)
        var plan = Plan(records)
        try plan.update(
            email,
            [
                ("statecode", .option(ActivityState.completed)), ("statuscode", .option(EmailStatus.pendingSend)),
                ("actualend", .instant(records.timeMicroseconds)), ("remindon", .null),
                ("sendafter", .instant(records.timeMicroseconds)), ("deliveryattempts", 0), ("deliveryreason", .null),
                ("messageid", .null), ("senton", .null),
            ]
        )
        let decided = try records.recipients(of: email).filter { records.value($0, "deliverycode") != .null }
        try plan.update(decided, [("deliverycode", .null), ("deliveryreason", .null)])
        try plan.leaveQueue(email, records)
        try plan.noteResponse(by: email, at: records.timeMicroseconds, records)
        return plan
    }
}
