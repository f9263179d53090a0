// What belongs to a campaign: the lists that it reaches, what it offers, and what it hands out. A campaign activity has of that what it reaches
// and hands out itself.

import Engine

/// Where an item stands: the entity of the records that say so, and their two lookups.
private struct ItemPlace {
    let entity: String
    let owner: String
    let item: String

    /// Of a campaign, or of a campaign activity.
    init(_ record: RecordID, _ records: Records) {
        let isCampaign = record.entity == records.schema.standardEntity(named: "campaign")?.id
        (entity, owner, item) =
            isCampaign
            ? ("campaignitem", "campaignid", "entityid") : ("campaignactivityitem", "campaignactivityid", "itemid")
    }

    /// The record that says that an item belongs to it.
    func found(_ wanted: RecordID, of record: RecordID, _ records: Records) throws(Refusal) -> RecordID? {
        try records.referring(to: record, entity, owner).first { records.reference($0, item) == wanted }
    }
}

private let itemTargets = [
    MessageTarget("campaign"), MessageTarget("campaignactivity", states: [CampaignActivityState.open]),
]

/// Gives a campaign or a campaign activity a list, a product or literature.
public struct AddItem: Message {
    /// The campaign or campaign activity.
    public var target = RecordID.none
    /// The item.
    public var item = RecordID.none

    public init() {}

    /// A request to give a campaign or a campaign activity an item.
    public init(_ target: RecordID, item: RecordID) { (self.target, self.item) = (target, item) }

    static let hasItem = Rule("has-item", "The item belongs to it already.")
    static let unsuitable = Rule(
        "item-unsuitable",
        "A campaign activity has lists and literature; products belong to the campaign."
    )
    static let notOfCampaign = Rule("item-not-of-campaign", "The item does not belong to the campaign of the activity.")

    public static let declaration = MessageDeclaration<AddItem>(
        337,
        "add-item",
        "Gives a campaign a list, a product or sales literature, or an open activity of it a list or literature of the campaign.",
        said: "give it an item",
        to: itemTargets,
        record: \.target,
        arguments: [
            .record(1, "item", \.item, to: ["list", "product", "salesliterature"], isRequired: true, "The item.")
        ],
        rules: [hasItem, unsuitable, notOfCampaign]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let place = ItemPlace(target, records)
        if place.entity == "campaignactivityitem" {
            guard records.schema.entity(item.entity)?.name != "product" else {
                throw records.refusal(
                    Self.unsuitable,
                    target,
                    "\(records.name(item)) is a product: give it to the campaign."
                )
            }
            let campaign = records.campaign(of: target)
            if campaign != .none, try ItemPlace(campaign, records).found(item, of: campaign, records) == nil {
                throw records.refusal(
                    Self.notOfCampaign,
                    target,
                    "\(records.name(item)) does not belong to \(records.name(campaign)): give it to the campaign first."
                )
            }
        }
        guard try place.found(item, of: target, records) == nil else {
            throw records.refusal(
                Self.hasItem,
                target,
                "\(records.name(item)) belongs to \(records.name(target)) already."
            )
        }
        var plan = Plan(records)
        let made = try plan.create(place.entity, [(place.owner, .reference(target)), (place.item, .reference(item))])
        guard made != nil else { throw records.missing(place.entity) }
        return plan
    }
}

/// Takes an item away from a campaign or a campaign activity.
public struct RemoveItemOfCampaign: Message {
    /// The campaign or campaign activity.
    public var target = RecordID.none
    /// The item.
    public var item = RecordID.none

    public init() {}

    /// A request to take an item away from a campaign or a campaign activity.
    public init(_ target: RecordID, item: RecordID) { (self.target, self.item) = (target, item) }

    static let notAnItem = Rule("not-an-item", "The item does not belong to it.")

    public static let declaration = MessageDeclaration<RemoveItemOfCampaign>(
        338,
        "remove-item",
        "Takes a list, a product or literature away from a campaign or an open campaign activity. Activities of the campaign keep what they have.",
        said: "take an item away from it",
        to: itemTargets,
        record: \.target,
        arguments: [
            .record(1, "item", \.item, to: ["list", "product", "salesliterature"], isRequired: true, "The item.")
        ],
        rules: [notAnItem]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard let found = try ItemPlace(target, records).found(item, of: target, records) else {
            throw records.refusal(
                Self.notAnItem,
                target,
                "\(records.name(item)) does not belong to \(records.name(target))."
            )
        }
        var plan = Plan(records)
        try plan.delete(found)
        return plan
    }
}
