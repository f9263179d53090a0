// How business is won: leads, opportunities with their products, competitors.

extension SchemaBuilder {
    mutating func addSalesEntities() {
        addLead()
        addOpportunity()

        // A line of an opportunity: a product of the catalogue, or a write-in described in words.
        entity(50, "opportunityproduct", "Opportunity product", ownership: .organisation) { e in
            e.text("productdescription", "Product, in words", 500)
            e.lookup("opportunityid", "Opportunity", to: "opportunity", required: true, onDelete: .cascade)
            e.lookup("productid", "Product", to: "product", onDelete: .restrict)
            e.boolean("isproductoverridden", "Write-in product", default: false)
            e.integer("lineitemnumber", "Line", 0...1_000_000_000)
            e.decimal("quantity", "Quantity", scale: 5, 0...1_000_000_000)
            e.money("priceperunit", "Price per unit")
            e.boolean("ispriceoverridden", "Price overridden", default: false)
            e.money("baseamount", "Amount before discounts")
            e.money("manualdiscountamount", "Manual discount")
            e.money("volumediscountamount", "Volume discount per unit")
            e.money("tax", "Tax")
            e.money("extendedamount", "Extended amount")
            e.pricingError()
            e.memo("description", "Description", 10_000)
            e.currency()
            e.baseAmounts()
            e.lookup("uomid", "Unit", to: "uom", onDelete: .restrict)
            e.decimal("discountpercentage", "Discount, per cent", scale: 2, 0...100)
            e.primaryName("productdescription")
        }

        entity(51, "competitor", "Competitor", ownership: .organisation) { e in
            e.text("name", "Name", 160, required: true, ordered: true)
            e.money("reportedrevenue", "Reported revenue")
            e.integer("reportingyear", "Reporting year", 0...9999)
            e.integer("reportingquarter", "Reporting quarter", 1...4)
            e.decimal("winpercentage", "Win percentage", scale: 2, 0...100)
            e.text("keyproduct", "Key product", 200)
            e.memo("overview", "Overview", 10_000)
            e.memo("strengths", "Strengths", 10_000)
            e.memo("weaknesses", "Weaknesses", 10_000)
            e.memo("opportunities", "Opportunities", 10_000)
            e.memo("threats", "Threats", 10_000)
            e.text("tickersymbol", "Ticker symbol", 20)
            e.text("stockexchange", "Stock exchange", 100)
            e.text("websiteurl", "Website", 200)
            e.currency()
            e.address("address1", "Address 1")
            e.baseAmounts()
            e.primaryName("name")
            e.searched("name")
            e.key("name")
        }
    }

    private mutating func addLead() {
        entity(48, "lead", "Lead") { e in
            e.text("fullname", "Name", 200, ordered: true)
            e.states([
                (0, "Open", [1: "New", 2: "Contacted"]),
                (1, "Qualified", [3: "Qualified"]),
                (2, "Disqualified", [4: "Lost", 5: "Cannot contact", 6: "No longer interested", 7: "Canceled"]),
            ])
            e.text("subject", "Topic", 300)
            e.text("firstname", "First name", 100)
            e.text("middlename", "Middle name", 100)
            e.text("lastname", "Last name", 100)
            e.text("salutation", "Salutation", 100)
            e.text("companyname", "Company name", 160, ordered: true)
            e.text("jobtitle", "Job title", 100)
            e.option(
                "leadsourcecode",
                "Lead source",
                [
                    1: "Advertisement", 2: "Employee referral", 3: "External referral", 4: "Partner",
                    5: "Public relations", 6: "Seminar", 7: "Trade show", 8: "Web", 9: "Word of mouth", 10: "Other",
                ]
            )
            e.text("leadorigin", "Origin, as the source names it", 100)
            e.text("sourcename", "Source, as the source names it", 100)
            e.option("leadqualitycode", "Rating", [1: "Hot", 2: "Warm", 3: "Cold"], default: 2)
            e.option("prioritycode", "Priority", [1: "Default value"])
            e.option(
                "salesstagecode",
                "Sales stage",
                [1: "Default value"]
            )
            e.lookup("campaignid", "Source campaign", to: "campaign")
            e.lookup("customerid", "Customer", to: "account", "contact")
            e.lookup("parentaccountid", "Existing or qualified account", to: "account")
            e.lookup("parentcontactid", "Existing or qualified contact", to: "contact")
            e.lookup("qualifyingopportunityid", "Qualified opportunity", to: "opportunity")
            e.money("estimatedamount", "Estimated value", ordered: true)
            e.date("estimatedclosedate", "Estimated close date", ordered: true)
            e.money("budgetamount", "Budget")
            e.budgetAndNeed()
            e.boolean("decisionmaker", "Decision maker", default: false)
            e.boolean("confirminterest", "Interest confirmed", default: false)
            e.currency()
            e.industry()
            e.text("industry", "Industry, in words", 100)
            e.money("revenue", "Annual revenue")
            e.integer("numberofemployees", "Number of employees", 0...1_000_000_000)
            e.text("sic", "SIC code", 20)
            e.text("telephone1", "Business phone", 50)
            e.text("telephone2", "Home phone", 50)
            e.text("telephone3", "Other phone", 50)
            e.text("mobilephone", "Mobile phone", 50)
            e.text("pager", "Pager", 50)
            e.text("fax", "Fax", 50)
            e.text("emailaddress1", "E-mail", 100)
            e.text("emailaddress2", "E-mail 2", 100)
            e.text("emailaddress3", "E-mail 3", 100)
            e.text("websiteurl", "Website", 200)
            e.contactPreferences()
            // Who a private prospect is, and how they came along: web and call-centre lists carry these.
            e.integer("age", "Age in years", 0...150)
            e.text("occupation", "Occupation", 100)
            e.text("specialization", "Specialization", 100)
            e.text("education", "Education", 100)
            e.option(
                "familystatuscode",
                "Marital status",
                [1: "Single", 2: "Married", 3: "Divorced", 4: "Widowed"]
            )
            e.money("accountbalance", "Average account balance")
            e.boolean("creditonhold", "Credit in default")
            e.boolean("hashousingloan", "Has a housing loan")
            e.boolean("haspersonalloan", "Has a personal loan")
            e.integer("visitcount", "Website visits", 0...1_000_000_000)
            e.integer("visitseconds", "Time on website, seconds", 0...1_000_000_000)
            e.decimal("pagespervisit", "Pages a visit", scale: 2, 0...1_000_000)
            e.integer("contactattempts", "Contact attempts", 0...1_000_000_000)
            e.integer("lastcallseconds", "Last call, seconds", 0...1_000_000_000)
            e.date("lastcontacted", "Last contacted on")
            e.text("lastcampaignresult", "Result of the last campaign", 100)
            e.memo("description", "Description", 100_000)
            e.address("address1", "Address 1")
            e.address("address2", "Address 2")
            e.sourceDates()
            e.baseAmounts()
            e.bounces()
            e.primaryName("fullname")
            e.searched("fullname", "firstname", "lastname", "companyname", "subject")
            e.searched("emailaddress1", "telephone1", "mobilephone")
        }
    }

    private mutating func addOpportunity() {
        entity(49, "opportunity", "Opportunity") { e in
            e.text("name", "Topic", 300, required: true, ordered: true)
            e.states([
                (0, "Open", [1: "In Progress", 2: "On Hold"]),
                (1, "Won", [3: "Won"]),
                (2, "Lost", [4: "Canceled", 5: "Out-Sold"]),
            ])
            e.text("opportunitynumber", "Opportunity number", 100)
            e.lookup("customerid", "Potential customer", to: "account", "contact", onDelete: .restrict)
            e.lookup("parentaccountid", "Account", to: "account")
            e.lookup("parentcontactid", "Contact", to: "contact")
            e.lookup("originatingleadid", "Originating lead", to: "lead")
            e.lookup("campaignid", "Source campaign", to: "campaign")
            e.lookup("competitorid", "Won by competitor", to: "competitor")
            e.money("estimatedvalue", "Estimated revenue", ordered: true)
            e.date("estimatedclosedate", "Estimated close date", ordered: true)
            e.integer("closeprobability", "Probability, per cent", 0...100)
            e.money("actualvalue", "Actual revenue", ordered: true)
            e.date("actualclosedate", "Actual close date", ordered: true)
            e.text("stepname", "Pipeline step", 200)
            e.option(
                "salesstagecode",
                "Sales stage",
                [1: "Qualify", 2: "Develop", 3: "Propose", 4: "Close"]
            )
            e.option("opportunityratingcode", "Rating", [1: "Hot", 2: "Warm", 3: "Cold"], default: 2)
            e.option("prioritycode", "Priority", [1: "Default value"])
            e.date("engagedon", "Engaged on")
            e.money("budgetamount", "Budget")
            e.budgetAndNeed()
            e.boolean("isrevenuesystemcalculated", "Revenue calculated from products", default: false)
            e.currency()
            e.money("totallineitemamount", "Total of lines")
            e.decimal("discountpercentage", "Discount, per cent", scale: 2, 0...100)
            e.money("discountamount", "Discount")
            e.money("freightamount", "Freight")
            e.money("totaldiscountamount", "Total discount")
            e.money("totaltax", "Total tax")
            e.money("totalamount", "Total amount")
            e.boolean("decisionmaker", "Decision maker identified", default: false)
            e.boolean("identifycompetitors", "Competitors identified", default: false)
            e.boolean("developproposal", "Proposal ready", default: false)
            e.boolean("presentproposal", "Proposal presented", default: false)
            e.boolean("captureproposalfeedback", "Feedback captured", default: false)
            e.boolean("sendthankyounote", "Thanks sent", default: false)
            e.date("finaldecisiondate", "Final decision on")
            e.date("scheduleproposalmeeting", "Proposal meeting on")
            e.memo("customerneed", "Customer need", 10_000)
            e.memo("customerpainpoints", "Customer pain points", 10_000)
            e.memo("proposedsolution", "Proposed solution", 10_000)
            e.memo("currentsituation", "Current situation", 10_000)
            e.memo("description", "Description", 100_000)
            e.sourceDates()
            e.baseAmounts()
            e.lookup("pricelevelid", "Price list", to: "pricelevel", onDelete: .restrict)
            e.pricingError()
            e.furtherTotals()
            e.primaryName("name")
            e.searched("name", "opportunitynumber")
            e.key("opportunitynumber")
        }
    }
}

extension EntityBuilder {
    /// Whether there is money and a need behind the interest.
    mutating func budgetAndNeed() {
        option(
            "budgetstatus",
            "Budget status",
            [0: "No committed budget", 1: "May buy", 2: "Can buy", 3: "Will buy"]
        )
        option("need", "Need", [0: "Must have", 1: "Should have", 2: "Good to have", 3: "No need"])
        option(
            "purchasetimeframe",
            "Purchase timeframe",
            [0: "Immediate", 1: "This quarter", 2: "Next quarter", 3: "This year", 4: "Unknown"]
        )
        option("purchaseprocess", "Purchase process", [0: "Individual", 1: "Committee", 2: "Unknown"])
    }
}
