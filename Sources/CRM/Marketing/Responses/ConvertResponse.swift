// A response becomes what it led to: a lead, an opportunity, a quote or an order.
//
// An open lead who answered is qualified by the message for that, with every rule of it, and is not made again where a lead is asked for; what
// is made of somebody who was known already takes that customer. Who wants no marketing is not reached by it any more, whatever they become.

import Engine

/// Makes a lead, opportunity, quote or order of a response, and closes it.
public struct ConvertResponse: Message {
    /// The response.
    public var response = RecordID.none
    /// Make a lead.
    public var lead = false
    /// Make an opportunity.
    public var opportunity = false
    /// Make a quote.
    public var quote = false
    /// Make an order.
    public var order = false
    /// The customer, instead of who answered.
    public var customer = RecordID.none
    /// What is made is called so, instead of the response's subject.
    public var name: String?
    /// The number of a quote or order.
    public var number: String?

    public init() {}

    /// A request to make a lead of a response.
    public init(toLead response: RecordID) { (self.response, lead) = (response, true) }

    /// A request to make an opportunity of a response.
    public init(toOpportunity response: RecordID, customer: RecordID = .none) {
        (self.response, opportunity, self.customer) = (response, true, customer)
    }

    static let outcomeMissing = Rule("outcome-missing", "Not one outcome is given.")
    static let customerMissing = Rule("customer-missing", "An opportunity, quote or order needs an account or contact.")

    public static let declaration = MessageDeclaration<ConvertResponse>(
        357,
        "convert",
        """
        Makes one of a lead, an opportunity, a quote and an order of a response, with its campaign, and closes it. An open lead who answered is \
        qualified where an opportunity is asked for: a contact, an account and an opportunity are made of it; where a lead is asked for, it is that.
        """,
        to: [MessageTarget("campaignresponse", states: [CampaignActivityState.open])],
        record: \.response,
        arguments: [
            .flag(1, "lead", \.lead, "Make a lead, of the customer who answered or of whoever it was."),
            .flag(2, "opportunity", \.opportunity, "Make an opportunity."),
            .flag(3, "quote", \.quote, "Make a draft quote."),
            .flag(4, "order", \.order, "Make an order."),
            .record(5, "customer", \.customer, to: ["account", "contact"], "The customer, instead of who answered."),
            .text(
                6,
                "name",
                \.name,
                lengthBytesMax: 800,
                "What is made is called so, instead of the response's subject."
            ),
            .text(7, "number", \.number, lengthBytesMax: 400, "The number of the quote or order."),
        ],
        rules: [outcomeMissing, customerMissing]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard [lead, opportunity, quote, order].filter({ $0 }).count == 1 else {
            throw records.refusal(
                Self.outcomeMissing,
                response,
                "What does it become? Give one of --lead, --opportunity, --quote and --order."
            )
        }
        let respondent = customer == .none ? try records.respondent(to: response) : customer
        let isLead = records.schema.entity(respondent.entity)?.name == "lead"
        let isOpenLead = isLead && records.state(of: respondent) == LeadState.open
        if opportunity, isOpenLead { return try qualify(respondent, records) }
        var plan = Plan(records)
        if isMarketingUnwanted(records), respondent != .none { try plan.optOut(respondent, records) }
        if lead, isOpenLead {
            try attribute(respondent, &plan, records)
            try close(&plan, respondent, records)
            return plan
        }
        let made =
            lead
            ? try plan.create("lead", leadValues(respondent, records))
            : try make(&plan, isLead ? records.customer(of: respondent) : respondent, records)
        guard let made else { throw records.missing(entity) }
        try close(&plan, made, records)
        return plan
    }

    private var entity: String { lead ? "lead" : opportunity ? "opportunity" : quote ? "quote" : "salesorder" }

    private func title(_ records: Records) -> String { name ?? records.name(response) }

    private func campaign(_ records: Records) -> Value {
        let campaign = records.campaign(of: response)
        return campaign == .none ? .null : .reference(campaign)
    }

    private func close(_ plan: inout Plan, _ made: RecordID, _ records: Records) throws(Refusal) {
        try plan.update(
            response,
            [
                ("statecode", .option(CampaignActivityState.closed)), ("convertedobjectid", .reference(made)),
                ("actualend", .instant(records.timeMicroseconds)),
            ]
        )
    }

    /// An open lead becomes a customer with an opportunity; of its company and its person what it names.
    private func qualify(_ lead: RecordID, _ records: Records) throws(Refusal) -> Plan {
        let hasCompany = records.text(lead, "companyname") != nil
        let hasPerson = records.text(lead, "lastname") != nil || records.text(lead, "fullname") != nil
        var message = QualifyLead(lead, account: hasCompany, contact: hasPerson, opportunity: true)
        message.topic = title(records)
        message.campaign = records.campaign(of: response)
        var plan = try message.plan(records)
        try attribute(lead, &plan, records)
        try close(&plan, lead, records)
        return plan
    }

    /// Says which campaign has brought a lead. One that another campaign has brought keeps that.
    private func attribute(_ lead: RecordID, _ plan: inout Plan, _ records: Records) throws(Refusal) {
        let campaign = campaign(records)
        guard campaign != .null, records.reference(lead, "campaignid") == .none else { return }
        try plan.update(lead, [("campaignid", campaign)])
    }

    private func isMarketingUnwanted(_ records: Records) -> Bool {
        records.option(response, "responsecode") == ResponseCode.marketingUnwanted
    }

    private func make(_ plan: inout Plan, _ customer: RecordID, _ records: Records) throws(Refusal) -> RecordID? {
        guard customer != .none else {
            throw records.refusal(
                Self.customerMissing,
                response,
                "\(records.name(response)) names no account or contact: make a lead of it, or give --customer."
            )
        }
        var values: [(String, Value)] = [
            ("name", .text(title(records))), ("customerid", .reference(customer)), ("campaignid", campaign(records)),
        ]
        values += records.copied(response, ["ownerid", "description"].map { ($0, $0) })
        if quote { values += [("quotenumber", Value(number)), ("revisionnumber", .integer(0))] }
        if order { values += [("ordernumber", Value(number)), ("orderdate", .date(records.today))] }
        return try plan.create(entity, values)
    }

    /// What is known of somebody who answered: what the response says, else what the customer's record does, and all wishes of that.
    private func leadValues(_ respondent: RecordID, _ records: Records) -> [(String, Value)] {
        let isAccount = records.schema.entity(respondent.entity)?.name == "account"
        var values = records.copied(
            response,
            [
                ("firstname", "firstname"), ("lastname", "lastname"), ("companyname", "companyname"),
                ("emailaddress", "emailaddress1"), ("telephone", "telephone1"), ("fax", "fax"), ("ownerid", "ownerid"),
                ("description", "description"),
            ]
        )
        if isMarketingUnwanted(records) { values.append((Wish.noMarketing.flag, .boolean(true))) }
        let ways = ["firstname", "lastname", "companyname", "emailaddress1", "telephone1", "fax"] + Self.wishes
        var known = records.copied(respondent, ways.map { ($0, $0) })
        if isAccount { known += records.copied(respondent, [("name", "companyname")]) }
        for value in known where !values.contains(where: { $0.0 == value.0 }) { values.append(value) }
        let parts = ["firstname", "lastname"].compactMap { part in values.first { $0.0 == part }?.1 }
        let names = parts.compactMap { if case .text(let text) = $0 { text } else { nil } }
        if !names.isEmpty { values.append(("fullname", .text(names.joined(separator: " ")))) }
        let parent = isAccount ? "parentaccountid" : "parentcontactid"
        if respondent != .none, records.schema.entity(respondent.entity)?.name != "lead" {
            values.append((parent, .reference(respondent)))
        }
        return values + [("subject", .text(title(records))), ("campaignid", campaign(records))]
    }

    /// A wish that were lost on the way would be broken.
    private static let wishes = [
        "donotbulkemail", "donotbulkpostalmail", "donotemail", "donotfax", "donotphone", "donotpostalmail",
        "donotsendmm", "preferredcontactmethodcode",
    ]
}

extension Records {
    /// Who answered, as far as a response says: its first customer.
    fileprivate func respondent(to response: RecordID) throws(Refusal) -> RecordID {
        let parties = try referring(to: response, "activityparty", "activityid").filter {
            option($0, "participationtypemask") == ResponseParty.customer && reference($0, "partyid") != .none
        }
        let first = parties.min { (integer($0, "ordering") ?? .max, $0) < (integer($1, "ordering") ?? .max, $1) }
        return first.map { reference($0, "partyid") } ?? .none
    }

    /// The customer that a lead became or belongs to.
    fileprivate func customer(of lead: RecordID) -> RecordID {
        ["parentcontactid", "parentaccountid", "customerid"].map { reference(lead, $0) }.first { $0 != .none } ?? .none
    }
}
