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
        Hands an e-mail over to be sent: it is Pending Send until it is delivered. Nobody is written to who does not wish it.
        """,
        to: [MessageTarget("email", states: [ActivityState.open])],
        record: \.email,
        rules: Sending.rules + Channel.email.rules
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try Sending.check(email, by: .email, records)
        var plan = Plan(records)
        try plan.update(
            email,
            [
                ("statecode", .option(ActivityState.completed)), ("statuscode", .option(EmailStatus.pendingSend)),
                ("actualend", .instant(records.timeMicroseconds)), ("remindon", .null),
            ]
        )
        try plan.leaveQueue(email, records)
        try plan.noteResponse(by: email, at: records.timeMicroseconds, records)
        return plan
    }
}
