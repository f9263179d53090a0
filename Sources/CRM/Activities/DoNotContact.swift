// Wishes not to be contacted, which every outgoing channel obeys.
//
// Guarantees
// - An activity that reaches somebody is not completed while one whom it reaches does not wish it, on the record of an account, contact
//   or lead. It is asked when the activity is sent or completed as made or sent: planning a call or writing a letter reaches nobody.
// - Whom it reaches are its parties To, Cc and Bcc; where it has none, the customer or lead that it is about.
//
// An address for which no record is known has no wishes. `donotbulkemail`, `donotbulkpostalmail` and `donotsendmm` are about
// mailings to lists; a message to one person is none.

import Engine

/// A way to reach somebody, with the wish not to be reached by it.
struct Channel: Sendable {
    /// The attribute of accounts, contacts and leads that says so.
    let flag: String
    /// The rule that refuses.
    let rule: Rule
    /// What somebody does not wish, behind "does not wish to".
    let wish: String

    static let email = Channel(
        flag: "donotemail",
        rule: Rule("do-not-email", "A recipient does not wish to get e-mails."),
        wish: "get e-mails"
    )
    static let phone = Channel(
        flag: "donotphone",
        rule: Rule("do-not-phone", "The called does not wish to be called."),
        wish: "be called"
    )
    static let fax = Channel(
        flag: "donotfax",
        rule: Rule("do-not-fax", "A recipient does not wish to get faxes."),
        wish: "get faxes"
    )
    static let post = Channel(
        flag: "donotpostalmail",
        rule: Rule("do-not-mail", "A recipient does not wish to get mail."),
        wish: "get mail"
    )

    /// Refuses when somebody whom the activity reaches does not wish it. O(parties).
    func obey(_ activity: RecordID, _ records: Records) throws(Refusal) {
        var people = try records.recipients(of: activity).map { records.reference($0, "partyid") }
        if people.isEmpty { people = [records.reference(activity, "regardingobjectid")] }
        for person in people where records.value(person, flag) == .boolean(true) {
            throw records.refusal(
                rule,
                activity,
                "\(records.name(person)) (\(records.schema.text(of: person))) does not wish to \(wish) (\(flag))."
            )
        }
    }
}

extension Records {
    /// To, Cc and Bcc: roles of parties, under the numbers of docs/schema.md.
    private static let recipientRoles: Set<Int32> = [2, 3, 4]

    /// The records of `activityparty` that say whom an activity reaches.
    func recipients(of activity: RecordID) throws(Refusal) -> [RecordID] {
        try referring(to: activity, "activityparty", "activityid").filter {
            Records.recipientRoles.contains(option($0, "participationtypemask") ?? 0)
        }
    }

    /// Whether an activity with a direction came from outside.
    func isIncoming(_ activity: RecordID) -> Bool { value(activity, "directioncode") == .boolean(false) }
}

/// What sending has in common, whatever is sent.
enum Sending {
    static let incoming = Rule("incoming", "It came from outside.")
    static let recipientMissing = Rule("recipient-missing", "It is addressed to nobody.")
    /// Beside the channel's own.
    static let rules = [incoming, recipientMissing]

    /// Refuses what cannot be sent.
    static func check(_ activity: RecordID, by channel: Channel, _ records: Records) throws(Refusal) {
        guard !records.isIncoming(activity) else {
            throw records.refusal(
                incoming,
                activity,
                "\(records.name(activity)) came from outside: write an answer instead."
            )
        }
        guard try !records.recipients(of: activity).isEmpty else {
            throw records.refusal(
                recipientMissing,
                activity,
                "\(records.name(activity)) is addressed to nobody: give it recipients."
            )
        }
        try channel.obey(activity, records)
    }
}
