// Serving and telling customers: cases, campaigns, and notes on any record.

extension SchemaBuilder {
    mutating func addServiceEntities() {
        entity(96, "incident", "Case") { e in
            e.text("title", "Case title", 200, required: true, ordered: true)
            e.states([
                (0, "Active", [1: "In Progress", 2: "On Hold", 3: "Waiting for Details", 4: "Researching"]),
                (1, "Resolved", [5: "Problem Solved"]),
                (2, "Canceled", [6: "Canceled"]),
            ])
            e.autoNumber("ticketnumber", "Case number", "CAS-{SEQNUM:5}")
            e.lookup("customerid", "Customer", to: "account", "contact", onDelete: .restrict)
            e.lookup("responsiblecontactid", "Responsible contact", to: "contact")
            e.lookup("subjectid", "Subject", to: "subject")
            e.lookup("productid", "Product", to: "product")
            e.lookup("salesorderid", "Order", to: "salesorder")
            e.text("productserialnumber", "Serial number", 100)
            e.option(
                "caseorigincode",
                "Origin",
                [1: "Phone", 2: "E-mail", 3: "Web"]
            )
            e.option("casetypecode", "Case type", [1: "Question", 2: "Problem", 3: "Request"])
            e.option("prioritycode", "Priority", [1: "High", 2: "Normal", 3: "Low"], default: 2)
            e.option("severitycode", "Severity", [1: "Default value"])
            e.option(
                "customersatisfactioncode",
                "Satisfaction",
                [
                    1: "Very dissatisfied", 2: "Dissatisfied", 3: "Neutral", 4: "Satisfied", 5: "Very satisfied",
                ]
            )
            e.instant("followupby", "Follow up by", ordered: true)
            e.instant("responseby", "First response by")
            e.instant("resolveby", "Resolve by")
            e.instant("resolvedon", "Resolved on")
            e.boolean("firstresponsesent", "First response sent", default: false)
            e.boolean("isescalated", "Escalated", default: false)
            e.instant("escalatedon", "Escalated on")
            e.integer("actualserviceunits", "Service units used", 0...1_000_000_000)
            e.integer("billedserviceunits", "Service units billed", 0...1_000_000_000)
            e.memo("resolution", "Resolution", 10_000)
            e.memo("description", "Description", 100_000)
            e.sourceDates()
            e.lookup("parentcaseid", "Parent case", to: "incident")
            e.lookup("contractdetailid", "Contract line", to: "contractdetail", onDelete: .restrict)
            // What was promised, and what became of it: see CaseTargets.swift.
            e.lookup("slaid", "Targets", to: "sla", onDelete: .restrict)
            e.instant("firstresponsesenton", "First response sent on")
            let outcomes: KeyValuePairs<Int32, String> = [
                1: "In Progress", 3: "Succeeded", 4: "Noncompliant", 5: "Paused", 6: "Canceled",
            ]
            e.option("firstresponseslastatus", "First response in time", outcomes)
            e.option("resolvebyslastatus", "Resolved in time", outcomes)
            e.instant("targetspausedsince", "Targets paused since")
            e.instant("targetbreachat", "Next target is missed at", ordered: true)
            e.lookup("kbarticleid", "Article that solved it", to: "kbarticle")
            e.instant("targetsstartedon", "Targets count since")
            e.primaryName("title")
            e.searched("title", "ticketnumber")
            e.key("ticketnumber")
        }
    }

    mutating func addNoteEntities() {
        // The file itself is not kept in a column: `filename` and `filesize` describe it.
        entity(144, "annotation", "Note") { e in
            e.text("subject", "Title", 500)
            e.lookup(
                "objectid",
                "Regarding",
                to: "account",
                "contact",
                "lead",
                "opportunity",
                "competitor",
                "product",
                "salesorder",
                "incident",
                "campaign",
                "task",
                "phonecall",
                "email",
                "appointment",
                "quote",
                "invoice",
                "letter",
                "fax",
                "recurringappointmentmaster",
                "contract",
                "kbarticle",
                "list",
                "campaignactivity",
                "campaignresponse",
                onDelete: .cascade
            )
            e.memo("notetext", "Text", 100_000)
            e.boolean("isdocument", "Has a file", default: false)
            e.text("filename", "File name", 255)
            e.integer("filesize", "File size, bytes", 0...1_000_000_000_000)
            e.text("mimetype", "MIME type", 256)
            e.text("langid", "Language", 20)
            e.file("documentbody", "File", bytesMax: 128 << 20)
            e.primaryName("subject")
            e.searched("subject", "filename")
        }
    }
}
