// What a customer may have of service: contracts with their lines, and what of them is used up.

extension SchemaBuilder {
    mutating func addContractEntities() {
        // By when a case is answered and resolved: business time in a weekly pattern, `Mo-Fr 08:00-12:00, 13:00-17:00`; around the clock
        // where there is none.
        entity(104, "sla", "Service level agreement", ownership: .organisation) { e in
            e.text("name", "Name", 160, required: true, ordered: true)
            e.activeInactive()
            e.integer("responseminutes", "First response within, minutes", 1...1_000_000)
            e.integer("resolveminutes", "Resolved within, minutes", 1...1_000_000)
            e.text("businesshours", "Business hours", 500)
            e.lookup("timezonedefinitionid", "Time zone", to: "timezonedefinition", onDelete: .restrict)
            e.memo("description", "Description", 2_000)
            e.primaryName("name")
            e.key("name")
        }

        // Terms that contracts of a kind begin with.
        entity(101, "contracttemplate", "Contract template", ownership: .organisation) { e in
            e.text("name", "Name", 160, required: true, ordered: true)
            e.activeInactive()
            e.text("abbreviation", "Abbreviation", 20)
            e.contractTerms()
            e.memo("description", "Description", 2_000)
            e.lookup("slaid", "Targets", to: "sla", onDelete: .restrict)
            e.primaryName("name")
            e.searched("name")
            e.key("name")
        }

        // It is in force from the first moment of `activeon` to the last of `expireson`, in the organisation's time zone; the clock sees to
        // both (docs/time.md), and `activatesat` and `endsat` are when.
        entity(102, "contract", "Contract") { e in
            e.text("title", "Contract name", 300, required: true, ordered: true)
            e.states([
                (0, "Draft", [1: "Draft"]),
                (1, "Invoiced", [2: "Invoiced"]),
                (2, "Active", [3: "Active"]),
                (3, "On Hold", [4: "On Hold"]),
                (4, "Canceled", [5: "Canceled"]),
                (5, "Expired", [6: "Expired"]),
            ])
            e.autoNumber("contractnumber", "Contract number", "CNR-{SEQNUM:5}")
            e.lookup("contracttemplateid", "Contract template", to: "contracttemplate", onDelete: .restrict)
            e.lookup("customerid", "Customer", to: "account", "contact", onDelete: .restrict)
            e.lookup("billingcustomerid", "Billed to", to: "account", "contact", onDelete: .restrict)
            e.lookup("originatingcontract", "Renewal of", to: "contract")
            e.contractTerms()
            e.date("activeon", "From", ordered: true)
            e.date("expireson", "To", ordered: true)
            e.date("billingstarton", "Billed from")
            e.date("billingendon", "Billed to, date")
            e.date("cancelon", "Canceled on")
            e.money("totalprice", "Total price")
            e.money("totaldiscount", "Total discount")
            e.money("netprice", "Net price")
            e.currency()
            e.memo("description", "Description", 10_000)
            e.sourceDates()
            e.baseAmounts()
            e.instant("activatesat", "Comes into force at", ordered: true)
            e.instant("endsat", "Ends at", ordered: true)
            e.lookup("slaid", "Targets", to: "sla", onDelete: .restrict)
            e.primaryName("title")
            e.searched("title", "contractnumber")
            e.key("contractnumber")
        }

        // What is used up and what is left are together the total, and neither is below 0.
        entity(103, "contractdetail", "Contract line", ownership: .organisation) { e in
            e.text("title", "Title", 500, required: true, ordered: true)
            e.lookup("contractid", "Contract", to: "contract", required: true, onDelete: .cascade)
            e.states([
                (0, "Existing", [1: "Existing"]),
                (1, "Renewed", [2: "Renewed"]),
                (2, "Canceled", [3: "Canceled"]),
                (3, "Expired", [4: "Expired"]),
            ])
            e.integer("lineitemorder", "Line", 0...1_000_000_000)
            e.lookup("productid", "Product", to: "product", onDelete: .restrict)
            e.text("productserialnumber", "Serial number", 100)
            e.lookup("uomid", "Unit", to: "uom", onDelete: .restrict)
            e.decimal("initialquantity", "Quantity", scale: 5, 0...1_000_000_000)
            e.date("activeon", "From")
            e.date("expireson", "To")
            e.integer("totalallotments", "Allotments", 0...1_000_000_000)
            e.integer("allotmentsused", "Allotments used", 0...1_000_000_000)
            e.integer("allotmentsremaining", "Allotments remaining", 0...1_000_000_000)
            e.money("price", "Total price")
            e.money("discount", "Discount")
            e.money("net", "Net")
            e.currency()
            e.baseAmounts()
            e.primaryName("title")
        }
    }
}

extension EntityBuilder {
    /// What is sold with a contract, and how it is billed.
    fileprivate mutating func contractTerms() {
        option("allotmenttypecode", "Allotment", [1: "Number of Cases", 2: "Time", 3: "Coverage Dates"], default: 1)
        option("contractservicelevelcode", "Service level", [1: "Gold", 2: "Silver", 3: "Bronze"])
        option(
            "billingfrequencycode",
            "Billed",
            [1: "Monthly", 2: "Bimonthly", 3: "Quarterly", 4: "Semiannually", 5: "Annually"]
        )
    }
}
