// Wishes not to be contacted, which every outgoing channel obeys.
//
// Guarantees
// - An activity that reaches somebody is not completed while one whom it reaches does not wish it, on the record of an account, contact
//   or lead. It is asked when the activity is sent or completed as made or sent: planning a call or writing a letter reaches nobody.
// - Whom it reaches are its parties To, Cc and Bcc; where it has none, the customer or lead that it is about.
//
// - What a campaign distributed (it is about a campaign activity) is a mailing, whoever sends it and when: wishes about mailings
//   (`donotbulkemail`, `donotbulkpostalmail`, `donotsendmm`) hold for it as well. A message to one person is none.
//
// An address for which no record is known has no wishes.

import Engine

/// What somebody does not wish: an attribute of accounts, contacts and leads, with the rule that obeys it.
struct Wish: Sendable {
    /// The attribute that says so.
    let flag: String
    /// The rule that refuses.
    let rule: Rule
    /// What it is, behind "does not wish to".
    let words: String

    static let noMarketing = Wish(
        flag: "donotsendmm",
        rule: Rule("do-not-market", "It is of a campaign, and somebody whom it reaches wishes no marketing."),
        words: "get marketing material"
    )
    static let noBulkEmail = Wish(
        flag: "donotbulkemail",
        rule: Rule(
            "do-not-bulk-email",
            "It is of a campaign, and a recipient does not wish to get e-mails that go to many."
        ),
        words: "get e-mails that go to many"
    )
    static let noBulkPost = Wish(
        flag: "donotbulkpostalmail",
        rule: Rule(
            "do-not-bulk-mail",
            "It is of a campaign, and a recipient does not wish to get mail that goes to many."
        ),
        words: "get mail that goes to many"
    )
}

/// A way to reach somebody, with the wishes not to be reached by it.
struct Channel: Sendable {
    /// Holds always.
    let wish: Wish
    /// Hold for what a campaign distributed.
    let marketingWishes: [Wish]

    /// All that can refuse.
    var rules: [Rule] { [wish.rule] + marketingWishes.map(\.rule) }

    static let email = Channel(
        wish: Wish(
            flag: "donotemail",
            rule: Rule("do-not-email", "A recipient does not wish to get e-mails."),
            words: "get e-mails"
        ),
        marketingWishes: [.noBulkEmail, .noMarketing]
    )
    static let phone = Channel(
        wish: Wish(
            flag: "donotphone",
            rule: Rule("do-not-phone", "The called does not wish to be called."),
            words: "be called"
        ),
        marketingWishes: [.noMarketing]
    )
    static let fax = Channel(
        wish: Wish(
            flag: "donotfax",
            rule: Rule("do-not-fax", "A recipient does not wish to get faxes."),
            words: "get faxes"
        ),
        marketingWishes: [.noMarketing]
    )
    static let post = Channel(
        wish: Wish(
            flag: "donotpostalmail",
            rule: Rule("do-not-mail", "A recipient does not wish to get mail."),
            words: "get mail"
        ),
        marketingWishes: [.noBulkPost, .noMarketing]
    )

    /// Refuses when somebody whom the activity reaches does not wish it. O(parties).
    ///
    /// - Parameter isUnderWay: whoever has it already, or was refused, is not reached again.
    func obey(_ activity: RecordID, isUnderWay: Bool = false, _ records: Records) throws(Refusal) {
        let regarding = records.reference(activity, "regardingobjectid")
        var recipients = try records.recipients(of: activity)
        let isAboutItself = recipients.isEmpty
        if isUnderWay { recipients.removeAll { !DeliveryCode.isOpen(records.option($0, "deliverycode")) } }
        let people = isAboutItself ? [regarding] : recipients.map { records.reference($0, "partyid") }
        let isMarketing = records.schema.standardEntity(named: "campaignactivity")?.id == regarding.entity
        for wish in [wish] + (isMarketing ? marketingWishes : []) {
            for person in people { try wish.obey(person, refusing: activity, records) }
        }
    }
}

extension Wish {
    /// Refuses a message about a record when somebody whom it would reach does not wish it.
    func obey(_ person: RecordID, refusing record: RecordID, _ records: Records) throws(Refusal) {
        guard records.value(person, flag) == .boolean(true) else { return }
        throw records.refusal(
            rule,
            record,
            "\(records.name(person)) (\(records.schema.text(of: person))) does not wish to \(words) (\(flag))."
        )
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

    /// Refuses what cannot be sent; of what is under way, what cannot be sent to whoever is still to get it.
    static func check(
        _ activity: RecordID,
        by channel: Channel,
        isUnderWay: Bool = false,
        _ records: Records
    ) throws(Refusal) {
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
        try channel.obey(activity, isUnderWay: isUnderWay, records)
    }
}
