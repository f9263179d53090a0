// A campaign that begins as another one was planned.

import Engine

/// Copies a campaign as it was planned, with its items and activities.
public struct CopyCampaign: Message {
    /// The campaign.
    public var campaign = RecordID.none
    /// The name of the copy.
    public var name: String?
    /// Whether the copy is a template.
    public var template = false

    public init() {}

    /// A request to copy a campaign.
    public init(_ campaign: RecordID, name: String? = nil, template: Bool = false) {
        (self.campaign, self.name, self.template) = (campaign, name, template)
    }

    /// What was planned, the days apart: those are the old one's.
    private static let copied = [
        "name", "typecode", "budgetedcost", "expectedrevenue", "expectedresponse", "transactioncurrencyid",
        "promotioncodename", "objective", "message", "description",
    ].map { ($0, $0) }
    private static let copiedOfActivities = [
        "subject", "channeltypecode", "typecode", "activitysubject", "description", "ownershipoptions",
        "excludeifcontactedinxdays", "budgetedcost", "transactioncurrencyid", "prioritycode", "category", "subcategory",
    ].map { ($0, $0) }

    public static let declaration = MessageDeclaration<CopyCampaign>(
        339,
        "copy",
        """
        Makes a proposed campaign like this one, or a template: with what was planned, its lists, products and literature, and its activities that were not \
        canceled, as proposed ones. Days, what it cost and what came of it are not copied.
        """,
        to: [MessageTarget("campaign")],
        record: \.campaign,
        arguments: [
            .text(
                1,
                "name",
                \.name,
                lengthBytesMax: 512,
                "The name of the copy; that of the campaign where it is not given."
            ),
            .flag(2, "template", \.template, "The copy is a template, which is not launched but copied."),
        ]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var values = records.copied(campaign, Self.copied.filter { name == nil || $0.0 != "name" })
        if let name { values.append(("name", .text(name))) }
        values.append(("istemplate", .boolean(template)))
        var plan = Plan(records)
        guard let copy = try plan.create("campaign", values) else { throw records.missing("campaign") }
        let items = try records.referring(to: campaign, "campaignitem", "campaignid")
        try plan.create(
            "campaignitem",
            rows: items.map { [("campaignid", .reference(copy)), ("entityid", records.value($0, "entityid"))] }
        )
        for activity in try records.referring(to: campaign, "campaignactivity", "regardingobjectid")
        where records.state(of: activity) != CampaignActivityState.canceled {
            let made = try plan.create(
                "campaignactivity",
                records.copied(activity, Self.copiedOfActivities) + [("regardingobjectid", .reference(copy))]
            )
            guard let made else { continue }
            let items = try records.referring(to: activity, "campaignactivityitem", "campaignactivityid")
            try plan.create(
                "campaignactivityitem",
                rows: items.map { [("campaignactivityid", .reference(made)), ("itemid", records.value($0, "itemid"))] }
            )
        }
        return plan
    }
}
