// Somebody answers to a campaign: a customer who is known, or whoever it was.

import Engine

/// Writes down what somebody answered to a campaign.
public struct LogResponse: Message {
    /// The campaign.
    public var campaign = RecordID.none
    /// Who answered.
    public var customer = RecordID.none
    /// What is answered.
    public var activity = RecordID.none
    /// Of somebody who is not known.
    public var firstName: String?
    /// Of somebody who is not known.
    public var lastName: String?
    /// Of somebody who is not known.
    public var company: String?
    /// Of somebody who is not known.
    public var email: String?
    /// Of somebody who is not known.
    public var phone: String?
    /// What the answer was.
    public var code: Int32?
    /// By which way it came.
    public var channel: Int32?
    /// When it came: microseconds since 1970 in UTC.
    public var at: Int64?
    /// What it is about.
    public var subject: String?
    /// What was said.
    public var text: String?

    public init() {}

    /// A request to write down what a customer answered.
    public init(_ campaign: RecordID, customer: RecordID, code: Int32? = nil) {
        (self.campaign, self.customer, self.code) = (campaign, customer, code)
    }

    static let respondentMissing = Rule("respondent-missing", "Nobody is named who answered.")

    public static let declaration = MessageDeclaration<LogResponse>(
        356,
        "log-response",
        """
        Writes down what somebody answered to a campaign: an account, contact or lead, the one whom an activity reached, or somebody who is not known \
        yet. Who wants no marketing is not reached by it any more.
        """,
        said: "log a response to it",
        to: [MessageTarget("campaign")],
        record: \.campaign,
        arguments: [
            .record(1, "customer", \.customer, to: ["account", "contact", "lead"], "Who answered."),
            .record(
                2,
                "activity",
                \.activity,
                to: ["task", "phonecall", "email", "appointment", "letter", "fax"],
                "What is answered; without --customer, the first whom it reached answered."
            ),
            .text(3, "first-name", \.firstName, lengthBytesMax: 400, "Of somebody who is not known."),
            .text(4, "last-name", \.lastName, lengthBytesMax: 400, "Of somebody who is not known."),
            .text(5, "company", \.company, lengthBytesMax: 640, "Of somebody who is not known."),
            .text(6, "email", \.email, lengthBytesMax: 400, "Of somebody who is not known."),
            .text(7, "phone", \.phone, lengthBytesMax: 200, "Of somebody who is not known."),
            .option(
                8,
                "code",
                \.code,
                of: "campaignresponse",
                "responsecode",
                "What the answer was: Interested where it is not given. 'Do Not Send Marketing Materials' sets that wish of a customer who is known, and of the customer that a lead became."
            ),
            .option(9, "channel", \.channel, of: "campaignresponse", "channeltypecode", "By which way it came."),
            .instant(10, "at", \.at, "When it came; now where it is not given."),
            .text(
                11,
                "subject",
                \.subject,
                lengthBytesMax: 800,
                "What it is about; the campaign's name where it is not given."
            ),
            .text(12, "text", \.text, lengthBytesMax: 100_000, "What was said."),
        ],
        rules: [.isTemplate, respondentMissing, .momentInFuture]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireNoTemplate(campaign)
        let customer = try respondent(records)
        guard customer != .none || [lastName, company, email, phone].contains(where: { $0?.isEmpty == false }) else {
            throw records.refusal(
                Self.respondentMissing,
                campaign,
                "Who answered? Give --customer, or an --activity that reached somebody, or --last-name, --company, --email or --phone."
            )
        }
        let moment = at ?? records.timeMicroseconds
        guard moment <= records.timeMicroseconds else {
            throw records.refusal(
                .momentInFuture,
                campaign,
                "\(CalendarText.text(microseconds: moment)) is still to come; it is "
                    + "\(CalendarText.text(microseconds: records.timeMicroseconds))."
            )
        }
        var plan = Plan(records)
        let response = try plan.create(
            "campaignresponse",
            [
                ("subject", .text(subject ?? records.name(campaign))), ("regardingobjectid", .reference(campaign)),
                ("responsecode", code.map(Value.option) ?? .null),
                ("channeltypecode", channel.map(Value.option) ?? .null), ("receivedon", .instant(moment)),
                ("promotioncodename", records.value(campaign, "promotioncodename")),
                ("firstname", Value(firstName)), ("lastname", Value(lastName)), ("companyname", Value(company)),
                ("emailaddress", Value(email)), ("telephone", Value(phone)), ("description", Value(text)),
                ("originatingactivityid", activity == .none ? .null : .reference(activity)),
            ]
        )
        guard let response else { throw records.missing("campaignresponse") }
        guard customer != .none else { return plan }
        try plan.create(
            "activityparty",
            [
                ("activityid", .reference(response)), ("partyid", .reference(customer)),
                ("participationtypemask", .option(ResponseParty.customer)),
            ]
        )
        if code == ResponseCode.marketingUnwanted { try plan.optOut(customer, records) }
        return plan
    }

    /// Who is given, or was reached by the activity.
    private func respondent(_ records: Records) throws(Refusal) -> RecordID {
        guard customer == .none, activity != .none else { return customer }
        let known = ["account", "contact", "lead"].compactMap { records.schema.standardEntity(named: $0)?.id }
        for party in try records.referring(to: activity, "activityparty", "activityid") {
            let person = records.reference(party, "partyid")
            let role = records.option(party, "participationtypemask") ?? 0
            if known.contains(person.entity), ResponseParty.reached.contains(role) { return person }
        }
        return .none
    }
}

/// Options of `campaignresponse.responsecode`.
enum ResponseCode {
    static let marketingUnwanted: Int32 = 3
}

extension Plan {
    /// Obeys an account, contact or lead who wants no marketing any more. A lead's word holds for the customer that it became as well: for its
    /// contact, and for its account where that was made of it or no contact is named.
    mutating func optOut(_ customer: RecordID, _ records: Records) throws(Refusal) {
        var who = [customer]
        if records.schema.entity(customer.entity)?.name == "lead" { who += records.successors(of: customer) }
        let flag = Wish.noMarketing.flag
        try update(who.filter { records.value($0, flag) != .boolean(true) }, [(flag, .boolean(true))])
    }
}

extension Records {
    /// Those for whom a lead's wishes hold, each once.
    fileprivate func successors(of lead: RecordID) -> [RecordID] {
        let account = schema.standardEntity(named: "account")?.id
        var known: [RecordID] = []
        for attribute in ["parentcontactid", "customerid", "parentaccountid"] {
            let customer = reference(lead, attribute)
            if customer != .none, !known.contains(customer) { known.append(customer) }
        }
        let hasPerson = known.contains { $0.entity != account }
        return known.filter { $0.entity != account || !hasPerson || reference($0, "originatingleadid") == lead }
    }
}

/// Roles of parties, under the numbers of docs/schema.md.
enum ResponseParty {
    static let customer: Int32 = 11
    /// Of whom an activity is for: To, required attendee, customer.
    static let reached: Set<Int32> = [2, 5, 11]
}
