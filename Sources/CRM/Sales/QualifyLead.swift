// A lead becomes what it was a lead to: a customer, an opportunity, or both.

import Engine

/// Qualifies a lead: makes the account, contact and opportunity that are asked for, copies to them what the lead knows, links
/// them to each other and to it, and closes it as qualified.
public struct QualifyLead: Message {
    /// The lead.
    public var lead = RecordID.none
    /// Make an account of its company.
    public var account = false
    /// Make a contact of its person.
    public var contact = false
    /// Make an opportunity.
    public var opportunity = false
    /// An account or contact that is there already and is the opportunity's customer.
    public var customer = RecordID.none
    /// The opportunity's topic, instead of the lead's.
    public var topic: String?
    /// The opportunity's campaign where the lead has none: of whoever plans this as a part of something else.
    var campaign = RecordID.none

    public init() {}

    /// A request to qualify a lead.
    public init(_ lead: RecordID, account: Bool = false, contact: Bool = false, opportunity: Bool = false) {
        (self.lead, self.account, self.contact, self.opportunity) = (lead, account, contact, opportunity)
    }

    static let companyMissing = Rule("company-missing", "An account is made of the lead's company, and it names none.")
    static let personMissing = Rule("person-missing", "A contact is made of the lead's person, and it names none.")
    static let topicMissing = Rule(
        "topic-missing",
        "An opportunity needs a topic: the lead has neither one nor a company or person to be named after."
    )
    static let customerMissing = Rule(
        "customer-missing",
        "An opportunity needs a customer: one that is made with it, one that is given, or the lead's."
    )
    static let customerTwice = Rule(
        "customer-twice",
        "A customer is given and one of the same kind is to be made: only one of them can be the customer."
    )

    public static let declaration = MessageDeclaration<QualifyLead>(
        32,
        "qualify",
        """
        Makes the account, contact and opportunity that are asked for, with what the lead knows and its owner, links them, \
        and closes the lead as qualified.
        """,
        to: [MessageTarget("lead", states: [LeadState.open])],
        record: \.lead,
        arguments: [
            .flag(1, "account", \.account, "Make an account of the lead's company."),
            .flag(2, "contact", \.contact, "Make a contact of the lead's person."),
            .flag(3, "opportunity", \.opportunity, "Make an opportunity."),
            .record(
                4,
                "customer",
                \.customer,
                to: ["account", "contact"],
                "An account or contact that is there already: the customer of what is made."
            ),
            .text(5, "topic", \.topic, lengthBytesMax: 300, "The opportunity's topic instead of the lead's."),
        ],
        rules: [companyMissing, personMissing, topicMissing, customerMissing, customerTwice]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let isAccount = records.schema.entity(customer.entity)?.name == "account"
        if customer != .none, isAccount ? account : contact {
            throw records.refusal(
                Self.customerTwice,
                lead,
                "\(records.name(customer)) is given as the customer, so that no other \(isAccount ? "account" : "contact") "
                    + "is made: leave one of the two out."
            )
        }
        var plan = Plan(records)
        var (madeAccount, madeContact): (RecordID?, RecordID?)
        if account {
            guard let name = records.text(lead, "companyname") else {
                throw records.refusal(Self.companyMissing, lead, "The lead names no company: fill in companyname.")
            }
            madeAccount = try plan.create(
                "account",
                [("name", .text(name)), ("originatingleadid", .reference(lead))]
                    + records.copied(lead, LeadMapping.account)
            )
        }
        if contact {
            guard let name = person(records) else {
                throw records.refusal(
                    Self.personMissing,
                    lead,
                    "The lead names no person: fill in lastname or fullname."
                )
            }
            let parent = madeAccount ?? (isAccount ? customer : .none)
            madeContact = try plan.create(
                "contact",
                [
                    ("fullname", .text(name)), ("originatingleadid", .reference(lead)),
                    ("parentcustomerid", parent == .none ? .null : .reference(parent)),
                ] + records.copied(lead, LeadMapping.contact)
            )
        }
        var madeOpportunity: RecordID?
        if opportunity {
            madeOpportunity = try make(&plan, records, customer: madeAccount ?? madeContact)
        }
        var lead: [(String, Value)] = [("statecode", .option(LeadState.qualified))]
        for (attribute, made) in [
            ("parentaccountid", madeAccount ?? (isAccount ? customer : nil)),
            ("parentcontactid", madeContact ?? (isAccount || customer == .none ? nil : customer)),
            ("qualifyingopportunityid", madeOpportunity),
        ] {
            if let made { lead.append((attribute, .reference(made))) }
        }
        try plan.update(self.lead, lead)
        return plan
    }

    /// The opportunity of a customer that is given, made with it, or the lead's.
    private func make(_ plan: inout Plan, _ records: Records, customer made: RecordID?) throws(Refusal) -> RecordID? {
        let given = customer == .none ? [] : [customer]
        let known = ["customerid", "parentaccountid", "parentcontactid"].map { records.reference(lead, $0) }
        guard let buyer = (given + (made.map { [$0] } ?? []) + known).first(where: { $0 != .none }) else {
            throw records.refusal(
                Self.customerMissing,
                lead,
                "The opportunity needs a customer: make an account or a contact with it, or give one."
            )
        }
        guard let name = topic ?? records.text(lead, "subject") ?? records.text(lead, "companyname") ?? person(records)
        else {
            throw records.refusal(
                Self.topicMissing,
                lead,
                "The opportunity needs a topic: give one, or fill in subject."
            )
        }
        let hasCampaign = records.reference(lead, "campaignid") != .none
        return try plan.create(
            "opportunity",
            [("name", .text(name)), ("customerid", .reference(buyer)), ("originatingleadid", .reference(lead))]
                + records.copied(lead, LeadMapping.opportunity)
                + (hasCampaign || campaign == .none ? [] : [("campaignid", .reference(campaign))])
        )
    }

    /// The person's name: as it stands, or from its parts.
    private func person(_ records: Records) -> String? {
        if let name = records.text(lead, "fullname") { return name }
        guard let last = records.text(lead, "lastname") else { return nil }
        let parts = [records.text(lead, "firstname"), records.text(lead, "middlename"), last]
        return parts.compactMap { $0 }.joined(separator: " ")
    }
}

/// What is copied from a lead, under which name. The names are those of docs/schema.md on both sides.
private enum LeadMapping {
    static let account = ways + sector + wishes + ["ownerid", "description"].map { ($0, $0) }

    static let contact =
        ways + wishes
        + [
            "ownerid", "description", "firstname", "middlename", "lastname", "salutation", "jobtitle", "mobilephone",
            "pager", "familystatuscode",
        ].map { ($0, $0) }

    static let opportunity =
        [
            "ownerid", "description", "campaignid", "transactioncurrencyid", "estimatedclosedate", "budgetamount",
            "budgetstatus", "need", "purchasetimeframe", "purchaseprocess", "decisionmaker",
        ].map { ($0, $0) } + [("estimatedamount", "estimatedvalue"), ("leadqualitycode", "opportunityratingcode")]

    /// Where somebody is reached.
    private static let ways =
        [
            "telephone1", "telephone2", "telephone3", "fax", "emailaddress1", "emailaddress2", "emailaddress3",
            "websiteurl", "transactioncurrencyid",
        ].map { ($0, $0) }
        + ["address1", "address2"].flatMap { address in
            [
                "name", "line1", "line2", "line3", "city", "county", "stateorprovince", "postalcode", "postofficebox",
                "country", "latitude", "longitude", "telephone1", "fax",
            ].map { ("\(address)_\($0)", "\(address)_\($0)") }
        }

    private static let sector = ["industrycode", "industry", "revenue", "numberofemployees", "sic"].map { ($0, $0) }

    /// What somebody does not want: a wish that were lost on the way would be broken.
    private static let wishes = [
        "donotbulkemail", "donotbulkpostalmail", "donotemail", "donotfax", "donotphone", "donotpostalmail",
        "donotsendmm",
        "preferredcontactmethodcode",
    ].map { ($0, $0) }
}
