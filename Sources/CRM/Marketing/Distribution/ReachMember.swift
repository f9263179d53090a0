// What a campaign activity becomes for one member: a phone call, an appointment, a letter, a fax, an e-mail or a task.
//
// Guarantees
// - A member is reached once by a campaign activity, however often it is tried and through however many lists: an activity that is about the campaign
//   activity and has the member as a party refuses another one, and both are written in one transaction.
// - Nobody is reached who does not wish it, by the channel or by marketing at all. What is made here is asked again when it is sent or made.

import Engine

/// How a channel reaches somebody.
struct Outreach: Sendable {
    /// The activity that is made.
    let entity: String
    /// Wishes that are obeyed.
    let wishes: [Wish]
    /// The role in which the member takes part in it.
    let role: Int32
    /// Where the member is reached: the first of these that is filled in.
    let addresses: [String]
    /// The attribute of the activity that holds the address.
    let addressAttribute: String?
    /// How it is said that there is no address: "has no …".
    let addressName: String

    /// By the numbers of `campaignactivity.channeltypecode`.
    static let channels: [Int32: Outreach] = [
        1: Outreach(
            entity: "phonecall",
            wishes: [Channel.phone.wish] + Channel.phone.marketingWishes,
            role: 2,
            addresses: ["telephone1", "mobilephone", "telephone2", "telephone3"],
            addressAttribute: "phonenumber",
            addressName: "phone number"
        ),
        2: Outreach(
            entity: "appointment",
            wishes: [.noMarketing],
            role: 5,
            addresses: [],
            addressAttribute: nil,
            addressName: ""
        ),
        3: Outreach(
            entity: "letter",
            wishes: [Channel.post.wish] + Channel.post.marketingWishes,
            role: 2,
            addresses: ["address1_line1", "address1_postofficebox", "address1_city"],
            addressAttribute: nil,
            addressName: "postal address"
        ),
        5: Outreach(
            entity: "fax",
            wishes: [Channel.fax.wish] + Channel.fax.marketingWishes,
            role: 2,
            addresses: ["fax"],
            addressAttribute: "faxnumber",
            addressName: "fax number"
        ),
        7: Outreach(
            entity: "email",
            wishes: [Channel.email.wish] + Channel.email.marketingWishes,
            role: 2,
            addresses: ["emailaddress1", "emailaddress2", "emailaddress3"],
            addressAttribute: nil,
            addressName: "e-mail address"
        ),
        9: Outreach(
            entity: "task",
            wishes: [.noMarketing],
            role: 11,
            addresses: [],
            addressAttribute: nil,
            addressName: ""
        ),
    ]

    /// What can refuse, each once.
    static let rules: [Rule] = {
        var rules: [Rule] = []
        for channel in channels.sorted(by: { $0.key < $1.key }) {
            for wish in channel.value.wishes where !rules.contains(wish.rule) { rules.append(wish.rule) }
        }
        return rules
    }()
}

/// Makes the activity by which a campaign activity reaches a member.
public struct ReachMember: Message {
    /// The member.
    public var member = RecordID.none
    /// The campaign activity.
    public var campaignActivity = RecordID.none

    public init() {}

    /// A request to reach a member.
    public init(_ member: RecordID, for campaignActivity: RecordID) {
        (self.member, self.campaignActivity) = (member, campaignActivity)
    }

    static let activityClosed = Rule("campaign-activity-closed", "The campaign activity is closed or canceled.")
    static let isReached = Rule("reached-already", "The campaign activity has reached the member already.")
    static let contactedLately = Rule(
        "contacted-lately",
        "A campaign has reached the member within the days that the activity leaves out."
    )
    static let addressMissing = Rule("address-missing", "The member has no address by which the channel reaches it.")
    private static let microsecondsPerDay: Int64 = 86_400_000_000

    public static let declaration = MessageDeclaration<ReachMember>(
        350,
        "reach",
        """
        Makes the activity by which a campaign activity reaches a member, for whoever it belongs to. Distributing does this for every member of the lists; by \
        itself it reaches somebody who came later, or was refused.
        """,
        to: [
            MessageTarget("account", states: [0]), MessageTarget("contact", states: [0]),
            MessageTarget("lead", states: [0]),
        ],
        record: \.member,
        arguments: [
            .record(1, "for", \.campaignActivity, to: ["campaignactivity"], isRequired: true, "The campaign activity.")
        ],
        rules: [activityClosed, .campaignNotLaunched, .channelMissing, isReached, contactedLately, addressMissing]
            + Outreach.rules
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard records.state(of: campaignActivity) == CampaignActivityState.open else {
            throw records.refusal(
                Self.activityClosed,
                member,
                "\(records.name(campaignActivity)) reaches nobody any more: it is closed or canceled."
            )
        }
        try records.requireLaunched(campaignActivity, refusing: member)
        let outreach = try records.outreach(of: campaignActivity, refusing: member)
        for party in try records.referring(to: member, "activityparty", "partyid") {
            let activity = records.reference(party, "activityid")
            guard records.reference(activity, "regardingobjectid") == campaignActivity else { continue }
            throw records.refusal(
                Self.isReached,
                member,
                "\(records.name(campaignActivity)) has reached \(records.name(member)) already, by \(records.schema.text(of: activity))."
            )
        }
        for wish in outreach.wishes { try wish.obey(member, refusing: member, records) }
        try requireRest(records)
        return try make(outreach, try address(outreach, records), records)
    }

    private func requireRest(_ records: Records) throws(Refusal) {
        guard let days = records.integer(campaignActivity, "excludeifcontactedinxdays"), days > 0,
            let last = records.instant(member, "lastusedincampaign")
        else { return }
        let until = last.addingClamped(days * Self.microsecondsPerDay)
        guard until > records.timeMicroseconds else { return }
        throw records.refusal(
            Self.contactedLately,
            member,
            "A campaign reached \(records.name(member)) at \(CalendarText.text(microseconds: last)), and "
                + "\(records.name(campaignActivity)) leaves out whom one reached within \(days) days."
        )
    }

    private func address(_ outreach: Outreach, _ records: Records) throws(Refusal) -> String? {
        if outreach.addresses.isEmpty { return nil }
        for attribute in outreach.addresses {
            if let address = records.text(member, attribute) { return address }
        }
        throw records.refusal(Self.addressMissing, member, "\(records.name(member)) has no \(outreach.addressName).")
    }

    private func make(_ outreach: Outreach, _ address: String?, _ records: Records) throws(Refusal) -> Plan {
        let owner = owner(records)
        var values = records.copied(
            campaignActivity,
            ["description", "scheduledstart", "scheduledend", "prioritycode"].map { ($0, $0) }
        )
        let subject = records.text(campaignActivity, "activitysubject") ?? records.name(campaignActivity)
        values.append(("subject", .text(subject)))
        values.append(("regardingobjectid", .reference(campaignActivity)))
        if owner != .none { values.append(("ownerid", .reference(owner))) }
        if let attribute = outreach.addressAttribute, let address { values.append((attribute, .text(address))) }
        if outreach.entity == "letter" { values.append(("address", Value(postalAddress(records)))) }
        var plan = Plan(records)
        guard let made = try plan.create(outreach.entity, values) else { throw records.missing(outreach.entity) }
        let isAddress = outreach.entity != "letter"
        let party = try plan.create(
            "activityparty",
            [
                ("activityid", .reference(made)), ("partyid", .reference(member)),
                ("participationtypemask", .option(outreach.role)),
                ("addressused", isAddress ? Value(address) : .null),
            ]
        )
        // Without it nobody would know that the member was reached.
        guard party != nil else { throw records.missing("activityparty") }
        try plan.update(member, [("lastusedincampaign", .instant(records.timeMicroseconds))])
        return plan
    }

    /// The owner of what is made: the member's, or whoever distributes; of what the clock distributes, the campaign activity's.
    private func owner(_ records: Records) -> RecordID {
        if records.option(campaignActivity, "ownershipoptions") == 2 { return records.reference(member, "ownerid") }
        return records.actor != .none ? records.actor : records.reference(campaignActivity, "ownerid")
    }

    private func postalAddress(_ records: Records) -> String? {
        func part(_ name: String) -> String? { records.text(member, "address1_\(name)") }
        let place = [part("postalcode"), part("city")].compactMap { $0 }.joined(separator: " ")
        let box = part("postofficebox").map { "P.O. Box \($0)" }
        let lines = [part("line1"), part("line2"), part("line3"), box, place.isEmpty ? nil : place, part("country")]
        let text = ([records.name(member)] + lines.compactMap { $0 }).joined(separator: "\n")
        return text.isEmpty ? nil : text
    }
}
