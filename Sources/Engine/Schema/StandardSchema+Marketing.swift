// Marketing: campaigns with their activities and what is answered to them, and the lists of those whom they reach (docs/marketing.md).
//
// Campaign activities and responses are activities, as in Dynamics. What a campaign costs and brings is worked out from them when somebody
// asks: nothing of it is stored, so that no figure is older than its records.

extension SchemaBuilder {
    mutating func addMarketingEntities() {
        addCampaign()
        addLists()
        addItems()
    }

    private mutating func addCampaign() {
        entity(112, "campaign", "Campaign") { e in
            e.text("name", "Name", 128, required: true, ordered: true)
            e.states([
                (
                    0, "Active",
                    [
                        0: "Proposed", 1: "Ready To Launch", 2: "Launched", 3: "Completed", 4: "Canceled",
                        5: "Suspended",
                    ]
                )
            ])
            e.autoNumber("codename", "Campaign code", "CMP-{SEQNUM:5}")
            e.option(
                "typecode",
                "Campaign type",
                [
                    1: "Advertisement", 2: "Direct marketing", 3: "Event", 4: "Co-branding", 5: "Other",
                ]
            )
            e.boolean("istemplate", "Template", default: false)
            e.date("proposedstart", "Proposed start")
            e.date("proposedend", "Proposed end")
            e.date("actualstart", "Actual start", ordered: true)
            e.date("actualend", "Actual end")
            e.money("budgetedcost", "Budget")
            e.money("expectedrevenue", "Expected revenue")
            e.integer("expectedresponse", "Expected response, per cent", 0...100)
            e.money("othercost", "Other cost")
            e.money("totalactualcost", "Total cost")
            e.currency()
            e.text("promotioncodename", "Promotion code", 128)
            e.memo("objective", "Offer", 10_000)
            e.memo("message", "Message", 10_000)
            e.memo("description", "Description", 100_000)
            e.sourceDates()
            e.baseAmounts()
            e.instant("launchesat", "Begins by itself at", ordered: true)
            e.campaignFigures()
            e.primaryName("name")
            e.searched("name", "codename")
            e.key("codename")
        }
    }

    private mutating func addLists() {
        entity(115, "list", "Marketing list") { e in
            e.text("listname", "Name", 128, required: true, ordered: true)
            e.states([(0, "Active", [0: "Active"]), (1, "Inactive", [1: "Inactive"])])
            e.option("createdfromcode", "Kind of members", [1: "Account", 2: "Contact", 4: "Lead"])
            e.option("type", "Type", [0: "Static", 1: "Dynamic"], default: 0)
            e.memo("query", "Query that gives the members, in SQL", 4_000)
            e.boolean("lockstatus", "Locked", default: false)
            e.text("purpose", "Purpose", 512)
            e.text("source", "Source", 128)
            e.money("cost", "Cost")
            e.currency()
            e.instant("lastusedon", "Last used on", ordered: true)
            e.memo("description", "Description", 2_000)
            e.sourceDates()
            e.baseAmounts()
            e.rollUp("membercount", "Members of a static list", .count, RollUp(.count, over: "listmember", "listid"))
            e.primaryName("listname")
            e.searched("listname")
        }

        // A member of a static list. The key makes sure that it is in it once.
        entity(116, "listmember", "Member of a list", ownership: .organisation) { e in
            e.lookup("listid", "List", to: "list", required: true, onDelete: .cascade)
            e.lookup("entityid", "Member", to: "account", "contact", "lead", required: true, onDelete: .cascade)
            e.primaryName("externalid")
            e.key("listid", "entityid")
        }
    }

    private mutating func addItems() {
        entity(117, "campaignitem", "Item of a campaign", ownership: .organisation) { e in
            e.lookup("campaignid", "Campaign", to: "campaign", required: true, onDelete: .cascade)
            e.lookup("entityid", "Item", to: "list", "product", "salesliterature", required: true, onDelete: .cascade)
            e.primaryName("externalid")
            e.key("campaignid", "entityid")
        }

        entity(118, "campaignactivityitem", "Item of a campaign activity", ownership: .organisation) { e in
            e.lookup(
                "campaignactivityid",
                "Campaign activity",
                to: "campaignactivity",
                required: true,
                onDelete: .cascade
            )
            e.lookup("itemid", "Item", to: "list", "salesliterature", required: true, onDelete: .cascade)
            e.primaryName("externalid")
            e.key("campaignactivityid", "itemid")
        }
    }

    /// Campaign activities and responses, which share the attributes of all activities.
    mutating func addCampaignActivityEntities() {
        entity(113, "campaignactivity", "Campaign activity", keyAttribute: "activityid") { e in
            e.activity(
                subjectRequired: true,
                states: [
                    (0, "Open", [1: "Proposed", 0: "In Progress", 4: "Pending", 5: "Aborted", 6: "Completed"]),
                    (1, "Closed", [2: "Closed"]),
                    (2, "Canceled", [3: "Canceled"]),
                ]
            )
            e.option(
                "channeltypecode",
                "Channel",
                [1: "Phone", 2: "Appointment", 3: "Letter", 5: "Fax", 7: "E-mail", 9: "Other"]
            )
            e.option(
                "typecode",
                "Type",
                [
                    1: "Research", 2: "Content Preparation", 3: "Target Marketing List Creation",
                    4: "Lead Qualification", 5: "Content Distribution", 6: "Direct Initial Contact",
                    7: "Direct Follow-up Contact", 8: "Reminder Distribution",
                ]
            )
            e.text("activitysubject", "Subject of what is distributed", 200)
            e.option(
                "ownershipoptions",
                "What is distributed belongs to",
                [1: "Caller", 2: "List Member Owner"],
                default: 1
            )
            e.integer("excludeifcontactedinxdays", "Leave out who was contacted within, days", 0...36_500)
            e.money("budgetedcost", "Budget")
            e.money("actualcost", "Actual cost")
            e.currency()
            e.instant("distributeat", "Distributed by itself at", ordered: true)
            // Its figures are those of its members: it stays as long as the activity says so.
            e.lookup("bulkoperationid", "Distribution", to: "bulkoperation", onDelete: .restrict)
            e.text("abortreason", "Why it was not distributed", 2_000)
            e.baseAmounts()
            e.calculated(
                "reachedcount",
                "Members reached",
                .count,
                "bulkoperationid.processedcount - bulkoperationid.failedcount"
            )
            e.calculated("refusedcount", "Members left out", .count, "bulkoperationid.failedcount")
        }

        entity(114, "campaignresponse", "Campaign response", keyAttribute: "activityid") { e in
            e.activity(
                subjectRequired: true,
                states: [
                    (0, "Open", [1: "Open"]),
                    (1, "Closed", [2: "Closed"]),
                    (2, "Canceled", [3: "Canceled"]),
                ]
            )
            e.option(
                "responsecode",
                "Response",
                [1: "Interested", 2: "Not Interested", 3: "Do Not Send Marketing Materials", 4: "Error"],
                default: 1
            )
            e.option(
                "channeltypecode",
                "Channel",
                [1: "E-mail", 2: "Phone", 3: "Fax", 4: "Letter", 5: "Appointment", 6: "Others"]
            )
            e.instant("receivedon", "Received on", ordered: true)
            e.text("promotioncodename", "Promotion code", 128)
            e.text("firstname", "First name", 100)
            e.text("lastname", "Last name", 100)
            e.text("companyname", "Company", 160)
            e.text("emailaddress", "E-mail", 100)
            e.text("telephone", "Telephone", 50)
            e.text("fax", "Fax", 50)
            e.lookup(
                "originatingactivityid",
                "Answers",
                to: "task",
                "phonecall",
                "email",
                "appointment",
                "letter",
                "fax"
            )
            e.lookup("convertedobjectid", "Became", to: "lead", "opportunity", "quote", "salesorder")
            e.partyList("customer", "Customer", role: PartyRole.customer)
            e.searched("lastname", "companyname", "emailaddress")
        }
    }
}

extension AttributeType {
    fileprivate static let count = AttributeType.integer(minimum: 0, maximum: 1_000_000_000_000)
    /// Per cent with one digit.
    fileprivate static let percentage = AttributeType.decimal(
        scale: 1,
        minimum: -1_000_000_000_000,
        maximum: 1_000_000_000_000
    )
}

extension EntityBuilder {
    /// What a campaign costs and brings, in the base currency.
    fileprivate mutating func campaignFigures() {
        let activities = ("campaignactivity", "regardingobjectid")
        rollUp(
            "totalcampaignactivitybudget",
            "Budgets of its activities (base)",
            .money,
            RollUp(.sum, of: "budgetedcost_base", over: activities.0, activities.1)
        )
        rollUp(
            "totalcampaignactivityactualcost",
            "Cost of its activities (base)",
            .money,
            RollUp(.sum, of: "actualcost_base", over: activities.0, activities.1)
        )
        calculated(
            "totalcost",
            "Cost (base)",
            .money,
            "COALESCE(totalactualcost_base, COALESCE(othercost_base, 0) + COALESCE(totalcampaignactivityactualcost, 0))"
        )
        rollUp(
            "wonrevenue",
            "Revenue of won opportunities (base)",
            .money,
            RollUp(.sum, of: "actualvalue_base", over: "opportunity", "campaignid", where: "statecode = 'Won'")
        )
        // An order of an opportunity is in what that brought.
        rollUp(
            "orderrevenue",
            "Revenue of orders without an opportunity (base)",
            .money,
            RollUp(
                .sum,
                of: "totalamount_base",
                over: "salesorder",
                "campaignid",
                where: "opportunityid IS NULL AND statecode <> 'Canceled'"
            )
        )
        calculated("totalrevenue", "Revenue (base)", .money, "COALESCE(wonrevenue, 0) + COALESCE(orderrevenue, 0)")
        calculated(
            "returnoninvestment",
            "Return on investment, per cent",
            .percentage,
            "CASE WHEN totalcost > 0 THEN (totalrevenue - totalcost) * 100 / totalcost END"
        )
        rollUp(
            "reachedcount",
            "Members reached",
            .count,
            RollUp(.sum, of: "reachedcount", over: activities.0, activities.1)
        )
        rollUp(
            "responsecount",
            "Responses",
            .count,
            RollUp(.count, over: "campaignresponse", "regardingobjectid", where: "statecode <> 'Canceled'")
        )
        calculated(
            "responserate",
            "Response rate, per cent",
            .percentage,
            "CASE WHEN reachedcount > 0 THEN responsecount * 100.0 / reachedcount END"
        )
    }
}
