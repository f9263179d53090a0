// How selling is led: sales processes with their stages and steps, quotas, competitors of a deal, literature.

extension SchemaBuilder {
    mutating func addSalesProcessEntities() {
        entity(52, "salesprocess", "Sales process", ownership: .organisation) { e in
            e.text("name", "Name", 160, required: true, ordered: true)
            e.activeInactive()
            e.memo("description", "Description", 10_000)
            e.primaryName("name")
            e.searched("name")
            e.key("name")
        }

        // Stages follow each other by number.
        entity(53, "salesstage", "Sales stage", ownership: .organisation) { e in
            e.text("name", "Name", 160, required: true, ordered: true)
            e.lookup("salesprocessid", "Sales process", to: "salesprocess", required: true, onDelete: .cascade)
            e.integer("stagenumber", "Stage", 1...1_000)
            e.integer("closeprobability", "Probability, per cent", 0...100)
            e.memo("description", "Description", 10_000)
            e.primaryName("name")
            e.key("salesprocessid", "stagenumber")
        }

        // What is to be done in a stage. With a kind of activity, one is planned when a deal enters the stage.
        entity(54, "salesstep", "Sales step", ownership: .organisation) { e in
            e.text("name", "Name", 160, required: true, ordered: true)
            e.lookup("salesstageid", "Sales stage", to: "salesstage", required: true, onDelete: .cascade)
            e.integer("stepnumber", "Step", 1...1_000)
            e.boolean("isrequired", "Required", default: true)
            e.option(
                "activitytypecode",
                "Activity that is planned",
                [4201: "Appointment", 4210: "Phone call", 4212: "Task"]
            )
            e.integer("dueafterdays", "Days until the activity is due", 0...3_650)
            e.memo("description", "Description", 10_000)
            e.primaryName("name")
        }

        // A deal that runs through a process.
        entity(55, "salesprocessinstance", "Sales process of a deal", ownership: .organisation) { e in
            e.lookup("opportunityid", "Opportunity", to: "opportunity", required: true, onDelete: .cascade)
            e.lookup("salesprocessid", "Sales process", to: "salesprocess", onDelete: .restrict)
            e.lookup("salesstageid", "Stage", to: "salesstage", onDelete: .restrict)
            e.states([(0, "Running", [1: "Running"]), (1, "Stopped", [2: "Stopped"])])
            e.instant("startedon", "Started on")
            e.instant("enteredstageon", "In this stage since")
            e.instant("stoppedon", "Stopped on")
            e.primaryName("externalid")
        }

        // A step of a deal, as it was defined when the deal entered the stage.
        entity(56, "salesstepinstance", "Sales step of a deal", ownership: .organisation) { e in
            e.text("name", "Name", 160)
            e.lookup(
                "salesprocessinstanceid",
                "Sales process of a deal",
                to: "salesprocessinstance",
                required: true,
                onDelete: .cascade
            )
            e.lookup("salesstageid", "Sales stage", to: "salesstage", onDelete: .restrict)
            e.lookup("salesstepid", "Sales step", to: "salesstep")
            e.integer("stepnumber", "Step", 1...1_000)
            e.boolean("isrequired", "Required", default: true)
            e.states([(0, "Open", [1: "Open"]), (1, "Completed", [2: "Completed"])])
            e.lookup("activityid", "Activity", to: "task", "phonecall", "appointment")
            e.instant("completedon", "Completed on")
            e.lookup("completedby", "Completed by", to: "systemuser")
            e.primaryName("name")
        }
    }

    mutating func addSalesPlanningEntities() {
        // What is said to customers: presentations, price sheets, manuals.
        entity(57, "salesliterature", "Sales literature", ownership: .organisation) { e in
            e.text("name", "Title", 200, required: true, ordered: true)
            e.activeInactive()
            e.option(
                "literaturetypecode",
                "Type",
                [
                    0: "Presentation", 1: "Product Sheet", 2: "Policies And Procedures", 3: "Sales Literature",
                    4: "Spreadsheets", 5: "News", 6: "Bulletins", 7: "Price Sheets", 8: "Manuals",
                    9: "Company Background", 100_001: "Marketing Collateral",
                ]
            )
            e.lookup("subjectid", "Subject", to: "subject")
            e.lookup("employeecontactid", "Contact in the company", to: "systemuser")
            e.date("expirationdate", "Valid until", ordered: true)
            e.text("keywords", "Keywords", 200)
            e.memo("description", "Description", 10_000)
            e.primaryName("name")
            e.searched("name", "keywords")
        }

        entity(58, "salesliteratureitem", "Sales literature item", ownership: .organisation) { e in
            e.text("title", "Title", 200, required: true, ordered: true)
            e.lookup("salesliteratureid", "Sales literature", to: "salesliterature", required: true, onDelete: .cascade)
            e.text("authorname", "Author", 100)
            e.text("keywords", "Keywords", 200)
            e.boolean("iscustomerviewable", "May be shown to customers", default: false)
            e.text("attacheddocumenturl", "Where it is on the web", 200)
            e.memo("abstract", "Abstract", 10_000)
            e.file("documentbody", "File")
            e.primaryName("title")
            e.searched("title", "keywords")
        }

        // What a salesperson is to win in a period of the fiscal calendar.
        entity(59, "quota", "Quota", ownership: .organisation) { e in
            e.lookup("salespersonid", "Salesperson", to: "systemuser", required: true, onDelete: .cascade)
            e.integer("fiscalyear", "Fiscal year", 1900...2199)
            e.integer("fiscalperiod", "Fiscal period", 1...13)
            e.money("amount", "Quota")
            e.currency()
            e.baseAmounts()
            e.primaryName("externalid")
            e.key("salespersonid", "fiscalyear", "fiscalperiod")
        }

        // Who else is after a deal: each once.
        entity(60, "opportunitycompetitor", "Competitor of a deal", ownership: .organisation) { e in
            e.lookup("opportunityid", "Opportunity", to: "opportunity", required: true, onDelete: .cascade)
            e.lookup("competitorid", "Competitor", to: "competitor", required: true, onDelete: .cascade)
            e.primaryName("externalid")
            e.key("opportunityid", "competitorid")
        }

        // Which products a piece of literature is about: each once.
        entity(61, "productsalesliterature", "Literature of a product", ownership: .organisation) { e in
            e.lookup("productid", "Product", to: "product", required: true, onDelete: .cascade)
            e.lookup("salesliteratureid", "Sales literature", to: "salesliterature", required: true, onDelete: .cascade)
            e.primaryName("externalid")
            e.key("productid", "salesliteratureid")
        }
    }

    mutating func addRelationshipEntities() {
        entity(35, "relationshiprole", "Relationship role", ownership: .organisation) { e in
            e.text("name", "Name", 100, required: true, ordered: true)
            e.activeInactive()
            e.memo("description", "Description", 2000)
            e.primaryName("name")
            e.searched("name")
            e.key("name")
        }

        // One direction: what a customer's partner is to it. The other direction is a record of its own.
        entity(36, "customerrelationship", "Customer relationship") { e in
            e.lookup("customerid", "Customer", to: "account", "contact", required: true, onDelete: .cascade)
            e.activeInactive()
            e.lookup("partnerid", "Partner", to: "account", "contact", required: true, onDelete: .cascade)
            e.lookup("customerroleid", "Role of the customer", to: "relationshiprole", onDelete: .restrict)
            e.lookup("partnerroleid", "Role of the partner", to: "relationshiprole", onDelete: .restrict)
            e.memo("description", "Description", 2000)
            e.date("startedon", "Began on")
            e.date("endedon", "Ended on")
            e.primaryName("externalid")
        }
    }

    mutating func addKitEntities() {
        // What a kit is put together from.
        entity(71, "productassociation", "Product of a kit", ownership: .organisation) { e in
            e.lookup("productid", "Kit", to: "product", required: true, onDelete: .cascade)
            e.lookup("associatedproduct", "Product", to: "product", required: true, onDelete: .restrict)
            e.lookup("uomid", "Unit", to: "uom", onDelete: .restrict)
            e.decimal("quantity", "Quantity", scale: 5, 0...1_000_000_000)
            e.primaryName("externalid")
            e.key("productid", "associatedproduct")
        }

        // What is sold where a product is not to be had.
        entity(72, "productsubstitute", "Substitute of a product", ownership: .organisation) { e in
            e.lookup("productid", "Product", to: "product", required: true, onDelete: .cascade)
            e.lookup("substitutedproductid", "Substitute", to: "product", required: true, onDelete: .cascade)
            e.primaryName("externalid")
            e.key("productid", "substitutedproductid")
        }
    }
}
