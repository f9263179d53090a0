// An e-mail leaves: from here on it waits for the router, which delivers it.

import Engine

/// Hands an e-mail over to be sent.
public struct SendEmail: Message {
    /// The e-mail.
    public var email = RecordID.none

    public init() {}

    /// A request to send an e-mail.
    public init(_ email: RecordID) { self.email = email }

    static let incoming = Rule("incoming", "The e-mail came from outside.")
    static let recipientMissing = Rule("recipient-missing", "The e-mail is addressed to nobody.")
    static let doNotEmail = Rule("do-not-email", "A recipient does not wish to get e-mails.")

    public static let declaration = MessageDeclaration<SendEmail>(
        137,
        "send",
        """
        Hands an e-mail over to be sent: it is Pending Send until it is delivered. Nobody is written to who does not wish it.
        """,
        to: [MessageTarget("email", states: [ActivityState.open])],
        record: \.email,
        rules: [incoming, recipientMissing, doNotEmail]
    )

    /// To, Cc and Bcc: roles of parties, under the numbers of docs/schema.md.
    private static let recipientRoles: Set<Int32> = [2, 3, 4]

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard records.value(email, "directioncode") != .boolean(false) else {
            throw records.refusal(
                Self.incoming,
                email,
                "\(records.name(email)) came from outside: write an answer instead."
            )
        }
        let recipients = try records.referring(to: email, "activityparty", "activityid").filter {
            Self.recipientRoles.contains(records.option($0, "participationtypemask") ?? 0)
        }
        guard !recipients.isEmpty else {
            throw records.refusal(
                Self.recipientMissing,
                email,
                "\(records.name(email)) is addressed to nobody: fill in to, cc or bcc."
            )
        }
        for recipient in recipients {
            let party = records.reference(recipient, "partyid")
            guard party == .none || records.value(party, "donotemail") != .boolean(true) else {
                throw records.refusal(
                    Self.doNotEmail,
                    email,
                    "\(records.name(party)) (\(records.schema.text(of: party))) does not wish to get e-mails."
                )
            }
        }
        var plan = Plan(records)
        try plan.update(
            email,
            [
                ("statecode", .option(ActivityState.completed)), ("statuscode", .option(EmailStatus.pendingSend)),
                ("actualend", .instant(records.timeMicroseconds)),
            ]
        )
        return plan
    }
}
